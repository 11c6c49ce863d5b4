//! Digests in the form of OC-Checksum.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The digest of PHP's name for it, in hex; none of those that aren't needed here.
pub(crate) fn hash(name: &str, content: &[u8]) -> Option<String> {
    match name {
        "sha1" => Some(hex::encode(Sha1::digest(content))),
        "md5" => Some(hex::encode(Md5::digest(content))),
        "sha256" => Some(hex::encode(Sha256::digest(content))),
        _ => None,
    }
}

fn adler32(content: &[u8]) -> u32 {
    let (mut one, mut other) = (1u32, 0u32);
    for &byte in content {
        one = (one + u32::from(byte)) % 65_521;
        other = (other + one) % 65_521;
    }
    other << 16 | one
}

/// What ownCloud computes of everything.
pub(crate) fn all(content: &[u8]) -> String {
    format!(
        "SHA1:{} MD5:{} ADLER32:{:08x}",
        hex::encode(Sha1::digest(content)),
        hex::encode(Md5::digest(content)),
        adler32(content)
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_digests() {
        assert_eq!(
            super::all(b"Wikipedia"),
            "SHA1:664add438097fbd4307f814de8e62a10f8905588 MD5:9c677286866aad38f8e9b660f5411814 ADLER32:11e60398"
        );
    }
}
