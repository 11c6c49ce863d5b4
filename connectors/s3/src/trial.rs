//! What a server is tried with, and what is right and wrong about it.

/// Where the trials are made.
pub const PROBE: &str = ".camroll/probe";
/// How often a trial is made anew that another one spoilt, of another run or of an instance that waited in vain: each does so once, when it is done.
pub const MOST_TRIES: u32 = 16;
/// How often an object is written, where none is refused.
pub const MOST_WRITES: u32 = 4;
/// Versions of it that are taken away at a time.
pub const MOST_VERSIONS: u32 = 8;
/// What stands there.
pub const TEXT: &str = "camroll looks whether this server keeps what S3 promises.";
/// Not its MD5.
pub const WRONG_MD5: [u8; 16] = [7; 16];
/// Its CRC-32C.
pub const RIGHT_CRC: &str = "6xyTlQ==";
/// Not its CRC-32C.
pub const WRONG_CRC: &str = "BwcHBw==";
/// No object's version.
pub const WRONG_VERSION: &str = "\"00000000000000000000000000000000\"";

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{Engine as _, BASE64_STANDARD};

    /// Bit by bit, as RFC 3720 has it in its appendix B.4.
    fn crc32c(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
                1 => crc >> 1 ^ 0x82F6_3B78,
                _ => crc >> 1,
            })
        })
    }

    #[test]
    fn the_trials_checksum_is_its_texts() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(BASE64_STANDARD.encode(crc32c(TEXT.as_bytes()).to_be_bytes()), RIGHT_CRC);
    }
}
