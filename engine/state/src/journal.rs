//! The truth: records with a length and a checksum, in segments that are chained by SHA-256. A torn tail is cut; anything else that is wrong is said.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::record::Record;
use crate::sign_ins::Cipher;

const MAGIC: &[u8; 16] = b"camroll journal1";
/// Magic and the digest of the segment before.
const HEADER: u64 = 16 + 32;
/// A segment is sealed when it has grown over this.
const SEGMENT: u64 = 16 << 20;
/// The largest record: an asset's placement with its attributes is a few hundred bytes.
const RECORD_LIMIT: usize = 1 << 20;

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
        let mut segments: Vec<u32> = fs::read_dir(folder)
            .map_err(StateError::io(folder))?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".log")?.parse().ok())
            .collect();
        segments.sort_unstable();
        let mut replay = Replay {
            records: Vec::new(),
            cut: 0,
        };
        if segments.is_empty() {
            create(folder, 1, &[0; 32])?;
            segments.push(1);
        }
        let last = segments.last().copied().unwrap_or(1);
        let mut offset = HEADER;
        for segment in segments {
            // A sealed segment that the index has whole needs no reading: the next one's header vouches for it when it is read.
            if segment < from.segment && segment != last {
                continue;
            }
            let start = if segment == from.segment { from.offset } else { 0 };
            offset = read_segment(folder, segment, start, segment == last, &cipher, &mut replay)?;
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
            inner.syncing = true;
            let (file, upto) = (std::sync::Arc::clone(&inner.file), inner.written);
            let result = parking_lot::MutexGuard::unlocked(&mut inner, || file.sync_data());
            inner.syncing = false;
            if result.is_ok() {
                inner.durable = inner.durable.max(upto);
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

    /// Where the next record will stand.
    pub(crate) fn end(&self) -> Position {
        let inner = self.inner.lock();
        Position {
            segment: inner.segment,
            offset: inner.offset,
        }
    }

    fn write(&self, inner: &mut Inner, records: &[Record]) -> Result<Position, StateError> {
        let mut bytes = Vec::new();
        for record in records {
            let payload = encode(record, &self.cipher)?;
            bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
            bytes.extend_from_slice(&payload);
        }
        if inner.offset > SEGMENT {
            self.seal(inner)?;
        }
        let position = Position {
            segment: inner.segment,
            offset: inner.offset,
        };
        (&*inner.file)
            .write_all(&bytes)
            .map_err(StateError::io(path_of(&self.folder, inner.segment)))?;
        inner.offset += bytes.len() as u64;
        inner.written += bytes.len() as u64;
        Ok(position)
    }

    fn seal(&self, inner: &mut Inner) -> Result<(), StateError> {
        let path = path_of(&self.folder, inner.segment);
        inner.file.sync_data().map_err(StateError::io(&path))?;
        inner.durable = inner.written;
        let digest = digest_of(&path)?;
        let next = inner.segment + 1;
        inner.file = create(&self.folder, next, &digest)?.into();
        inner.segment = next;
        inner.offset = HEADER;
        Ok(())
    }
}

fn path_of(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("{segment:08}.log"))
}

fn create(folder: &Path, segment: u32, previous: &[u8; 32]) -> Result<File, StateError> {
    let path = path_of(folder, segment);
    let mut file = crate::sign_ins::private_file(&path, crate::lock::Create::Anew)?;
    file.write_all(MAGIC)
        .and_then(|()| file.write_all(previous))
        .and_then(|()| file.sync_all())
        .map_err(StateError::io(&path))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StateError::io(folder))?;
    OpenOptions::new()
        .append(true)
        .open(&path)
        .map_err(StateError::io(&path))
}

fn digest_of(path: &Path) -> Result<[u8; 32], StateError> {
    let mut file = File::open(path).map_err(StateError::io(path))?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(StateError::io(path))?;
    Ok(hash.finalize().into())
}

/// Reads a segment's records from `start` on; cuts a torn tail off the last one. Where the records end.
fn read_segment(
    folder: &Path,
    segment: u32,
    start: u64,
    is_last: bool,
    cipher: &Cipher,
    replay: &mut Replay,
) -> Result<u64, StateError> {
    let path = path_of(folder, segment);
    let damaged = |offset, what: &str| StateError::JournalDamaged {
        path: path.clone(),
        offset,
        what: what.to_owned(),
    };
    let mut bytes = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(SEGMENT + (RECORD_LIMIT as u64) * 8).read_to_end(&mut bytes))
        .map_err(StateError::io(&path))?;
    let whole_header = bytes.get(..16) == Some(MAGIC.as_slice()) && bytes.len() as u64 >= HEADER;
    if !whole_header {
        if is_last && (bytes.len() as u64) < HEADER {
            // Died while the segment was made: nothing was in it yet.
            let previous = if segment > 1 {
                digest_of(&path_of(folder, segment - 1))?
            } else {
                [0; 32]
            };
            create(folder, segment, &previous)?;
            replay.cut += bytes.len() as u64;
            return Ok(HEADER);
        }
        return Err(damaged(0, "no journal's header"));
    }
    let before = path_of(folder, segment.wrapping_sub(1));
    if segment > 1 && before.exists() && bytes.get(16..48) != Some(digest_of(&before)?.as_slice()) {
        return Err(damaged(16, "the segment before isn't the one that was sealed"));
    }
    let mut offset = start.max(HEADER);
    if offset > bytes.len() as u64 {
        return Err(damaged(
            bytes.len() as u64,
            "it is shorter than what was read of it before",
        ));
    }
    loop {
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(offset);
        }
        match decode(rest, cipher) {
            Some((record, length)) => {
                replay.records.push((Position { segment, offset }, record));
                offset += length as u64;
            }
            None if is_last => {
                replay.cut += rest.len() as u64;
                let file = OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .map_err(StateError::io(&path))?;
                file.set_len(offset)
                    .and_then(|()| file.sync_all())
                    .map_err(StateError::io(&path))?;
                return Ok(offset);
            }
            None => return Err(damaged(offset, "a record's checksum is wrong")),
        }
    }
}

fn encode(record: &Record, cipher: &Cipher) -> Result<Vec<u8>, StateError> {
    let sealed = match record {
        Record::Staged { destination, key, held } => Some(Record::Staged {
            destination: *destination,
            key: key.clone(),
            held: cipher.seal(held)?,
        }),
        Record::Intent(intent) if intent.held.is_some() => {
            let held = intent.held.as_deref().map(|held| cipher.seal(held)).transpose()?;
            Some(Record::Intent(crate::record::Intent { held, ..intent.clone() }))
        }
        _ => None,
    };
    let payload = postcard::to_stdvec(sealed.as_ref().unwrap_or(record)).map_err(|_| StateError::TooLarge(0))?;
    if payload.len() > RECORD_LIMIT {
        Err(StateError::TooLarge(payload.len()))
    } else {
        Ok(payload)
    }
}

fn decode(bytes: &[u8], cipher: &Cipher) -> Option<(Record, usize)> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let crc = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    if length > RECORD_LIMIT {
        return None;
    }
    let payload = bytes.get(8..8 + length)?;
    if crc32c::crc32c(payload) != crc {
        return None;
    }
    let mut record: Record = postcard::from_bytes(payload).ok()?;
    match &mut record {
        // A token that can't be opened (another key) is as good as none: the engine looks instead.
        Record::Staged { held, .. } => *held = cipher.open(held).unwrap_or_default(),
        Record::Intent(intent) => intent.held = intent.held.take().and_then(|held| cipher.open(&held)),
        _ => {}
    }
    Some((record, 8 + length))
}
