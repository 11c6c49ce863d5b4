//! Which names a server takes: by what is known of its software, and by what it tells of its administrator's wishes.

use camroll_connector::types::NameRules;
use serde_json::Value;

use crate::presets::{Names, Preset};

/// Most characters, ends and names that are taken over from an answer.
const MOST: usize = 200;

/// What is known of a software. A backslash is a slash to some servers. Whether "A" is "a" is told by none: where it isn't, a suffix is given for nothing; to take it for apart where it is would give one
/// file to two photos.
pub fn known(preset: &Preset) -> NameRules {
    let windows = preset.names == Names::Windows;
    let reserved: &[&str] = match windows {
        true => &[
            "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1",
            "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
        ],
        false => &[],
    };
    NameRules {
        forbidden: match preset.names {
            Names::Any => "\\",
            Names::Careful => "\\;?",
            Names::Windows => "\\:*?\"<>|;",
        }
        .into(),
        forbidden_first: String::new(),
        forbidden_last: if windows { " ." } else { "" }.into(),
        reserved: reserved.iter().map(|name| (*name).into()).collect(),
        case_sensitive: false,
        unicode: "nfc".into(),
        name_limit: preset.name_limit,
        path_limit: 4000,
        limits_in_bytes: true,
        duplicates: false,
        attributes: Vec::new(),
    }
}

/// With what Nextcloud's capabilities tell besides. A slash among the characters is what parts folders, and an end of several characters has no place in the rules.
pub fn told(mut rules: NameRules, capabilities: &Value) -> NameRules {
    let files = &capabilities["ocs"]["data"]["capabilities"]["files"];
    let list = |name: &str| -> Vec<&str> {
        let list = files[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        list.take(MOST).collect()
    };
    let one = |text: &&str| text.chars().count() == 1;
    for character in list("forbidden_filename_characters").into_iter().filter(one) {
        if character != "/" && !rules.forbidden.contains(character) {
            rules.forbidden.push_str(character);
        }
    }
    for end in list("forbidden_filename_extensions").into_iter().filter(one) {
        if !rules.forbidden_last.contains(end) {
            rules.forbidden_last.push_str(end);
        }
    }
    for name in list("forbidden_filenames")
        .into_iter()
        .chain(list("forbidden_filename_basenames"))
    {
        rules.reserved.push(name.to_owned());
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    #[test]
    fn what_a_server_tells_is_added() {
        let known = known(preset("nextcloud").expect("it is known"));
        assert_eq!((known.forbidden.as_str(), known.name_limit), ("\\", 250));
        let capabilities = serde_json::json!({"ocs": {"data": {"capabilities": {"files": {
            "forbidden_filename_characters": ["\\", "/", ":", "?", 7, "ab"],
            "forbidden_filename_extensions": [".part", " ", "."],
            "forbidden_filenames": [".htaccess"],
            "forbidden_filename_basenames": ["con"],
        }}}}});
        let rules = told(known.clone(), &capabilities);
        assert_eq!(rules.forbidden, "\\:?");
        assert_eq!(rules.forbidden_last, " .");
        assert_eq!(rules.reserved, [".htaccess", "con"]);
        for other in [Value::Null, serde_json::json!({"ocs": []})] {
            assert_eq!(told(known.clone(), &other).forbidden, "\\");
        }
    }
}
