//! How a value is kept: a checksum over key and value, then the value. A flipped byte, and a value under another's key, are noticed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StateError;

/// A value that isn't as it was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damaged {
    #[error("a value under key {0}… has another checksum")]
    Checksum(String),
    #[error("a value can't be read: {0}")]
    Shape(String),
}

pub(super) fn close<T: Serialize>(key: &[u8], value: &T) -> Result<Vec<u8>, StateError> {
    let mut stored = postcard::to_extend(value, vec![0; 4]).map_err(|error| StateError::Encode {
        what: "a value of the index",
        why: error.to_string(),
    })?;
    if let Some((checksum, value)) = stored.split_first_chunk_mut::<4>() {
        *checksum = sum(key, value).to_le_bytes();
    }
    Ok(stored)
}

pub(super) fn open<'a>(key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], Damaged> {
    match stored.split_first_chunk::<4>() {
        Some((checksum, value)) if sum(key, value) == u32::from_le_bytes(*checksum) => Ok(value),
        _ => Err(Damaged::Checksum(hex::encode(key.get(..9).unwrap_or(key)))),
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Damaged> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Damaged::Shape("there is more than it should be".to_owned())),
        Err(error) => Err(Damaged::Shape(error.to_string())),
    }
}

fn sum(key: &[u8], value: &[u8]) -> u32 {
    let length = (key.len() as u32).to_le_bytes();
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&length), key), value)
}
