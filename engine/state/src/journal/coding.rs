//! A record as bytes: its length, a CRC-32C, the record itself. What may carry secrets is sealed first.

use crate::error::StateError;
use crate::record::Record;
use crate::sign_ins::Cipher;

/// The largest record: an asset's placement with its attributes is a few hundred bytes.
pub(super) const RECORD_LIMIT: usize = 1 << 20;
/// Length and checksum.
pub(super) const FRAME: usize = 8;

/// A record with its frame.
pub(super) fn encode(record: &Record, cipher: &Cipher) -> Result<Vec<u8>, StateError> {
    let payload = payload_of(record, cipher)?;
    let mut bytes = Vec::with_capacity(FRAME + payload.len());
    bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
    bytes.extend_from_slice(&payload);
    Ok(bytes)
}

fn payload_of(record: &Record, cipher: &Cipher) -> Result<Vec<u8>, StateError> {
    let sealed = match record {
        Record::Staged { destination, key, held } => Some(Record::Staged {
            destination: *destination,
            key: key.clone(),
            held: cipher.seal(held)?,
        }),
        Record::Intent(intent) if intent.held.is_some() => {
            let held = intent.held.as_deref().map(|held| cipher.seal(held)).transpose()?;
            Some(Record::Intent(crate::record::Intent { held, ..intent.clone() }))
        }
        _ => None,
    };
    let payload = postcard::to_stdvec(sealed.as_ref().unwrap_or(record)).map_err(|_| StateError::TooLarge(0))?;
    if payload.len() > RECORD_LIMIT {
        Err(StateError::TooLarge(payload.len()))
    } else {
        Ok(payload)
    }
}

/// The record that the bytes begin with, and its length; none where they begin with none.
pub(super) fn decode(bytes: &[u8], cipher: &Cipher) -> Option<(Record, usize)> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let crc = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    if length > RECORD_LIMIT {
        return None;
    }
    let payload = bytes.get(FRAME..FRAME + length)?;
    if crc32c::crc32c(payload) != crc {
        return None;
    }
    let mut record: Record = postcard::from_bytes(payload).ok()?;
    match &mut record {
        // A token that can't be opened (another key) is as good as none: the engine looks instead.
        Record::Staged { held, .. } => *held = cipher.open(held).unwrap_or_default(),
        Record::Intent(intent) => intent.held = intent.held.take().and_then(|held| cipher.open(&held)),
        _ => {}
    }
    Some((record, FRAME + length))
}
