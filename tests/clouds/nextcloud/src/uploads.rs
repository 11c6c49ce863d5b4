//! Chunks beside the files, and how they become one.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};

use crate::product::Storage;
use crate::refusal::Refusal;

/// Seconds without a chunk after which an upload is taken away (nextcloud/server, apps/dav/lib/BackgroundJob/UploadCleanup.php; the job itself runs once a day).
const IDLE: i64 = 24 * 60 * 60;
/// Bytes that each part of a bucket's upload but the last must have.
const LEAST: usize = 5 << 20;

/// An upload under way.
#[derive(Default)]
pub(crate) struct Upload {
    /// Where it goes, if it is a multipart upload of the bucket.
    pub destination: Option<String>,
    /// Chunks that are files, by name.
    pub chunks: BTreeMap<String, Bytes>,
    /// Parts of the bucket's upload.
    pub parts: BTreeMap<u32, Bytes>,
    touched: i64,
}

/// The number that a chunk's name stands for, where that is one.
pub(crate) fn number(name: &str) -> Option<u32> {
    name.parse::<u32>().ok().filter(|number| (1..=10_000).contains(number))
}

/// The order of PHP's strnatcmp, for names of digits and what stands between them (apps/dav/lib/Upload/AssemblyStream.php).
fn natural(one: &str, other: &str) -> Ordering {
    let pieces = |name: &str| -> Vec<(u64, String)> {
        let mut pieces = Vec::new();
        let mut rest = name;
        while !rest.is_empty() {
            let digits = rest
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            let text = after
                .find(|character: char| character.is_ascii_digit())
                .unwrap_or(after.len());
            pieces.push((number.parse().unwrap_or(0), after[..text].to_owned()));
            rest = &after[text..];
        }
        pieces
    };
    pieces(one).cmp(&pieces(other))
}

impl Upload {
    pub(crate) fn begun(destination: Option<String>, now: i64) -> Self {
        Self {
            destination,
            touched: now,
            ..Self::default()
        }
    }

    pub(crate) fn touch(&mut self, now: i64) {
        self.touched = now;
    }

    pub(crate) fn is_over(&self, now: i64) -> bool {
        now - self.touched > IDLE
    }

    /// Bytes of all that is there.
    pub(crate) fn size(&self) -> u64 {
        let chunks = self.chunks.values().chain(self.parts.values());
        chunks.map(|chunk| chunk.len() as u64).sum()
    }

    /// What a listing of its folder shows besides the file that will be: chunks by their names, parts by their numbers (apps/dav/lib/Upload/PartFile.php).
    pub(crate) fn members(&self) -> Vec<(String, u64)> {
        let mut members: Vec<(String, u64)> = Vec::new();
        if self.destination.is_some() {
            members.push((".target".to_owned(), self.size()));
        }
        let chunks = self
            .chunks
            .iter()
            .map(|(name, chunk)| (name.clone(), chunk.len() as u64));
        members.extend(chunks);
        let parts = self
            .parts
            .iter()
            .map(|(number, part)| (number.to_string(), part.len() as u64));
        members.extend(parts);
        members
    }

    /// One file of all that is there.
    ///
    /// # Errors
    /// A bucket's part that is too small: the bucket gives the upload up, and the server says that it failed.
    pub(crate) fn whole(&mut self, storage: Storage) -> Result<Bytes, Refusal> {
        let pieces: Vec<Bytes> = match (storage, &self.destination) {
            (Storage::Objects, Some(_)) => {
                let last = self.parts.len().saturating_sub(1);
                if self.parts.values().take(last).any(|part| part.len() < LEAST) {
                    self.parts.clear();
                    return Err(Refusal::failed("Could not write chunked file"));
                }
                self.parts.values().cloned().collect()
            }
            _ => {
                let mut named: Vec<(&String, &Bytes)> = self.chunks.iter().collect();
                named.sort_by(|one, other| natural(one.0, other.0));
                named.into_iter().map(|(_, chunk)| chunk.clone()).collect()
            }
        };
        let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
        for piece in pieces {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together_in_natural_order() {
        let mut upload = Upload::begun(None, 0);
        for (name, chunk) in [("10", "c"), ("9", "b"), ("00001", "a")] {
            upload.chunks.insert(name.into(), Bytes::from_static(chunk.as_bytes()));
        }
        assert_eq!(upload.whole(Storage::Disk).expect("a file"), "abc");
        let ranges = ["000000000000000-000000000000009", "000000000000010-000000000000019"];
        assert_eq!(natural(ranges[0], ranges[1]), Ordering::Less);
    }

    #[test]
    fn a_bucket_wants_parts_of_five_mebibytes() {
        let mut upload = Upload::begun(Some("a".into()), 0);
        upload.parts.insert(1, Bytes::from(vec![1; LEAST]));
        upload.parts.insert(2, Bytes::from(vec![2; 7]));
        assert_eq!(upload.whole(Storage::Objects).expect("a file").len(), LEAST + 7);
        upload.parts.insert(3, Bytes::from(vec![3; 7]));
        assert_eq!(upload.whole(Storage::Objects).unwrap_err().status, 500);
        assert!(upload.parts.is_empty());
    }
}
