//! The journal: what was placed where, with which digests; what was about to be; who the destinations are. The truth that the index is made of.
//!
//! Append-only segments of records with length and CRC-32C; a sealed segment's SHA-256 stands in the next one's header. A torn tail is cut when it is opened.

mod compact;
mod disk;
mod frame;
mod intents;
mod open;
mod record;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use sha2::{Digest, Sha256};

pub(crate) use compact::PlacementHash;
pub(crate) use disk::{decode, encode};
pub(crate) use frame::JournalId;
pub(crate) use intents::OpenIntents;
pub(crate) use open::{Found, Hint, Reader, open};
pub use record::{DestinationId, Intent, Position, Record, Why};
pub(crate) use record::{Fact, PlacementKey};

use crate::dir::{create_private, sync_folder};
use crate::error::{At, StateError};
use crate::failpoint::failpoint;
use crate::key::Key;
use frame::{HEADER, Header, Kind, frame};

/// A segment is sealed once it is so large, bytes.
const SEGMENT: u64 = 8 << 20;

/// The journal of an open state. Usable from many threads at once.
pub struct Journal {
    folder: PathBuf,
    key: Key,
    id: JournalId,
    writer: Mutex<Writer>,
    sync: Mutex<Sync>,
    synced: Condvar,
}

struct Writer {
    file: Arc<File>,
    path: PathBuf,
    number: u32,
    offset: u64,
    /// Bytes appended since it was opened, over all segments: what `Sync` compares.
    written: u64,
    records: u64,
    intents: OpenIntents,
    /// Why nothing can be written any more.
    stopped: Option<String>,
}

#[derive(Default)]
struct Sync {
    /// Of `Writer::written`, how much is durable.
    durable: u64,
    running: Running,
}

/// Whether a thread is syncing for all that wait.
#[derive(Default, PartialEq)]
enum Running {
    #[default]
    No,
    Yes,
}

/// What an append came to.
pub(crate) struct Appended {
    /// Where each fact is.
    pub positions: Vec<Position>,
    /// What `commit_to` waits for.
    pub ticket: u64,
}

/// Where the journal ends, and what is open there.
pub(crate) struct Snapshot {
    pub end: Position,
    pub records: u64,
    pub intents: OpenIntents,
}

impl Journal {
    /// Writes records; they survive the process, and a power cut only after `commit`. The position after them.
    pub fn append(&self, records: &[Record]) -> Result<Position, StateError> {
        let facts: Vec<_> = records.iter().cloned().map(Fact::Record).collect();
        self.append_facts(&facts)?;
        Ok(self.writer.lock().end())
    }

    /// Writes records and returns when they are durable. Many threads that wait share one sync.
    pub fn append_durable(&self, records: &[Record]) -> Result<(), StateError> {
        let intends = records.iter().any(|record| matches!(record, Record::Intent(_)));
        if intends {
            failpoint("journal/intent-before");
        }
        let facts: Vec<_> = records.iter().cloned().map(Fact::Record).collect();
        let appended = self.append_facts(&facts)?;
        self.commit_to(appended.ticket)?;
        if intends {
            failpoint("journal/intent-after");
        }
        Ok(())
    }

    /// Returns when all that was written before is durable.
    pub fn commit(&self) -> Result<(), StateError> {
        let ticket = self.writer.lock().written;
        self.commit_to(ticket)
    }

    pub(crate) fn append_facts(&self, facts: &[Fact]) -> Result<Appended, StateError> {
        let mut bytes = Vec::new();
        let mut offsets = Vec::with_capacity(facts.len());
        for fact in facts {
            offsets.push(bytes.len() as u64);
            frame(&mut bytes, &encode(fact, &self.key)?)?;
        }
        let mut writer = self.writer.lock();
        writer.write(&bytes, &self.folder, self.id)?;
        let start = writer.offset - bytes.len() as u64;
        writer.records += facts.len() as u64;
        for fact in facts {
            writer.intents.apply(fact);
        }
        Ok(Appended {
            positions: offsets
                .into_iter()
                .map(|offset| writer.position(start + offset))
                .collect(),
            ticket: writer.written,
        })
    }

    /// Group commit: one thread syncs for all that wait, and those that come meanwhile share the next one.
    pub(crate) fn commit_to(&self, ticket: u64) -> Result<(), StateError> {
        let mut sync = self.sync.lock();
        loop {
            if sync.durable >= ticket {
                return Ok(());
            }
            if sync.running == Running::Yes {
                self.synced.wait(&mut sync);
                continue;
            }
            sync.running = Running::Yes;
            drop(sync);
            let (file, path, written, stopped) = {
                let writer = self.writer.lock();
                (
                    Arc::clone(&writer.file),
                    writer.path.clone(),
                    writer.written,
                    writer.stopped.clone(),
                )
            };
            let done = match stopped {
                Some(why) => Err(StateError::JournalStopped(why)),
                None => file.sync_data().at("syncing", &path),
            };
            if let Err(error) = &done {
                // The system may have thrown the bytes away and say "done" the next time, so nothing counts as durable any more.
                self.writer.lock().stop(error);
            }
            sync = self.sync.lock();
            sync.running = Running::No;
            if done.is_ok() {
                sync.durable = sync.durable.max(written);
            }
            self.synced.notify_all();
            done?;
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let writer = self.writer.lock();
        Snapshot {
            end: writer.end(),
            records: writer.records,
            intents: writer.intents.clone(),
        }
    }

    /// Makes the positions of what comes next larger than all in that segment, though it may be lost.
    pub(crate) fn pass(&self, segment: u32) -> Result<(), StateError> {
        let mut writer = self.writer.lock();
        if writer.number <= segment {
            writer.seal(&self.folder, self.id, segment.saturating_add(1))?;
        }
        Ok(())
    }

    pub(crate) fn id(&self) -> JournalId {
        self.id
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn open_intents(&self, destination: DestinationId) -> Vec<Intent> {
        self.writer.lock().intents.of(destination)
    }

    pub(crate) fn intent(&self, destination: DestinationId, key: &str) -> Option<Intent> {
        self.writer.lock().intents.get(destination, key).cloned()
    }
}

impl Writer {
    fn position(&self, offset: u64) -> Position {
        Position {
            segment: self.number,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
        }
    }

    fn end(&self) -> Position {
        self.position(self.offset)
    }

    fn stop(&mut self, error: &StateError) {
        self.stopped.get_or_insert_with(|| error.to_string());
    }

    fn write(&mut self, bytes: &[u8], folder: &Path, id: JournalId) -> Result<(), StateError> {
        if let Some(why) = &self.stopped {
            return Err(StateError::JournalStopped(why.clone()));
        }
        if self.offset >= SEGMENT {
            self.seal(folder, id, self.number + 1)?;
        }
        if let Err(error) = self.file.write_all_at(bytes, self.offset) {
            // Half a record must not stay before a whole one.
            if let Err(worse) = self.file.set_len(self.offset) {
                self.stopped = Some(format!("{error}; {worse}"));
            }
            return Err(error).at("writing", &self.path);
        }
        self.offset += bytes.len() as u64;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Begins the next segment. All of this one is durable before.
    fn seal(&mut self, folder: &Path, id: JournalId, number: u32) -> Result<(), StateError> {
        if let Err(error) = self.file.sync_data().at("syncing", &self.path) {
            self.stop(&error);
            return Err(error);
        }
        let header = Header {
            kind: Kind::Continuation,
            number,
            after: self.number,
            journal: id,
            previous: hash_of(&self.path)?,
        };
        let (file, path) = new_segment(folder, &header)?;
        self.file = Arc::new(file);
        self.path = path;
        self.number = header.number;
        self.offset = HEADER as u64;
        Ok(())
    }
}

fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}.log"))
}

/// Makes a segment that holds nothing yet; its name is durable when this returns.
fn new_segment(folder: &Path, header: &Header) -> Result<(File, PathBuf), StateError> {
    let path = segment_path(folder, header.number);
    let temporary = folder.join("segment.new");
    let file = create_private(&temporary)
        .and_then(|file| {
            file.write_all_at(&header.to_bytes(), 0)?;
            file.sync_all()?;
            Ok(file)
        })
        .at("making", &temporary)?;
    std::fs::rename(&temporary, &path).at("naming", &path)?;
    sync_folder(folder)?;
    Ok((file, path))
}

fn hash_of(path: &Path) -> Result<[u8; 32], StateError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .at("reading", path)?;
    Ok(hash.finalize().into())
}
