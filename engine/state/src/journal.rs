//! The truth: records with a length and a checksum, in segments that are chained by SHA-256. A torn tail is cut; anything else that is wrong is said.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::record::Record;
use crate::sign_ins::Cipher;

mod coding;
mod read;
mod segment;

use coding::encode;
use segment::{HEADER, SEGMENT, create, digest_of, path_of};

/// How long after an fsync the next one begins, at least. An fsync costs the same for one record and for many, and who waits for one has others under way meanwhile.
const GATHERING: Duration = Duration::from_millis(3);

/// A place in the journal: the segment's number and the byte in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
}

/// The journal of a state.
pub struct Journal {
    folder: PathBuf,
    cipher: Cipher,
    inner: Mutex<Inner>,
    synced: Condvar,
}

struct Inner {
    file: std::sync::Arc<File>,
    segment: u32,
    offset: u64,
    /// Counts bytes over all segments, so that who waits knows when it is durable.
    written: u64,
    durable: u64,
    syncing: bool,
    /// When the last fsync ended.
    last_sync: Option<Instant>,
    health: Health,
}

/// Whether what is in the file is what was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Sound,
    /// The disk refused an fsync, or half a record couldn't be taken back: nobody knows what is on it, so nothing more is written by this process.
    Unknown,
}

/// What opening found.
pub(crate) struct Replay {
    pub records: Vec<(Position, Record)>,
    pub cut: u64,
}

impl Journal {
    /// Opens the journal and reads the records from `from` on; before it only the chain is checked.
    pub(crate) fn open(folder: &Path, cipher: Cipher, from: Position) -> Result<(Self, Replay), StateError> {
        crate::sign_ins::private_folder(folder)?;
        let segments = read::segments(folder, from)?;
        let mut replay = Replay {
            records: Vec::new(),
            cut: 0,
        };
        let last = segments.last().copied().unwrap_or(1);
        let mut offset = HEADER;
        for segment in segments {
            // A sealed segment that the index has whole needs no reading: the next one's header vouches for it when it is read.
            if segment < from.segment && segment != last {
                continue;
            }
            let start = if segment == from.segment { from.offset } else { 0 };
            offset = read::read_segment(folder, segment, start, segment == last, &cipher, &mut replay)?;
        }
        let path = path_of(folder, last);
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(StateError::io(&path))?;
        let journal = Self {
            folder: folder.to_owned(),
            cipher,
            inner: Mutex::new(Inner {
                file: file.into(),
                segment: last,
                offset,
                written: 0,
                durable: 0,
                syncing: false,
                last_sync: None,
                health: Health::Sound,
            }),
            synced: Condvar::new(),
        };
        Ok((journal, replay))
    }

    /// Appends without waiting for the disk; durable with the next `append_durable`.
    pub fn append(&self, records: &[Record]) -> Result<(), StateError> {
        let mut inner = self.inner.lock();
        self.write(&mut inner, records)?;
        Ok(())
    }

    /// Appends, and returns when the disk has it. Many callers share one fsync.
    pub fn append_durable(&self, records: &[Record]) -> Result<Position, StateError> {
        let failed = |error| StateError::Io {
            path: self.folder.clone(),
            error,
        };
        let intents = records.iter().any(|record| matches!(record, Record::Intent(_)));
        if intents {
            failpoint("intent/before");
        }
        let mut inner = self.inner.lock();
        let position = self.write(&mut inner, records)?;
        let mine = inner.written;
        while inner.durable < mine {
            if inner.syncing {
                self.synced.wait(&mut inner);
                continue;
            }
            self.check(&inner)?;
            inner.syncing = true;
            self.gather(&mut inner);
            let (file, upto) = (std::sync::Arc::clone(&inner.file), inner.written);
            let result = parking_lot::MutexGuard::unlocked(&mut inner, || file.sync_data());
            inner.syncing = false;
            inner.last_sync = Some(Instant::now());
            match &result {
                Ok(()) => inner.durable = inner.durable.max(upto),
                // Linux may say yes to the next fsync though the pages of this one are lost.
                Err(_) => inner.health = Health::Unknown,
            }
            self.synced.notify_all();
            result.map_err(failed)?;
        }
        drop(inner);
        if intents {
            failpoint("intent/after");
        }
        Ok(position)
    }

    /// Waits until the last fsync is so long ago that others had time to come and share the next one.
    fn gather(&self, inner: &mut parking_lot::MutexGuard<'_, Inner>) {
        let Some(last) = inner.last_sync else { return };
        let until = last + GATHERING;
        while !self.synced.wait_until(inner, until).timed_out() {}
    }

    /// Where the next record will stand.
    pub(crate) fn end(&self) -> Position {
        let inner = self.inner.lock();
        Position {
            segment: inner.segment,
            offset: inner.offset,
        }
    }

    fn check(&self, inner: &Inner) -> Result<(), StateError> {
        match inner.health {
            Health::Sound => Ok(()),
            Health::Unknown => Err(StateError::Io {
                path: path_of(&self.folder, inner.segment),
                error: std::io::Error::other(
                    "the disk failed before, and nobody knows what is on it; the next run reads what is",
                ),
            }),
        }
    }

    fn write(&self, inner: &mut Inner, records: &[Record]) -> Result<Position, StateError> {
        self.check(inner)?;
        // All of them are encoded before any is written: one that is too large leaves no trace.
        let encoded = records
            .iter()
            .map(|record| encode(record, &self.cipher))
            .collect::<Result<Vec<_>, _>>()?;
        if inner.offset > SEGMENT {
            self.seal(inner)?;
        }
        let position = Position {
            segment: inner.segment,
            offset: inner.offset,
        };
        let mut bytes = Vec::new();
        for record in encoded {
            // A batch may be larger than a segment.
            if inner.offset + bytes.len() as u64 > SEGMENT {
                self.write_bytes(inner, &std::mem::take(&mut bytes))?;
                self.seal(inner)?;
            }
            bytes.extend_from_slice(&record);
        }
        self.write_bytes(inner, &bytes)?;
        Ok(position)
    }

    fn write_bytes(&self, inner: &mut Inner, bytes: &[u8]) -> Result<(), StateError> {
        if let Err(error) = (&*inner.file).write_all(bytes) {
            // A full disk takes half of it. What comes next must not stand behind half a record: it could never be read.
            if inner.file.set_len(inner.offset).is_err() {
                inner.health = Health::Unknown;
            }
            return Err(StateError::Io {
                path: path_of(&self.folder, inner.segment),
                error,
            });
        }
        inner.offset += bytes.len() as u64;
        inner.written += bytes.len() as u64;
        Ok(())
    }

    fn seal(&self, inner: &mut Inner) -> Result<(), StateError> {
        let path = path_of(&self.folder, inner.segment);
        if let Err(error) = inner.file.sync_data() {
            inner.health = Health::Unknown;
            return Err(StateError::Io { path, error });
        }
        inner.durable = inner.written;
        let digest = digest_of(&path)?;
        let next = inner.segment + 1;
        inner.file = create(&self.folder, next, &digest)?.into();
        inner.segment = next;
        inner.offset = HEADER;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
