//! Paths at a service that keeps files, and the temporary names in it.

use crate::errors::unexpected;
use crate::types::Error;

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
        return Err(unexpected(
            "connector/bad-key",
            "A file's key can't be a part of a name.",
        ));
    }
    Ok(format!("{STAGING}/{key}.part"))
}

/// Where the file lies that a draft takes the place of, until the draft has its name.
pub fn aside(key: &str) -> Result<String, Error> {
    draft(key).map(|draft| format!("{draft}.old"))
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
        assert_eq!(aside("ab-1").unwrap(), ".camroll/staging/ab-1.part.old");
        for key in ["", "../x", "a/b", "a.b", "ü"] {
            assert!(draft(key).is_err(), "{key}");
        }
    }
}
