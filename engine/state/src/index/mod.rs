//! The index: one sled tree of small, checked values. A cache: all of it can be made again, placements from the journal, the catalogue by listing the source.
//!
//! sled is never trusted: each value carries a checksum of its key and itself, the files are sealed with checksums when the index is closed and compared before
//! sled sees them again, after a crash everything is walked through and counted, and a panic of sled becomes an error.

mod guard;
pub(crate) mod keys;
mod open;
mod seal;
mod transaction;
mod value;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use crate::dir::StateDir;
use crate::error::StateError;
pub(crate) use open::{open, set_aside};
pub(crate) use transaction::Transaction;
pub(crate) use walk::{Counted, expect};

/// Bytes that may wait in memory before they are flushed.
const UNFLUSHED: u64 = 4 << 20;

/// An open index.
pub(crate) struct Index {
    /// None only while it is being closed.
    db: Option<sled::Db>,
    dir: StateDir,
    path: PathBuf,
    /// One transaction at a time; reading needs no lock.
    write: Mutex<()>,
    unflushed: AtomicU64,
    distrusted: AtomicBool,
}

/// A key and its value, the checksum taken off.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

impl Index {
    /// The value of a key.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StateError> {
        match self.bytes(key)? {
            Some(bytes) => self.trust(value::decode(&bytes)).map(Some),
            None => Ok(None),
        }
    }

    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let found = self.sled(|db| db.get(key))?;
        match found {
            Some(stored) => self.trust(value::open(key, &stored)).map(|bytes| Some(bytes.to_vec())),
            None => Ok(None),
        }
    }

    /// Up to `limit` pairs whose keys begin with `prefix`, in order, those after `after` only.
    pub(crate) fn pairs(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StateError> {
        use std::ops::Bound;
        let begin = match after {
            Some(after) => Bound::Excluded(after.to_vec()),
            None => Bound::Included(prefix.to_vec()),
        };
        let found = self.sled(|db| {
            db.range((begin, Bound::<Vec<u8>>::Unbounded))
                .take_while(|pair| !matches!(pair, Ok((key, _)) if !key.starts_with(prefix)))
                .take(limit)
                .collect::<Result<Vec<_>, _>>()
        })?;
        found
            .into_iter()
            .map(|(key, stored)| {
                let bytes = self.trust(value::open(&key, &stored))?.to_vec();
                Ok((key.to_vec(), bytes))
            })
            .collect()
    }

    /// The last key that begins with `prefix`.
    pub(crate) fn last_key(&self, prefix: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let last = self.sled(|db| db.scan_prefix(prefix).next_back().transpose())?;
        Ok(last.map(|(key, _)| key.to_vec()))
    }

    /// Calls `take` for all pairs whose keys begin with `prefix`, in order. Holds few of them at a time.
    pub(crate) fn each(
        &self,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let pairs = self.pairs(prefix, after.as_deref(), 256)?;
            for (key, value) in &pairs {
                take(key, value)?;
            }
            match pairs.into_iter().next_back() {
                Some((key, _)) => after = Some(key),
                None => return Ok(()),
            }
        }
    }

    /// What the bytes of a pair say.
    pub(crate) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, StateError> {
        self.trust(value::decode(bytes))
    }

    /// Begins a transaction; others wait until it is over.
    pub(crate) fn begin(&self) -> Transaction<'_> {
        Transaction::new(self, self.write.lock())
    }

    fn apply(&self, batch: sled::Batch, size: u64) -> Result<(), StateError> {
        self.sled(|db| db.apply_batch(batch))?;
        if self.unflushed.fetch_add(size, Ordering::Relaxed) + size > UNFLUSHED {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes durable what was written.
    pub(crate) fn flush(&self) -> Result<(), StateError> {
        self.unflushed.store(0, Ordering::Relaxed);
        self.sled(|db| db.flush()).map(|_| ())
    }

    /// Something in it is not as it was written. Remembered over restarts, so that the next opening moves it aside.
    pub(crate) fn distrust(&self, what: String) -> StateError {
        if !self.distrusted.swap(true, Ordering::SeqCst) {
            tracing::warn!(what, "the index is broken, and will be rebuilt");
            // Without the mark the next opening walks through all of it, for it has no seal.
            let _ = crate::dir::replace(&self.dir.index_mark(), what.as_bytes());
        }
        StateError::IndexBroken { what }
    }

    fn trust<T>(&self, checked: Result<T, value::Damaged>) -> Result<T, StateError> {
        checked.map_err(|damaged| self.distrust(damaged.to_string()))
    }

    fn sled<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StateError> {
        let Some(db) = &self.db else {
            return Err(StateError::Unknown("index"));
        };
        match guard::guard(|| call(db)) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.refused(error)),
            Err(panic) => Err(self.distrust(panic)),
        }
    }

    fn refused(&self, error: sled::Error) -> StateError {
        match open::refusal(error, &self.path) {
            StateError::IndexBroken { what } => self.distrust(what),
            other => other,
        }
    }
}

impl Drop for Index {
    /// Closes and seals it. What goes wrong here only makes the next opening slower.
    fn drop(&mut self) {
        let Some(db) = self.db.take() else { return };
        let flushed = guard::guard(|| db.flush());
        let closed = guard::guard(|| drop(db));
        let sound = matches!(flushed, Ok(Ok(_))) && closed.is_ok() && !self.distrusted.load(Ordering::SeqCst);
        if sound && let Err(error) = seal::seal(&self.dir) {
            tracing::debug!(%error, "the index was not sealed");
        }
    }
}
