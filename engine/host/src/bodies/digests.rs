//! Digests of bytes that pass by. `sha1` and `sha2` pick the processor's own instructions at run time on x86-64 and Arm.

use camroll_model::{Algorithm, Digest};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// What iCloud's fileChecksum puts before the bytes, and the byte that stands before the digest.
const APPLE_SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";
const APPLE_VERSION: u8 = 1;

/// Several digests of the same bytes.
#[derive(Default)]
pub(crate) struct Digests(Vec<(Algorithm, Running)>);

enum Running {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Box<Sha512>),
    Crc32(crc32fast::Hasher),
    Crc32c(u32),
    ApplePhotos(Sha1),
}

impl Digests {
    /// Starts those digests, each once, and SHA-256 always. None for an algorithm that this build can't compute.
    pub(crate) fn new(wanted: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut digests = Self(Vec::new());
        for algorithm in [Algorithm::Sha256].into_iter().chain(wanted) {
            if digests.0.iter().any(|(known, _)| *known == algorithm) {
                continue;
            }
            let running = match algorithm {
                Algorithm::Md5 => Running::Md5(Md5::new()),
                Algorithm::Sha1 => Running::Sha1(Sha1::new()),
                Algorithm::Sha256 => Running::Sha256(Sha256::new()),
                Algorithm::Sha512 => Running::Sha512(Box::new(Sha512::new())),
                Algorithm::Crc32 => Running::Crc32(crc32fast::Hasher::new()),
                Algorithm::Crc32c => Running::Crc32c(0),
                Algorithm::ApplePhotos => Running::ApplePhotos(Sha1::new_with_prefix(APPLE_SALT)),
                _ => continue,
            };
            digests.0.push((algorithm, running));
        }
        digests
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for (_, running) in &mut self.0 {
            match running {
                Running::Md5(hash) => hash.update(bytes),
                Running::Sha1(hash) | Running::ApplePhotos(hash) => hash.update(bytes),
                Running::Sha256(hash) => hash.update(bytes),
                Running::Sha512(hash) => hash.update(bytes),
                Running::Crc32(hash) => hash.update(bytes),
                Running::Crc32c(sum) => *sum = crc32c::crc32c_append(*sum, bytes),
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<Digest> {
        self.0
            .into_iter()
            .map(|(algorithm, running)| {
                let value = match running {
                    Running::Md5(hash) => hash.finalize().to_vec(),
                    Running::Sha1(hash) => hash.finalize().to_vec(),
                    Running::Sha256(hash) => hash.finalize().to_vec(),
                    Running::Sha512(hash) => hash.finalize().to_vec(),
                    Running::Crc32(hash) => hash.finalize().to_be_bytes().to_vec(),
                    Running::Crc32c(sum) => sum.to_be_bytes().to_vec(),
                    Running::ApplePhotos(hash) => {
                        let mut value = vec![APPLE_VERSION];
                        value.extend_from_slice(&hash.finalize());
                        value
                    }
                };
                Digest { algorithm, value }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let all = [
            Algorithm::Md5,
            Algorithm::Sha1,
            Algorithm::Sha256,
            Algorithm::Sha512,
            Algorithm::Crc32,
            Algorithm::Crc32c,
        ];
        let mut digests = Digests::new(all);
        digests.update(b"1234");
        digests.update(b"56789");
        let told: Vec<_> = digests.finish().iter().map(ToString::to_string).collect();
        assert_eq!(
            told[0],
            "sha256:15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"
        );
        assert_eq!(told[1], "md5:25f9e794323b453885f5181f1b624d0b");
        assert_eq!(told[2], "sha1:f7c3bc1d808e04732adf679965ccc34ca7ae3441");
        assert!(told[3].starts_with("sha512:d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"));
        // The check values of the CRC catalogue.
        assert_eq!(told[4], "crc32:cbf43926");
        assert_eq!(told[5], "crc32c:e3069283");
    }

    #[test]
    fn apple_is_a_salted_sha1_with_its_version() {
        let mut apple = Digests::new([Algorithm::ApplePhotos]);
        apple.update(b"photo");
        let mut plain = Digests::new([Algorithm::Sha1]);
        plain.update(APPLE_SALT);
        plain.update(b"photo");
        let (apple, plain) = (apple.finish(), plain.finish());
        assert_eq!(apple[1].value[0], 1);
        assert_eq!(apple[1].value[1..], plain[1].value);
    }
}
