//! How a file is cut.

use serde::{Deserialize, Serialize};

use crate::providers::Provider;

/// Files up to this size go in one request, bytes: their digest is known before, and the service compares it.
pub const ONE_PIECE: u64 = 64 << 20;
/// Parts that are under way at a time.
pub const UNDER_WAY: u64 = 4;

const MIB: u64 = 1 << 20;

/// Parts of one upload: a checkpoint holds what the service said of each, and has 64 KiB.
const MOST: u64 = 1_500;

/// What the service compares a part with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checksums {
    /// `Content-MD5`: the part is read once more before it is sent.
    #[default]
    Before,
    /// CRC-32C behind the bytes, computed as they leave; the whole's when the parts are put together.
    Behind,
}

/// Where an upload in parts can go on, and what `commit` needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Upload {
    /// Where to.
    pub path: String,
    /// None while it isn't known whether the service began one.
    pub id: Option<String>,
    /// Bytes of each part but the last.
    pub part_size: u64,
    /// Bytes in all.
    pub size: u64,
    /// ETags without their quotes, from the first part on.
    pub etags: Vec<String>,
    /// The version that it takes the place of.
    pub replaces: Option<String>,
    /// What the parts are compared with.
    #[serde(default)]
    pub checksums: Checksums,
    /// CRC-32C of the whole, in Base64, where it is known and compared.
    #[serde(default)]
    pub whole: Option<String>,
}

/// Bytes of each part but the last.
pub fn part_size(size: u64, provider: &Provider) -> u64 {
    let least = size.div_ceil(provider.max_parts.min(MOST));
    least.max(provider.min_part).div_ceil(MIB) * MIB
}

/// Offset and length of a part, counted from 1.
pub fn part(number: u64, part_size: u64, size: u64) -> (u64, u64) {
    let offset = (number - 1) * part_size;
    (offset, part_size.min(size - offset))
}

/// From which sizes on how many bytes must stay at hand, up to the largest file: what is under way, and the part whose digest is read ahead.
pub fn windows(largest: u64, provider: &Provider) -> Vec<(u64, u64)> {
    let mut windows = Vec::new();
    let mut from = ONE_PIECE + 1;
    while from <= largest {
        let next = from.saturating_mul(4).min(largest + 1);
        windows.push((from, (UNDER_WAY + 1) * part_size(next - 1, provider)));
        from = next;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_checkpoint_fits() {
        let upload = Upload {
            path: "\u{1}".repeat(1024),
            id: Some("x".repeat(1024)),
            part_size: u64::MAX,
            size: u64::MAX,
            etags: vec!["0".repeat(32); usize::try_from(MOST).unwrap()],
            replaces: Some("\"0\"".repeat(20)),
            checksums: Checksums::Behind,
            whole: Some("AAAAAA==".to_owned()),
        };
        let saved = serde_json::to_vec(&upload).unwrap();
        assert!(saved.len() <= 64 << 10, "{}", saved.len());
    }

    #[test]
    fn every_window_holds_what_is_under_way() {
        for provider in &PROVIDERS {
            let windows = windows(5 << 40, provider);
            for size in [
                ONE_PIECE + 1,
                12 << 30,
                (12 << 30) + 1,
                80 << 30,
                (5 << 40) - 1,
                5 << 40,
            ] {
                let (_, window) = windows.iter().rev().find(|(from, _)| *from <= size).unwrap();
                assert!(
                    *window >= (UNDER_WAY + 1) * part_size(size, provider),
                    "{} {size}",
                    provider.id
                );
            }
        }
    }
    use crate::providers::PROVIDERS;

    #[test]
    fn every_file_fits_in_the_parts_that_each_provider_allows() {
        for provider in &PROVIDERS {
            for size in [ONE_PIECE + 1, 5 << 30, (5 << 40) - 1] {
                let part_size = part_size(size, provider);
                let count = size.div_ceil(part_size);
                assert!(count <= provider.max_parts, "{}: {count}", provider.id);
                let (offset, length) = part(count, part_size, size);
                assert_eq!(offset + length, size);
                assert!(length > 0);
            }
        }
    }
}
