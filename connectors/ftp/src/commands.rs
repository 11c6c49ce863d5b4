//! What may go into a command, and the one answer that is a path.

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};

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
