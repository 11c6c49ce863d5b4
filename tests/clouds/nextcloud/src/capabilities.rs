//! What the server says that it can: only what a client of files asks for (nextcloud/server, apps/files/lib/Capabilities.php and apps/dav/lib/Capabilities.php; for ownCloud
//! its documentation of checksums).

use serde_json::{Value, json};

use crate::product::Product;
use crate::refusal::Refusal;

/// Which names it takes (nextcloud/server, lib/private/Files/FilenameValidator.php).
#[derive(Clone, Debug)]
pub struct NameRules {
    /// Characters.
    pub characters: Vec<char>,
    /// Whole names, in lower case.
    pub names: Vec<String>,
    /// What stands before the first dot, in lower case.
    pub basenames: Vec<String>,
    /// Ends, in lower case.
    pub extensions: Vec<String>,
}

impl Default for NameRules {
    fn default() -> Self {
        Self {
            characters: vec!['\\', '/'],
            names: vec![".htaccess".into()],
            basenames: Vec::new(),
            extensions: vec![".filepart".into(), ".part".into()],
        }
    }
}

impl NameRules {
    /// As an administrator sets it who wants names that Windows can hold.
    pub fn windows() -> Self {
        let mut rules = Self::default();
        rules.characters.extend(['<', '>', ':', '"', '|', '?', '*']);
        rules.basenames = ["con", "prn", "aux", "nul"].map(String::from).to_vec();
        for kind in ["com", "lpt"] {
            rules.basenames.extend((0..10).map(|number| format!("{kind}{number}")));
        }
        rules.extensions.extend([" ".into(), ".".into()]);
        rules
    }

    /// Whether a name is taken.
    pub(crate) fn check(&self, name: &str) -> Result<(), Refusal> {
        // The database has room for 250 bytes.
        if name.len() > 250 {
            return Err(Refusal::invalid_path("File name is too long"));
        }
        if name.trim().is_empty() || matches!(name.trim(), "." | "..") {
            return Err(Refusal::invalid_path("Dot files are not allowed"));
        }
        let lower = name.to_lowercase();
        let basename = match lower.char_indices().skip(1).find(|(_, character)| *character == '.') {
            Some((dot, _)) => &lower[..dot],
            None => &lower,
        };
        if self.names.contains(&lower) {
            return Err(Refusal::invalid_path(format!(
                "\"{name}\" is a forbidden file or folder name."
            )));
        }
        if self.basenames.iter().any(|forbidden| forbidden == basename) {
            return Err(Refusal::invalid_path(format!(
                "\"{name}\" is a forbidden prefix for file or folder names."
            )));
        }
        if let Some(end) = self.extensions.iter().find(|end| lower.ends_with(end.as_str())) {
            return Err(Refusal::invalid_path(format!("\"{end}\" is a forbidden file type.")));
        }
        match name
            .chars()
            .find(|character| u32::from(*character) < 32 || self.characters.contains(character))
        {
            Some(character) => Err(Refusal::invalid_path(format!(
                "\"{character}\" is not allowed inside a file or folder name."
            ))),
            None => Ok(()),
        }
    }
}

/// The answer to `/ocs/v2.php/cloud/user`: only who it is.
pub(crate) fn user(user: &str) -> Value {
    json!({"id": user, "enabled": true, "display-name": user, "displayname": user, "email": null})
}

/// What the two versions of the interface put around their answers; each has its own number for success.
pub(crate) fn envelope(data: Value, success: u16) -> Value {
    json!({"ocs": {"meta": {"status": "ok", "statuscode": success, "message": "OK"}, "data": data}})
}

/// The answer to `/ocs/v2.php/cloud/capabilities?format=json`.
pub(crate) fn document(product: Product, rules: &NameRules) -> Value {
    let characters: Vec<String> = rules.characters.iter().map(char::to_string).collect();
    let (version, files, checksums) = match product {
        Product::Nextcloud => (
            json!({"major": 31, "minor": 0, "micro": 0, "string": "31.0.0", "edition": "", "extendedSupport": false}),
            json!({
                "bigfilechunking": true,
                "blacklisted_files": rules.names,
                "forbidden_filenames": rules.names,
                "forbidden_filename_basenames": rules.basenames,
                "forbidden_filename_characters": characters,
                "forbidden_filename_extensions": rules.extensions,
                "chunked_upload": {"max_size": 104_857_600, "max_parallel_count": 5},
            }),
            json!({}),
        ),
        Product::OwnCloud => (
            json!({"major": 10, "minor": 15, "micro": 0, "string": "10.15.0", "edition": "Community"}),
            json!({"bigfilechunking": true, "blacklisted_files": rules.names}),
            json!({"supportedTypes": ["SHA1"], "preferredUploadType": "SHA1"}),
        ),
    };
    json!({
        "version": version,
        "capabilities": {
            "core": {"pollinterval": 60, "webdav-root": "remote.php/webdav"},
            "dav": {"chunking": "1.0"},
            "files": files,
            "checksums": checksums,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_or_not() {
        let plain = NameRules::default();
        for name in ["a:b.jpg", "con.jpg", "é", ".camroll", "x ", "what?"] {
            assert!(plain.check(name).is_ok(), "{name}");
        }
        for name in ["a\\b", ".HTACCESS", "a.part", "a\u{1}b", " ", "..", &"x".repeat(251)] {
            assert_eq!(plain.check(name).map_err(|no| no.status), Err(400), "{name}");
        }
        let windows = NameRules::windows();
        for name in ["a:b.jpg", "CON.jpg", "lpt1", "x ", "x."] {
            assert!(windows.check(name).is_err(), "{name}");
        }
        assert!(windows.check("contact.jpg").is_ok());
    }
}
