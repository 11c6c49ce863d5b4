use std::fmt;

use serde::{Deserialize, Serialize};

/// What a digest was computed with. The names are those of the connector interface (`types.digest`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4. Camroll's own: every placement has it.
    Sha256,
    /// FIPS 180-4.
    Sha512,
    /// CRC-32 as in zlib.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// 0x01 and the salted SHA-1 that iCloud calls fileChecksum.
    ApplePhotos,
}

impl Algorithm {
    /// Its name in the connector interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Crc32 => "crc32",
            Self::Crc32c => "crc32c",
            Self::ApplePhotos => "apple-photos",
        }
    }

    /// Whether nobody can make two files of one value, so that it says what a file is and not only that it wasn't damaged. MD5 and SHA-1 fell (RFC 6151, shattered.io); a CRC was never meant to.
    pub fn is_collision_resistant(self) -> bool {
        match self {
            Self::Sha256 | Self::Sha512 => true,
            Self::Md5 | Self::Sha1 | Self::Crc32 | Self::Crc32c | Self::ApplePhotos => false,
        }
    }

    /// The algorithm of that name; none where the engine can't compute it.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Md5,
            Self::Sha1,
            Self::Sha256,
            Self::Sha512,
            Self::Crc32,
            Self::Crc32c,
            Self::ApplePhotos,
        ]
        .into_iter()
        .find(|algorithm| algorithm.name() == name)
    }
}

/// What an algorithm says of some bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest {
    /// What it was computed with.
    pub algorithm: Algorithm,
    /// The raw bytes.
    pub value: Vec<u8>,
}

impl Digest {
    /// The value in lower-case hexadecimal.
    pub fn hex(&self) -> String {
        hex::encode(&self.value)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
