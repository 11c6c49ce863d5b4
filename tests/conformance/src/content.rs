//! Bytes that are the same whenever they are made, and nowhere the same twice.

use bytes::Bytes;
use camroll_model::{Algorithm, Digest};
use sha2::{Digest as _, Sha256};

/// `size` bytes that depend on `seed`.
pub(crate) fn content(seed: u64, size: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// What a source would say of them.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest {
        algorithm: Algorithm::Sha256,
        value: Sha256::digest(bytes).to_vec(),
    }
}
