//! Paths as SMB has them: UTF-16, a backslash between parts.

use camroll_connector::errors::error;
use camroll_connector::paths::below;
use camroll_connector::types::{Error, ErrorClass, NameRules};

/// What no name has: some of it has a meaning of its own, the colon among it, behind which a file's other streams are.
pub const FORBIDDEN: &str = "/\\:*?\"<>|";
/// What no name ends with: Windows takes it away.
const FORBIDDEN_LAST: &str = ". ";
/// Devices of Windows.
const RESERVED: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2",
    "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// What names can be.
pub fn rules() -> NameRules {
    NameRules {
        forbidden: FORBIDDEN.into(),
        forbidden_first: String::new(),
        forbidden_last: FORBIDDEN_LAST.into(),
        reserved: RESERVED.map(String::from).to_vec(),
        case_sensitive: false,
        unicode: "nfc".into(),
        // SMB has 255 units of UTF-16, and what servers with Linux keep them on has 255 bytes.
        name_limit: 255,
        path_limit: 4000,
        limits_in_bytes: true,
        duplicates: false,
        attributes: Vec::new(),
    }
}

/// A path below a folder of the share, for a request. Parts that would lead elsewhere are refused.
pub fn on_the_wire(root: &str, path: &str) -> Result<Vec<u8>, Error> {
    let whole = below(root, path);
    let whole = whole.trim_matches('/');
    for part in whole.split('/') {
        let is_fine = !part.contains(|letter: char| FORBIDDEN.contains(letter) || letter.is_control())
            && !(part.ends_with(['.', ' ']))
            && (!part.is_empty() || whole.is_empty());
        if !is_fine {
            return Err(error(
                ErrorClass::Unsupported,
                "smb/bad-name",
                format!("{part:?} can't be a name there."),
            ));
        }
    }
    Ok(utf16(&whole.replace('/', "\\")))
}

/// Text for a request.
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A name of an answer; none if it isn't text.
pub fn text(bytes: &[u8]) -> Option<String> {
    let units = bytes.chunks(2).map(|unit| match unit {
        [low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    });
    String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_those_of_windows() {
        assert_eq!(on_the_wire("", "").unwrap(), b"");
        assert_eq!(on_the_wire("a", "").unwrap(), utf16("a"));
        assert_eq!(on_the_wire("a/b/", "c d.jpg").unwrap(), utf16("a\\b\\c d.jpg"));
        assert_eq!(text(&on_the_wire("", "写真/🏖.jpg").unwrap()).unwrap(), "写真\\🏖.jpg");
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for path in [
            "..", "a/../b", "a\\b", "a:b", "a/./b", "a//b", "a.", "a ", "a\0", "a*", "a\nb",
        ] {
            let refused = on_the_wire("root", path).expect_err(path);
            assert_eq!(refused.code, "smb/bad-name");
        }
    }

    #[test]
    fn what_is_no_text_is_no_name() {
        assert_eq!(text(&[0x00, 0xd8]), None);
        assert_eq!(text(b"abc"), None);
    }
}
