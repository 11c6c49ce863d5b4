//! Cursors, locators, steps and held tokens: opaque to the engine, JSON inside.

use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::errors::error;
use crate::types::{Error, ErrorClass};

/// Writes a token.
pub fn write<T: Serialize>(value: &T) -> Vec<u8> {
    // What a connector puts into a token is plain data with text keys: it can always be written.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Reads a token; one of another version is `expired`, so that the engine asks again without it.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|_| {
        error(
            ErrorClass::Expired,
            "connector/old-token",
            "This mark is of another version of the connector.",
        )
    })
}
