//! How a file is cut.

use crate::providers::Provider;

/// Files up to this size go in one request, bytes: their digest is known before, and the service compares it.
pub const ONE_PIECE: u64 = 64 << 20;
/// Parts that are under way at a time.
pub const UNDER_WAY: u64 = 3;

const MIB: u64 = 1 << 20;

/// Bytes of each part but the last.
pub fn part_size(size: u64, provider: &Provider) -> u64 {
    let least = size.div_ceil(provider.max_parts);
    least.max(provider.min_part).div_ceil(MIB) * MIB
}

/// Offset and length of a part, counted from 1.
pub fn part(number: u64, part_size: u64, size: u64) -> (u64, u64) {
    let offset = (number - 1) * part_size;
    (offset, part_size.min(size - offset))
}

#[cfg(test)]
mod tests {
    use super::*;
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
