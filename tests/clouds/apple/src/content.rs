//! The bytes of resources: in memory, or made on the fly from a seed, so that a large library needs no memory.

use std::sync::Arc;

use bytes::Bytes;
use sha1::{Digest as _, Sha1};

/// Some file's bytes.
#[derive(Clone, Debug)]
pub struct Content {
    source: Source,
    /// Bytes.
    pub size: u64,
    /// As Apple writes it.
    pub checksum: String,
}

#[derive(Clone, Debug)]
enum Source {
    Memory(Arc<[u8]>),
    Seed(u64),
}

const BLOCK: usize = 64 << 10;

impl Content {
    /// These bytes.
    pub fn of(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            size: bytes.len() as u64,
            checksum: super::apple_checksum(&bytes),
            source: Source::Memory(bytes),
        }
    }

    /// So many bytes that look random and depend on the seed alone.
    pub fn generated(seed: u64, size: u64) -> Self {
        let mut content = Self {
            source: Source::Seed(seed),
            size,
            checksum: String::new(),
        };
        let mut hash = Sha1::new_with_prefix(super::library::SALT);
        let mut offset = 0;
        while offset < size {
            let block = content.block(offset, BLOCK);
            hash.update(&block);
            offset += block.len() as u64;
        }
        content.checksum = super::library::written(&hash.finalize());
        content
    }

    /// At most `max` bytes from an offset on.
    pub fn block(&self, offset: u64, max: usize) -> Bytes {
        let length = usize::try_from(self.size.saturating_sub(offset))
            .unwrap_or(max)
            .min(max);
        match &self.source {
            Source::Memory(bytes) => Bytes::copy_from_slice(&bytes[offset as usize..offset as usize + length]),
            Source::Seed(seed) => {
                // Eight bytes a step, each from its own index: any offset can be made.
                let first = offset / 8;
                let skip = (offset % 8) as usize;
                let words = (skip + length).div_ceil(8);
                let mut out = vec![0; words * 8];
                for (index, place) in (first..).zip(out.chunks_exact_mut(8)) {
                    let mut word = (index ^ seed.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    place.copy_from_slice(&word.to_le_bytes());
                }
                Bytes::from(out).slice(skip..skip + length)
            }
        }
    }
}
