//! Keys in addresses.

/// A key or a value as S3 wants it in an address: everything but the unreserved characters of RFC 3986 percent-encoded.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A key as a path: its slashes stay.
pub fn path(key: &str) -> String {
    key.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// What `encoding-type=url` made of a key.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| core::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_script_come_back() {
        for name in ["2014/05/Müller & Söhne +1 (a).jpg", "日本/夏 100%.heic", "a'b~c*d!.mov"] {
            assert_eq!(decoded(&path(name)), name);
            assert!(path(name)
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%/".contains(&byte)));
        }
    }
}
