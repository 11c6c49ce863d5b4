//! Which chunks a file has, and whether a server still has them.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// From so many bytes on; as many a chunk at least.
pub const CHUNK: u64 = 10 << 20;
/// Most chunks of a file. The protocol allows 10,000.
const MOST: u64 = 9_000;

/// Where an upload is: what is saved, and gone on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Bytes of a chunk.
    pub chunk: u64,
    /// Chunks that are there, from the first.
    pub done: u64,
    /// SHA-256 over the one before and the last chunk's digest: what is gone on from must be of the bytes that the source gives then.
    pub chain: Vec<u8>,
}

impl Reached {
    /// Before the first chunk of a file.
    pub fn nothing(size: u64) -> Self {
        Self {
            chunk: CHUNK.max(size.div_ceil(MOST)),
            done: 0,
            chain: Vec::new(),
        }
    }

    /// With one more chunk, of that digest.
    pub fn and(self, digest: &[u8]) -> Self {
        let chain = Sha256::new().chain_update(&self.chain).chain_update(digest).finalize();
        Self {
            done: self.done + 1,
            chain: chain.to_vec(),
            ..self
        }
    }

    /// Whether it can be one of such a file.
    pub fn is_of(&self, size: u64) -> bool {
        self.chunk > 0 && self.done <= self.count(size)
    }

    /// Chunks of the file.
    pub fn count(&self, size: u64) -> u64 {
        size.div_ceil(self.chunk)
    }

    /// Bytes of a chunk.
    pub fn length(&self, number: u64, size: u64) -> u64 {
        self.chunk.min(size.saturating_sub(number * self.chunk))
    }

    /// Whether all that were done are among a folder's members, whole. Servers with their files in a bucket tell them by their numbers, others by the names that they got.
    pub fn is_there(&self, size: u64, members: &[(String, Option<u64>)]) -> bool {
        (0..self.done).all(|number| {
            let expected = Some(self.length(number, size));
            let named = |name: &str| name.parse::<u64>().is_ok_and(|told| told == number + 1);
            members.iter().any(|(name, told)| named(name) && *told == expected)
        })
    }
}

/// A chunk's name, counted from 0. Names of five digits are in order by number and by text.
pub fn name(number: u64) -> String {
    format!("{:05}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_found_under_either_name() {
        let size = 2 * CHUNK + 5;
        let reached = Reached {
            done: 3,
            ..Reached::nothing(size)
        };
        assert_eq!(reached.count(size), 3);
        let told = |names: [&str; 3], last: u64| -> Vec<(String, Option<u64>)> {
            let sizes = [CHUNK, CHUNK, last];
            let others = [(".file".to_owned(), Some(size)), (".target".to_owned(), Some(size))];
            let chunks = names
                .iter()
                .zip(sizes)
                .map(|(name, size)| ((*name).to_owned(), Some(size)));
            others.into_iter().chain(chunks).collect()
        };
        assert!(reached.is_there(size, &told(["00001", "00002", "00003"], 5)));
        assert!(reached.is_there(size, &told(["1", "2", "3"], 5)));
        assert!(!reached.is_there(size, &told(["1", "2", "3"], 4)));
        assert!(!reached.is_there(size, &told(["1", "2", "4"], 5)));
        assert!(!reached.is_there(size, &[]));
    }

    #[test]
    fn a_checkpoint_of_something_else_is_none() {
        let of = |chunk, done| Reached {
            chunk,
            done,
            chain: Vec::new(),
        };
        assert!(!of(0, 0).is_of(1));
        assert!(!of(10, 2).is_of(10));
        assert!(of(10, 1).is_of(10));
        let (one, other) = (of(10, 0).and(b"a").and(b"b"), of(10, 0).and(b"b").and(b"a"));
        assert!(one.done == 2 && one.chain != other.chain);
        let large = 100 << 40;
        assert!(Reached::nothing(large).count(large) <= MOST);
        assert_eq!(name(0), "00001");
    }
}
