use camroll_model::{Algorithm, Digest};
use sha1::Digest as _;

/// What Apple salts its checksums of files with: measured on recorded files, docs/connectors/icloud-photos.md.
const APPLE_SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";

enum Hash {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Apple(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Crc32(crc32fast::Hasher),
    Crc32c(u32),
}

/// Several digests of the same bytes.
pub(crate) struct Hashes(Vec<(Algorithm, Hash)>);

impl Hashes {
    /// For these algorithms.
    pub(crate) fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut hashes: Vec<(Algorithm, Hash)> = Vec::new();
        for algorithm in algorithms {
            if hashes.iter().any(|(known, _)| *known == algorithm) {
                continue;
            }
            let hash = match algorithm {
                Algorithm::Md5 => Hash::Md5(md5::Md5::new()),
                Algorithm::Sha1 => Hash::Sha1(sha1::Sha1::new()),
                Algorithm::ApplePhotos => Hash::Apple(sha1::Sha1::new_with_prefix(APPLE_SALT)),
                Algorithm::Sha256 => Hash::Sha256(sha2::Sha256::new()),
                Algorithm::Sha512 => Hash::Sha512(sha2::Sha512::new()),
                Algorithm::Crc32 => Hash::Crc32(crc32fast::Hasher::new()),
                Algorithm::Crc32c => Hash::Crc32c(0),
                // The model may come to know more.
                _ => continue,
            };
            hashes.push((algorithm, hash));
        }
        Self(hashes)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for (_, hash) in &mut self.0 {
            match hash {
                Hash::Md5(hash) => hash.update(bytes),
                Hash::Sha1(hash) | Hash::Apple(hash) => hash.update(bytes),
                Hash::Sha256(hash) => hash.update(bytes),
                Hash::Sha512(hash) => hash.update(bytes),
                Hash::Crc32(hash) => hash.update(bytes),
                Hash::Crc32c(crc) => *crc = crc32c::crc32c_append(*crc, bytes),
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<Digest> {
        let digest = |(algorithm, hash)| {
            let value = match hash {
                Hash::Md5(hash) => hash.finalize().to_vec(),
                Hash::Sha1(hash) => hash.finalize().to_vec(),
                Hash::Apple(hash) => [&[1], hash.finalize().as_slice()].concat(),
                Hash::Sha256(hash) => hash.finalize().to_vec(),
                Hash::Sha512(hash) => hash.finalize().to_vec(),
                Hash::Crc32(hash) => hash.finalize().to_be_bytes().to_vec(),
                Hash::Crc32c(crc) => crc.to_be_bytes().to_vec(),
            };
            Digest { algorithm, value }
        };
        self.0.into_iter().map(digest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    /// The check values of the CRC catalogue (reveng.sourceforge.io): CRC-32/ISO-HDLC and CRC-32/ISCSI of "123456789".
    #[test]
    fn cyclic_checks_of_known_bytes() {
        let mut hashes = Hashes::new([Algorithm::Crc32, Algorithm::Crc32c]);
        hashes.update(b"1234");
        hashes.update(b"56789");
        let values: Vec<_> = hashes.finish().into_iter().map(|digest| digest.value).collect();
        assert_eq!(values, [0xCBF4_3926_u32.to_be_bytes(), 0xE306_9283_u32.to_be_bytes()]);
    }

    #[test]
    fn apples_checksum_of_known_bytes() {
        for (bytes, checksum) in [
            ("", "AW2cWT2PxzWixMKuuNMTHJ8CJ3sH"),
            ("hello", "AcW96XzA8CMFcrVWfJyAAy8aWWE6"),
        ] {
            let mut hashes = Hashes::new([Algorithm::ApplePhotos]);
            hashes.update(bytes.as_bytes());
            let digests = hashes.finish();
            assert_eq!(
                base64::engine::general_purpose::STANDARD.encode(&digests[0].value),
                checksum
            );
        }
    }
}
