//! Base64 and hexadecimal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Back from standard base64; none where it isn't that.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_values() {
        assert_eq!(super::base64(&[1, 255, 0]), "Af8A");
        assert_eq!(super::from_base64("Af8A"), Some(vec![1, 255, 0]));
        assert_eq!(super::from_base64("%"), None);
        assert_eq!(super::hex(&[0, 15, 160]), "000fa0");
    }
}
