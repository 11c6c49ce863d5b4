//! Where the server waits for a data connection: its answers to EPSV (RFC 2428 §3) and PASV (RFC 959 §4.1.2).
//!
//! Only the port is taken from them. Which host they name is nothing to go by: behind a router it is often wrong, and a server that names another one could have us connect anywhere.

/// The port of "229 Entering Extended Passive Mode (|||6446|)". The delimiter is whatever stands first.
pub fn extended(text: &str) -> Option<u16> {
    let (_, rest) = text.rsplit_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    let delimiter = inside.chars().next().filter(|first| !first.is_ascii_digit())?;
    let mut fields = inside.split(delimiter);
    let port = fields.nth(3)?;
    fields.next()?;
    known(port.parse().ok()?)
}

/// The port of "227 Entering Passive Mode (192,168,1,5,25,46)". The brackets may be missing.
pub fn ordinary(text: &str) -> Option<u16> {
    let numbers =
        |text: &str| -> Option<Vec<u8>> { text.split(',').map(|number| number.trim().parse().ok()).collect() };
    let inside = match text.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')')) {
        Some((inside, _)) => inside,
        None => {
            let begin = text.find(|letter: char| letter.is_ascii_digit())?;
            text[begin..].trim_end_matches(|letter: char| !letter.is_ascii_digit())
        }
    };
    match numbers(inside)?.as_slice() {
        [_, _, _, _, high, low] => known(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

fn known(port: u16) -> Option<u16> {
    (port > 0).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read() {
        assert_eq!(extended("Entering Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(extended("ok (!!!1!)."), Some(1));
        assert_eq!(extended("ok (|1|132.235.1.2|6275|)"), Some(6275));
        assert_eq!(ordinary("Entering Passive Mode (127,0,0,1,216,231)."), Some(55527));
        assert_eq!(ordinary("Entering Passive Mode. 10,0,0,1,0,21"), Some(21));
        assert_eq!(ordinary("=127,0,0,1, 4,0"), Some(1024));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "(|||)",
            "(|||0|)",
            "(|||70000|)",
            "(|||x|)",
            "(1116446 1)",
            "(|||1)",
            "()",
            ")(",
        ] {
            assert_eq!(extended(text), None, "{text:?}");
        }
        for text in [
            "",
            "(1,2,3,4,5)",
            "(1,2,3,4,5,6,7)",
            "(256,0,0,1,1,1)",
            "(127,0,0,1,0,0)",
            "(a)",
            "none",
            "(127,0,0,1,-1,1)",
        ] {
            assert_eq!(ordinary(text), None, "{text:?}");
        }
    }
}
