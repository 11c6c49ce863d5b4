//! What a file's bytes were up to every whole mebibyte, so that an upload that goes on is known to go on with the bytes that the source gives now.
//!
//! Two cyclic checks are enough: they tell a source's accident apart from its file, and who wants to harm a file gives other bytes to begin with.

use camroll_model::Prefix;

/// Bytes between two marks.
const STRIDE: u64 = 1 << 20;

/// The marks of a file so far.
#[derive(Default)]
pub(crate) struct Prefixes {
    castagnoli: u32,
    ethernet: crc32fast::Hasher,
    offset: u64,
    marks: Vec<u64>,
}

impl Prefixes {
    /// The bytes that come next.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let left = usize::try_from(STRIDE - self.offset % STRIDE).unwrap_or(usize::MAX);
            let (now, rest) = bytes.split_at(left.min(bytes.len()));
            self.castagnoli = crc32c::crc32c_append(self.castagnoli, now);
            self.ethernet.update(now);
            self.offset += now.len() as u64;
            if self.offset.is_multiple_of(STRIDE) {
                let ethernet = self.ethernet.clone().finalize();
                self.marks.push(u64::from(self.castagnoli) << 32 | u64::from(ethernet));
            }
            bytes = rest;
        }
    }

    /// The last mark that isn't beyond an offset; none before the first.
    pub(crate) fn before(&self, offset: u64) -> Option<Prefix> {
        let number = usize::try_from(offset / STRIDE).ok()?.min(self.marks.len());
        let check = *self.marks.get(number.checked_sub(1)?)?;
        Some(Prefix {
            length: number as u64 * STRIDE,
            check,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_the_same_however_the_bytes_come_and_other_ones_for_other_bytes() {
        let bytes: Vec<u8> = (0..3 * STRIDE + 77).map(|number| (number % 251) as u8).collect();
        let (mut whole, mut torn, mut other) = (Prefixes::default(), Prefixes::default(), Prefixes::default());
        whole.update(&bytes);
        for piece in bytes.chunks(70_001) {
            torn.update(piece);
        }
        let mut flipped = bytes.clone();
        flipped[1_500_000] ^= 1;
        other.update(&flipped);
        for offset in [STRIDE, 2 * STRIDE + 5, u64::MAX] {
            assert_eq!(whole.before(offset), torn.before(offset));
        }
        assert_eq!(whole.before(STRIDE - 1), None);
        assert_eq!(whole.before(u64::MAX).unwrap().length, 3 * STRIDE);
        assert_eq!(whole.before(STRIDE), other.before(STRIDE));
        assert_ne!(whole.before(2 * STRIDE), other.before(2 * STRIDE));
    }
}
