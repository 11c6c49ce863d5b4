//! One sled tree with prefixed keys, so that a batch over all of it is atomic. Every value carries a checksum over its key and itself: sled's own pages don't.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StateError;

/// sled's page cache, bytes as they lie on disk; in memory they are twice as many. A first sync of 20,000 assets took as long with 16 MiB, and 18 MB more.
const CACHE: u64 = 512 << 10;

/// sled's log is written in pieces of this many bytes, of which two or three are in memory.
const SEGMENT: usize = 128 << 10;
/// As it was, and as a state has it that was made then.
const SEGMENT_BEFORE: usize = 512 << 10;

/// The index.
#[derive(Clone)]
pub(crate) struct Index {
    db: sled::Db,
}

/// Changes that come together or not at all, and what the index says with them. sled writes its log out for each batch: many records in one cost one write.
#[derive(Default)]
pub(crate) struct Batch(BTreeMap<Vec<u8>, Option<Vec<u8>>>);

impl Batch {
    pub(crate) fn put<T: Serialize>(&mut self, key: &[u8], value: &T) -> Result<(), StateError> {
        let payload = postcard::to_stdvec(value).map_err(|error| StateError::IndexBroken(error.to_string()))?;
        self.0.insert(key.to_vec(), Some(seal(key, &payload)));
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        self.0.insert(key.to_vec(), None);
    }

    /// A value as it will be.
    pub(crate) fn get<T: DeserializeOwned>(&self, index: &Index, key: &[u8]) -> Result<Option<T>, StateError> {
        match self.0.get(key) {
            Some(Some(sealed)) => unseal(key, sealed).map(Some),
            Some(None) => Ok(None),
            None => index.get(key),
        }
    }
}

impl Index {
    /// Opens it; sled may panic on files that were changed, so that is caught.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        crate::sign_ins::private_folder(path)?;
        let path = path.to_owned();
        guarded(move || {
            let open = |segment| {
                sled::Config::default()
                    .path(&path)
                    .cache_capacity(CACHE)
                    .segment_size(segment)
                    .flush_every_ms(None)
                    .open()
            };
            let opened = match open(SEGMENT) {
                Err(sled::Error::Unsupported(_)) => open(SEGMENT_BEFORE),
                opened => opened,
            };
            opened.map(|db| Self { db }).map_err(StateError::from)
        })
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StateError> {
        match self.db.get(key)? {
            None => Ok(None),
            Some(sealed) => unseal(key, &sealed).map(Some),
        }
    }

    pub(crate) fn put<T: Serialize>(&self, key: &[u8], value: &T) -> Result<(), StateError> {
        let mut batch = Batch::default();
        batch.put(key, value)?;
        self.apply(batch)
    }

    pub(crate) fn apply(&self, batch: Batch) -> Result<(), StateError> {
        let mut changes = sled::Batch::default();
        for (key, value) in batch.0 {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        Ok(self.db.apply_batch(changes)?)
    }

    /// Keys and values from `from` on that begin with `prefix`.
    pub(crate) fn range<T: DeserializeOwned>(
        &self,
        prefix: &[u8],
        from: &[u8],
    ) -> impl Iterator<Item = Result<(Vec<u8>, T), StateError>> + use<T> {
        let end = after_prefix(prefix);
        self.db.range(from.to_vec()..end).map(|entry| {
            let (key, sealed) = entry?;
            let value = unseal(&key, &sealed)?;
            Ok((key.to_vec(), value))
        })
    }

    /// Makes all that was applied durable.
    pub(crate) fn flush(&self) -> Result<(), StateError> {
        self.db.flush()?;
        Ok(())
    }
}

fn seal(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let crc = crc32c::crc32c_append(crc32c::crc32c(key), payload);
    [crc.to_le_bytes().as_slice(), payload].concat()
}

fn unseal<T: DeserializeOwned>(key: &[u8], sealed: &[u8]) -> Result<T, StateError> {
    let broken = || StateError::IndexBroken("a value isn't the one that was written".to_owned());
    let (crc, payload) = sealed.split_at_checked(4).ok_or_else(broken)?;
    if crc != crc32c::crc32c_append(crc32c::crc32c(key), payload).to_le_bytes() {
        return Err(broken());
    }
    postcard::from_bytes(payload).map_err(|_| broken())
}

fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xff; 64]
}

/// Runs what may panic on broken files in a thread of its own, and makes an error of it.
pub(crate) fn guarded<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    let thread = std::thread::Builder::new().name("camroll-index".to_owned()).spawn(work);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(StateError::IndexBroken("the database panicked".to_owned())),
        Err(error) => Err(StateError::IndexBroken(error.to_string())),
    }
}

/// Builds keys: a prefix and parts in an order that sorts as wanted.
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn new(prefix: u8) -> Self {
        Self(vec![prefix])
    }

    pub(crate) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn long(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// A text in the middle, so that no two texts run into each other.
    pub(crate) fn part(mut self, text: &str) -> Self {
        self.0.extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn end(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The texts of a key that was built of parts alone.
pub(crate) fn parts(mut key: &[u8]) -> Vec<&str> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = key.split_first_chunk::<4>() {
        let Some((part, rest)) = rest.split_at_checked(u32::from_be_bytes(*length) as usize) else {
            break;
        };
        let Ok(part) = std::str::from_utf8(part) else { break };
        parts.push(part);
        key = rest;
    }
    parts
}

/// The last eight bytes of a key as a number.
pub(crate) fn trailing(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_with_larger_pieces_is_opened_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let db = sled::Config::default()
            .path(&path)
            .segment_size(SEGMENT_BEFORE)
            .open()
            .unwrap();
        let before = Index { db };
        before.put(b"key", &7u32).unwrap();
        drop(before);
        let index = Index::open(&path).unwrap();
        assert_eq!(index.get::<u32>(b"key").unwrap(), Some(7));
    }
}
