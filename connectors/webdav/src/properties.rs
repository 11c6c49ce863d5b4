//! What a server tells of a file or folder.

use camroll_connector::types::{Digest, Entry, Instant, Target};

/// The properties that are asked for, in the server's own state of completeness.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// It is a collection.
    pub folder: bool,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Instant>,
    /// Without "W/": Apache marks a tag as weak in the second of a change and not after it, though it is the same.
    pub tag: Option<String>,
    /// Bytes that can still be put here; negative numbers are Nextcloud's "not known" and "no limit".
    pub available: Option<i64>,
    /// Bytes that are used.
    pub used: Option<i64>,
    /// SHA-1 of the content.
    pub sha1: Option<Vec<u8>>,
}

impl Properties {
    /// Takes a property's text.
    pub fn take(&mut self, name: &str, text: &str) {
        let text = text.trim();
        match name {
            "getcontentlength" => self.size = text.parse().ok(),
            "getlastmodified" => self.modified = crate::dates::read(text),
            "getetag" if !text.is_empty() => {
                self.tag = Some(text.strip_prefix("W/").unwrap_or(text).to_owned());
            }
            "quota-available-bytes" => self.available = text.parse().ok(),
            "quota-used-bytes" => self.used = text.parse().ok(),
            "sha1hex" => self.sha1 = sha1(text),
            "checksum" => self.sha1 = sha1_in(text),
            _ => {}
        }
    }

    /// Takes over what another part of the answer told.
    pub fn merge(&mut self, other: Self) {
        self.folder |= other.folder;
        self.size = other.size.or(self.size);
        self.modified = other.modified.or(self.modified);
        self.tag = other.tag.or(self.tag.take());
        self.available = other.available.or(self.available);
        self.used = other.used.or(self.used);
        self.sha1 = other.sha1.or(self.sha1.take());
    }

    /// Bytes free and in all, where they are known.
    pub fn space(&self) -> (Option<u64>, Option<u64>) {
        let free = self.available.and_then(|bytes| u64::try_from(bytes).ok());
        let used = self.used.and_then(|bytes| u64::try_from(bytes).ok());
        (free, free.zip(used).and_then(|(free, used)| free.checked_add(used)))
    }

    /// What the engine keeps of it.
    pub fn entry(self, path: String) -> Entry {
        let digests = self.sha1.map(|value| Digest {
            algorithm: "sha1".into(),
            value,
        });
        Entry {
            target: Target {
                path: Some(path),
                id: None,
            },
            folder: self.folder,
            size: if self.folder { None } else { self.size },
            modified: self.modified,
            version: self.tag,
            digests: digests.into_iter().collect(),
            attributes: Vec::new(),
        }
    }

    /// Whether this is no longer what was there: by tag and size, without a tag by size and time.
    pub fn differs(&self, expected: &Entry) -> bool {
        let size = expected.size.is_some() && self.size != expected.size;
        let rest = match (&expected.version, &self.tag) {
            (Some(expected), Some(tag)) => expected != tag,
            _ => {
                let seconds = |time: &Option<Instant>| time.as_ref().map(|time| time.seconds);
                seconds(&expected.modified) != seconds(&self.modified)
            }
        };
        self.folder != expected.folder || size || rest
    }
}

/// The SHA-1 of a list such as "SHA1:… MD5:…".
pub fn sha1_in(checksums: &str) -> Option<Vec<u8>> {
    let told = checksums.split_whitespace().find_map(|one| one.strip_prefix("SHA1:"));
    told.and_then(sha1)
}

fn sha1(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    if digits.len() != 40 || !hex.is_ascii() {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Digits of a digest, for OC-Checksum.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_tag_is_the_same_tag() {
        let mut now = Properties::default();
        now.take("getetag", "W/\"5-61\"");
        now.take("getcontentlength", "5");
        let was = now.clone().entry("a".into());
        assert_eq!(was.version.as_deref(), Some("\"5-61\""));
        let mut later = now.clone();
        later.take("getetag", "\"5-61\"");
        assert!(!later.differs(&was));
        // A tag that stands still over another size isn't believed.
        later.take("getcontentlength", "6");
        assert!(later.differs(&was));
        now.take("getetag", "\"5-62\"");
        assert!(now.differs(&was));
    }

    #[test]
    fn space_without_limit_is_not_known() {
        let mut root = Properties::default();
        root.take("quota-available-bytes", "-3");
        root.take("quota-used-bytes", "10");
        assert_eq!(root.space(), (None, None));
        root.take("quota-available-bytes", "90");
        assert_eq!(root.space(), (Some(90), Some(100)));
    }

    #[test]
    fn checksums_are_read_or_left() {
        let mut file = Properties::default();
        let sum = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        file.take("checksum", &format!("MD5:00 SHA1:{sum} ADLER32:1"));
        assert_eq!(file.sha1.as_deref().map(hex).as_deref(), Some(sum));
        file.take("sha1hex", "zz");
        assert_eq!(file.sha1, None);
    }
}
