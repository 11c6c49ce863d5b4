//! Paths as connectors write them: relative, "/" between the parts, UTF-8 with an escape for names that aren't.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use camroll_model::ConnectorError;

use super::failure::refused;

/// Stands before two hexadecimal digits for a byte that isn't UTF-8. A private-use character; where a name really holds it, its own three bytes are escaped too.
const ESCAPE: char = '\u{F700}';
/// Longest part in bytes, and longest path.
const PART_LIMIT: usize = 255;
const PATH_LIMIT: usize = 4096;
/// Where camroll keeps its own files.
pub(crate) const OWN: &str = ".camroll";

/// What a call may reach. `.camroll/` is the engine's: its calls say by the path they name that they mean it, and no other call gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everything but `.camroll`.
    Library,
    /// Only what is below `.camroll`, and not the drafts there.
    Own,
}

impl Reach {
    /// What a call that names this path is about.
    pub(crate) fn of(path: &str) -> Self {
        if path == OWN || path.strip_prefix(OWN).is_some_and(|rest| rest.starts_with('/')) {
            Self::Own
        } else {
            Self::Library
        }
    }
}

/// A path that was looked at: relative, without "..", empty parts or NUL, and within reach. No parts: the folder itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelativePath {
    written: String,
    parts: Vec<CString>,
}

impl RelativePath {
    /// Takes a path that shall be read or taken away.
    pub(crate) fn read(written: &str, reach: Reach) -> Result<Self, ConnectorError> {
        let bad = |why: &str| {
            refused(
                "files/bad-path",
                format!("The path {:?} is refused: {why}.", shortened(written)),
            )
        };
        if written.len() > PATH_LIMIT {
            return Err(bad("it is too long"));
        }
        let mut parts = Vec::new();
        if !written.is_empty() {
            for part in written.split('/') {
                match part {
                    "" => return Err(bad("it begins or ends with \"/\", or has an empty part")),
                    "." | ".." => return Err(bad("it has \".\" or \"..\" as a part")),
                    _ => {}
                }
                let bytes = unescaped(part).ok_or_else(|| bad("an escape in it is wrong"))?;
                if bytes.len() > PART_LIMIT {
                    return Err(ConnectorError::new(
                        camroll_model::ErrorClass::Unsupported,
                        "files/name-too-long",
                        format!(
                            "The path {:?} has a name of more than {PART_LIMIT} bytes.",
                            shortened(written)
                        ),
                    ));
                }
                if bytes.contains(&b'/') || matches!(bytes.as_slice(), b"." | b"..") {
                    return Err(bad("an escape in it is wrong"));
                }
                parts.push(CString::new(bytes).map_err(|_| bad("it holds a NUL"))?);
            }
        }
        let path = Self {
            written: written.to_owned(),
            parts,
        };
        path.check_reach(reach)?;
        Ok(path)
    }

    /// Takes a path that shall be made: as `read`, and without control characters.
    pub(crate) fn write(written: &str, reach: Reach) -> Result<Self, ConnectorError> {
        let path = Self::read(written, reach)?;
        if path.parts.is_empty() {
            return Err(refused(
                "files/bad-path",
                "The folder itself can't be written.".to_owned(),
            ));
        }
        if written.chars().any(char::is_control) {
            return Err(refused(
                "files/bad-path",
                format!(
                    "The path {:?} is refused: it holds a control character.",
                    shortened(written)
                ),
            ));
        }
        Ok(path)
    }

    fn check_reach(&self, reach: Reach) -> Result<(), ConnectorError> {
        let own = self.parts.first().is_some_and(|first| is_own(first.as_bytes()));
        let drafts = own
            && self
                .parts
                .get(1)
                .is_some_and(|second| folded(second.as_bytes()).starts_with("drafts"));
        match reach {
            Reach::Library if own => Err(refused(
                "files/own-folder",
                format!(
                    "The path {:?} is refused: \".camroll\" and names that some file systems take for it are the engine's.",
                    shortened(&self.written)
                ),
            )),
            Reach::Own
                if drafts
                    || self
                        .parts
                        .first()
                        .is_some_and(|first| first.as_bytes() != OWN.as_bytes()) =>
            {
                Err(refused(
                    "files/own-folder",
                    format!(
                        "The path {:?} is refused: this call is about the engine's own files.",
                        shortened(&self.written)
                    ),
                ))
            }
            Reach::Library | Reach::Own => Ok(()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    pub(crate) fn parts(&self) -> &[CString] {
        &self.parts
    }

    /// The folders above, and the name itself; none for the folder itself.
    pub(crate) fn split_last(&self) -> Option<(&[CString], &CString)> {
        self.parts.split_last().map(|(last, parents)| (parents, last))
    }

    /// The path of something in this folder.
    pub(crate) fn below(&self, name: &str) -> String {
        if self.written.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.written)
        }
    }
}

/// Whether a file system may take this name for `.camroll`: without regard to case, dots and blanks at the end (FAT, NTFS, SMB), characters that
/// HFS+ ignores, or as its short name.
pub(crate) fn is_own(name: &[u8]) -> bool {
    let folded = folded(name);
    folded == OWN || folded.starts_with("camrol~")
}

fn folded(name: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(name)
        .chars()
        .filter(|c| {
            !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{00AD}')
        })
        .flat_map(char::to_lowercase)
        .collect();
    // An NTFS stream ("name:stream") is another door to the same file.
    text.split(':')
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ' '])
        .to_owned()
}

/// A name as connectors get it.
pub(crate) fn escaped(name: &OsStr) -> String {
    let bytes = name.as_bytes();
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == ESCAPE {
                let mut buffer = [0; 4];
                c.encode_utf8(&mut buffer)
                    .bytes()
                    .for_each(|byte| escape(&mut text, byte));
            } else {
                text.push(c);
            }
        }
        chunk.invalid().iter().for_each(|byte| escape(&mut text, *byte));
    }
    text
}

fn escape(text: &mut String, byte: u8) {
    text.push(ESCAPE);
    text.push_str(&hex::encode([byte]));
}

/// The bytes of a name. None for escapes that `escaped` wouldn't have written: each name has one spelling.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    if !text.contains(ESCAPE) {
        return Some(text.as_bytes().to_vec());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(ESCAPE) {
        bytes.extend_from_slice(before.as_bytes());
        bytes.extend_from_slice(&hex::decode(after.get(..2)?).ok()?);
        rest = after.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    (escaped(OsStr::from_bytes(&bytes)) == text).then_some(bytes)
}

fn shortened(path: &str) -> String {
    path.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused_code(path: &str, reach: Reach) -> String {
        RelativePath::write(path, reach)
            .map(|_| String::new())
            .unwrap_or_else(|error| error.code)
    }

    #[test]
    fn tricks_are_refused() {
        for path in [
            "..",
            "a/../b",
            "/etc/passwd",
            "a//b",
            "a/",
            "./a",
            "a/.",
            "a\0b",
            "a\nb",
            "",
        ] {
            assert_eq!(refused_code(path, Reach::Library), "files/bad-path", "{path:?}");
        }
        for path in [
            ".camroll",
            ".camroll/id",
            ".CamRoll/id",
            ".camroll./id",
            ".camroll /id",
            ".cam\u{200c}roll/id",
            "CAMROL~1/id",
            ".camroll::$INDEX_ALLOCATION/id",
        ] {
            assert_eq!(refused_code(path, Reach::Library), "files/own-folder", "{path:?}");
        }
        for path in [".camroll/drafts/x", ".camroll/Drafts", "a", ".Camroll/id"] {
            assert_eq!(refused_code(path, Reach::Own), "files/own-folder", "{path:?}");
        }
        assert_eq!(refused_code(".camroll/id", Reach::Own), "");
        assert_eq!(refused_code("2024/05/IMG_0001.HEIC", Reach::Library), "");
        assert_eq!(refused_code(&"x".repeat(256), Reach::Library), "files/name-too-long");
    }

    #[test]
    fn an_escape_hides_no_separator() {
        assert_eq!(refused_code("a\u{F700}2fb", Reach::Library), "files/bad-path");
        assert_eq!(refused_code("\u{F700}2e\u{F700}2e", Reach::Library), "files/bad-path");
        assert_eq!(refused_code("\u{F700}2ecamroll", Reach::Library), "files/bad-path");
    }

    proptest! {
        #[test]
        fn names_survive_the_escape(name in proptest::collection::vec(1_u8..=255, 1..40)) {
            let name: Vec<u8> = name.into_iter().filter(|byte| *byte != b'/').collect();
            let text = escaped(OsStr::from_bytes(&name));
            prop_assert_eq!(unescaped(&text), Some(name));
        }

        #[test]
        fn no_path_leaves_the_folder(path in ".{0,40}") {
            if let Ok(path) = RelativePath::read(&path, Reach::Library) {
                for part in path.parts() {
                    prop_assert!(!matches!(part.as_bytes(), b"" | b"." | b".."));
                    prop_assert!(!part.as_bytes().contains(&b'/'));
                }
            }
        }
    }
}
