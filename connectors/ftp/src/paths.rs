//! Paths on the server, the temporary names in it, and what may go into a command.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Error, ErrorClass};

/// Where bytes lie that have no name yet, below the folder.
pub const STAGING: &str = ".camroll/staging";

/// A path below a folder of the server.
pub fn below(root: &str, path: &str) -> String {
    match path {
        "" => root.to_string(),
        _ => format!("{}/{path}", root.trim_end_matches('/')),
    }
}

/// The folder that a path is in; none at the top.
pub fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

/// The temporary name of a file.
pub fn draft(key: &str) -> Result<String, Error> {
    let is_fine = !key.is_empty()
        && key.len() <= 200
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !is_fine {
        return Err(unexpected("ftp/bad-key", "A file's key can't be a part of a name."));
    }
    Ok(format!("{STAGING}/{key}.part"))
}

/// A folder and all that it is in, the outermost first.
pub fn ancestry(folder: &str) -> Vec<&str> {
    let mut all: Vec<&str> = folder
        .char_indices()
        .filter(|(_, letter)| *letter == '/')
        .map(|(place, _)| &folder[..place])
        .collect();
    if !folder.is_empty() {
        all.push(folder);
    }
    all
}

/// A command as it is sent. What would end its line early, and so begin another command, is refused.
pub fn command(words: &str) -> Result<Vec<u8>, Error> {
    if words.contains(['\r', '\n', '\0']) {
        return Err(error(
            ErrorClass::Unsupported,
            "ftp/bad-name",
            format!("{words:?} can't be said in FTP: a name holds a line's end or a NUL."),
        ));
    }
    Ok(format!("{words}\r\n").into_bytes())
}

/// The folder that PWD tells: what stands between quotes, in which a quote is doubled (RFC 959 appendix II). Some servers don't double them.
pub fn current(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('"')?;
    let (inside, _) = rest.rsplit_once('"')?;
    let path = inside.replace("\"\"", "\"");
    path.starts_with('/').then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_together() {
        assert_eq!(below("/", "a/b"), "/a/b");
        assert_eq!(below("/srv/photos", "a"), "/srv/photos/a");
        assert_eq!(below("/srv", ""), "/srv");
        assert_eq!(parent("2024/05/x.jpg"), Some("2024/05"));
        assert_eq!(parent("x.jpg"), None);
        assert_eq!(ancestry("2024/05"), ["2024", "2024/05"]);
        assert!(ancestry("").is_empty());
    }

    #[test]
    fn a_key_can_not_lead_elsewhere() {
        assert_eq!(draft("ab-1").unwrap(), ".camroll/staging/ab-1.part");
        for key in ["", "../x", "a/b", "a.b", "ü"] {
            assert!(draft(key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_name_can_not_be_a_command() {
        assert_eq!(command("DELE /ä b").unwrap(), "DELE /ä b\r\n".as_bytes());
        for name in ["DELE a\r\nDELE b", "DELE a\nb", "DELE a\rb", "DELE a\0"] {
            assert_eq!(command(name).unwrap_err().code, "ftp/bad-name", "{name:?}");
        }
        // No byte of UTF-8 is Telnet's IAC.
        assert!(!command("STOR /ÿ\u{10ffff}").unwrap().contains(&255));
    }

    #[test]
    fn the_current_folder_is_what_is_quoted() {
        for (text, folder) in [
            ("\"/photos\" is the current directory", Some("/photos")),
            ("\"/qu\"\"ote\" is the current directory", Some("/qu\"ote")),
            ("\"/qu\"ote\" is your current location", Some("/qu\"ote")),
            ("\"/\"", Some("/")),
            ("/photos", None),
            ("\"photos\"", None),
            ("\"", None),
        ] {
            assert_eq!(current(text).as_deref(), folder, "{text}");
        }
    }
}
