//! The stable suffixes that tell files apart.

use camroll_model::{AssetId, SourceKey};
use sha2::{Digest, Sha256};

/// `{id8}`: the first eight characters of an asset's hash in lower-case base32 (RFC 4648, no padding: a–z, 2–7).
///
/// The hash is SHA-256 over the connector's id, the account's id, the library's id and the asset's id, each preceded by its length in bytes as
/// eight big-endian bytes. So it is the same on every machine and for every spec, and 40 bits tell assets apart.
pub fn id8(source: &SourceKey, asset: &AssetId) -> String {
    Tag::of(source, asset).text(TagLength::Eight).to_owned()
}

/// An asset's hash, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(String);

/// How much of it a name gets. More than eight characters only where eight are taken by another asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TagLength {
    /// None of it.
    None,
    /// `{id8}`.
    Eight,
    /// 80 bits.
    Sixteen,
    /// 160 bits.
    ThirtyTwo,
}

impl TagLength {
    pub(crate) const ALL: [Self; 4] = [Self::None, Self::Eight, Self::Sixteen, Self::ThirtyTwo];
}

impl Tag {
    pub(crate) fn of(source: &SourceKey, asset: &AssetId) -> Self {
        let mut hash = Sha256::new();
        for part in [&source.connector, &source.account, &source.library, &asset.0] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(base32(&hash.finalize()))
    }

    /// The first characters of it.
    pub(crate) fn text(&self, length: TagLength) -> &str {
        let end = match length {
            TagLength::None => 0,
            TagLength::Eight => 8,
            TagLength::Sixteen => 16,
            TagLength::ThirtyTwo => 32,
        };
        self.0.get(..end).unwrap_or_default()
    }
}

/// Tells versions of one file, or files of one asset, apart: the first eight hexadecimal digits of the SHA-256 of the source's own word for it.
pub(crate) fn version_mark(word: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(word.as_bytes()));
    digits.truncate(8);
    digits
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
        'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
    ];
    let letter = |five: u32| ALPHABET.get((five & 31) as usize).copied().unwrap_or('a');
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(connector: &str, account: &str, library: &str) -> SourceKey {
        SourceKey {
            connector: connector.to_owned(),
            account: account.to_owned(),
            library: library.to_owned(),
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn names_at_destinations_depend_on_it_so_it_never_changes() {
        let id = id8(&key("icloud-photos", "1234567", "PrimarySync"), &"ABC".into());
        // python3: base64.b32encode(sha256(b"".join(struct.pack(">Q", len(p)) + p for p in parts)).digest()).lower()[:8]
        assert_eq!(id, PINNED);
        assert_eq!(version_mark("hello"), "2cf24dba");
    }

    const PINNED: &str = "sfwm25ig";

    proptest! {
        #[test]
        fn parts_do_not_run_into_each_other(a in "[ab]{0,4}", b in "[ab]{0,4}", c in "[ab]{0,4}", d in "[ab]{0,4}") {
            prop_assume!((&a, &b) != (&c, &d));
            prop_assert_ne!(id8(&key(&a, &b, ""), &"x".into()), id8(&key(&c, &d, ""), &"x".into()));
        }

        #[test]
        fn eight_plain_characters(account in any::<String>(), asset in any::<String>()) {
            let id = id8(&key("c", &account, "l"), &AssetId(asset));
            prop_assert!(id.len() == 8 && id.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '2'..='7')), "{}", id);
        }
    }
}
