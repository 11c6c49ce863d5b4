//! Paths as addresses and back: servers write the same name in many ways.

/// Where files are: an address and a folder below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Encoded, without a slash at the end.
    base: String,
    /// Not encoded, without slashes around it.
    root: String,
}

impl Place {
    /// A folder below an address.
    pub fn new(base: String, root: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            root: root.trim_matches('/').to_owned(),
        }
    }

    /// The address of a file.
    pub fn url(&self, path: &str) -> String {
        let mut url = self.base.clone();
        for part in self
            .root
            .split('/')
            .chain(path.split('/'))
            .filter(|part| !part.is_empty())
        {
            url.push('/');
            url.push_str(&encoded(part));
        }
        url
    }

    /// The address of a folder: with a slash at the end, which some servers insist on.
    pub fn folder(&self, path: &str) -> String {
        let mut url = self.url(path);
        url.push('/');
        url
    }

    /// The address above the folder, which must be there.
    pub fn base(&self) -> String {
        format!("{}/", self.base)
    }

    /// The folders from the address down to one below the place, from the top; first the address itself, which must be there.
    pub fn chain(&self, path: &str) -> Vec<String> {
        let mut url = self.base();
        let mut chain = vec![url.clone()];
        for part in self
            .root
            .split('/')
            .chain(path.split('/'))
            .filter(|part| !part.is_empty())
        {
            url.push_str(&encoded(part));
            url.push('/');
            chain.push(url.clone());
        }
        chain
    }
}

/// One part of a path, as an address has it.
pub fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            text.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    text
}

/// The path of a href, which is an address or a path, encoded in the server's own way; without slashes around it.
pub fn decoded(href: &str) -> String {
    let path = match href.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => href,
    };
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let code = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        match code {
            Some(code) => {
                bytes.push(code);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).trim_matches('/').to_owned()
}

/// The name at the end of a decoded path.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The folder that holds a path; none at the top.
pub fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// A path below a folder.
pub fn below(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for name in [
            "a b#c%d&e+f;g'h?.jpg",
            "é\u{301}ü",
            "Снимок",
            "صورة",
            "चित्र",
            "写真",
            "📷 🏖️",
            "100%25",
        ] {
            let url = Place::new("https://x.org/dav".into(), "Pho tos").url(name);
            assert_eq!(decoded(&url), format!("dav/Pho tos/{name}"));
            assert!(url.is_ascii());
        }
    }

    #[test]
    fn hrefs_come_in_many_forms() {
        for href in ["/dav/a%20b", "dav/a b/", "http://other:81/dav/a%20b/", "/dav/a%20b//"] {
            assert_eq!(decoded(href), "dav/a b");
        }
        // What isn't an escape is itself.
        assert_eq!(decoded("/50%/%zz/%C3%A9"), "50%/%zz/é");
        assert_eq!(decoded("https://x.org"), "");
    }

    #[test]
    fn folders_above_are_told_from_the_top() {
        let place = Place::new("https://x.org/".into(), "/a b/c/");
        let chain = [
            "https://x.org/",
            "https://x.org/a%20b/",
            "https://x.org/a%20b/c/",
            "https://x.org/a%20b/c/d/",
        ];
        assert_eq!(place.chain(""), chain[..3]);
        assert_eq!(place.chain("d"), chain);
        assert_eq!(place.folder(""), "https://x.org/a%20b/c/");
        assert_eq!(place.base(), "https://x.org/");
        assert_eq!(
            (parent("a/b/c"), parent("c"), below("", "c")),
            (Some("a/b"), None, "c".to_owned())
        );
    }
}
