//! Cursors, locators, steps, pointers and held tokens: opaque to the engine, JSON inside.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::error;
use crate::types::{Error, ErrorClass};

/// Most bytes of a token that is read: what the interface allows of any.
const LIMIT: usize = 64 << 10;

/// Writes a token.
pub fn write<T: Serialize>(value: &T) -> Vec<u8> {
    // What a connector puts into a token is plain data with text keys: it can always be written. Should it not, reading it back says so.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Reads a token; one of another version is `expired`, so that the engine asks again without it.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let old = || {
        error(
            ErrorClass::Expired,
            "connector/old-token",
            "This mark is of another version of the connector.",
        )
    };
    if bytes.len() > LIMIT {
        return Err(old());
    }
    serde_json::from_slice(bytes).map_err(|_| old())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_nothing_else() {
        assert_eq!(
            read::<(u8, String)>(&write(&(1u8, "a"))).ok(),
            Some((1, "a".to_owned()))
        );
        for bad in [&b""[..], b"[1]", &[b' '; 70_000]] {
            assert!(read::<(u8, String)>(bad).is_err_and(|error| error.class == ErrorClass::Expired));
        }
    }
}
