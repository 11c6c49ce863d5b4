//! Compaction: what is still true is written into a new base segment, which supersedes all before it at the instant it gets its name.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::sync::Arc;

use camroll_model::Instant;
use sha2::{Digest, Sha256};

use super::disk::{decode, encode};
use super::frame::{HEADER, Header, Kind, Next, Records, frame};
use super::open::numbers;
use super::record::{DestinationId, Fact, PlacementKey, Position, Record};
use super::{Journal, hash_of, segment_path};
use crate::dir::{create_private, remove, sync_folder};
use crate::error::{At, StateError};
use crate::key::Key;

/// Destructive acts are counted over so many seconds: seven days.
pub(crate) const HISTORY: i64 = 7 * 24 * 3600;
/// The largest base, bytes: offsets have 32 bits.
const BASE_LIMIT: u64 = 3 << 30;

/// 16 bytes of a hash that stand for a placement.
pub(crate) type PlacementHash = [u8; 16];

impl PlacementKey {
    /// Stands for it in memory and in the index.
    pub(crate) fn hash(&self, destination: DestinationId) -> PlacementHash {
        let mut hash = Sha256::new();
        hash.update(destination.0.to_le_bytes());
        let none = String::new();
        for part in [
            &self.source.connector,
            &self.source.account,
            &self.source.library,
            &self.asset.0,
            &self.resource.0,
            &self.recipe.0,
            self.target.path.as_ref().unwrap_or(&none),
            self.target.id.as_ref().unwrap_or(&none),
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut short = PlacementHash::default();
        short.copy_from_slice(&hash.finalize()[..16]);
        short
    }
}

/// What of a journal is still true, as far as it isn't its bulk.
#[derive(Default)]
struct Live {
    destinations: Vec<Fact>,
    memos: BTreeMap<String, String>,
    placements: HashMap<PlacementHash, Position>,
    destructive: Vec<(Instant, Fact)>,
}

impl Live {
    fn apply(&mut self, position: Position, fact: Fact) {
        match fact {
            Fact::Destination { .. } => self.destinations.push(fact),
            Fact::Record(_) => {}
            Fact::Placed {
                destination,
                ref placement,
                ..
            } => {
                self.placements
                    .insert(PlacementKey::of(placement).hash(destination), position);
            }
            Fact::Removed { destination, key } => {
                self.placements.remove(&key.hash(destination));
            }
            Fact::Destructive { at, .. } => self.destructive.push((at, fact)),
            Fact::Memo { name, text: Some(text) } => {
                self.memos.insert(name, text);
            }
            Fact::Memo { name, text: None } => {
                self.memos.remove(&name);
            }
        }
    }
}

impl Journal {
    /// Rewrites what is still true. Nothing else is written to the journal meanwhile. Whether it was done: a journal beyond 3 GiB of live records stays as it is.
    pub(crate) fn compact(&self) -> Result<(), StateError> {
        let mut writer = self.writer.lock();
        if let Some(why) = &writer.stopped {
            return Err(StateError::JournalStopped(why.clone()));
        }
        writer.file.sync_data().at("syncing", &writer.path)?;
        let numbers = numbers(&self.folder)?;
        let mut live = Live::default();
        self.read(&numbers, |position, _, fact| {
            live.apply(position, fact);
            Ok(())
        })?;
        let newest = live
            .destructive
            .iter()
            .map(|(at, _)| at.seconds)
            .max()
            .unwrap_or(i64::MIN);
        live.destructive
            .retain(|(at, _)| at.seconds >= newest.saturating_sub(HISTORY));

        let header = Header {
            kind: Kind::Base,
            number: writer.number + 1,
            after: writer.number,
            journal: self.id,
            previous: hash_of(&writer.path)?,
        };
        let temporary = self.folder.join("base.new");
        let mut base = Base::begin(&temporary, &header, &self.key)?;
        for fact in &live.destinations {
            base.fact(fact)?;
        }
        for (name, text) in live.memos {
            base.fact(&Fact::Memo { name, text: Some(text) })?;
        }
        for (_, fact) in &live.destructive {
            base.fact(fact)?;
        }
        self.read(&numbers, |position, bytes, fact| match fact {
            Fact::Placed {
                destination, placement, ..
            } if live.placements.get(&PlacementKey::of(&placement).hash(destination)) == Some(&position) => {
                base.record(bytes)
            }
            _ => Ok(()),
        })?;
        for intent in writer.intents.all() {
            base.fact(&Fact::Record(Record::Intent(intent.clone())))?;
        }
        let Some((file, length, records)) = base.finish()? else {
            return remove(&temporary);
        };
        let path = segment_path(&self.folder, header.number);
        fs::rename(&temporary, &path).at("naming", &path)?;
        sync_folder(&self.folder)?;
        for number in numbers {
            remove(&segment_path(&self.folder, number))?;
        }
        writer.file = Arc::new(file);
        writer.path = path;
        writer.number = header.number;
        writer.offset = length;
        writer.records = records;
        Ok(())
    }

    /// Bytes of all segments, for deciding whether a compaction is worth it.
    pub(crate) fn size(&self) -> Result<u64, StateError> {
        let mut size = 0;
        for number in numbers(&self.folder)? {
            let path = segment_path(&self.folder, number);
            size += fs::metadata(&path).at("looking at", &path)?.len();
        }
        Ok(size)
    }

    fn read(
        &self,
        numbers: &[u32],
        mut take: impl FnMut(Position, &[u8], Fact) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        for &number in numbers {
            let path = segment_path(&self.folder, number);
            let mut records = Records::open(File::open(&path).at("opening", &path)?, &path, HEADER as u64)?;
            loop {
                let offset = records.offset();
                let broken = |what| StateError::JournalBroken {
                    segment: path.clone(),
                    offset,
                    what,
                };
                match records.next().at("reading", &path)? {
                    Next::Record(bytes) => {
                        let fact = decode(&bytes, &self.key)
                            .ok_or_else(|| broken("a record that this camroll doesn't know"))?;
                        take(
                            Position {
                                segment: number,
                                offset: offset as u32,
                            },
                            &bytes,
                            fact,
                        )?;
                    }
                    Next::End => break,
                    Next::Torn => return Err(broken("a record is damaged")),
                }
            }
        }
        Ok(())
    }
}

/// A base segment that is being written under another name.
struct Base<'a> {
    file: BufWriter<File>,
    path: &'a std::path::Path,
    key: &'a Key,
    length: u64,
    records: u64,
    buffer: Vec<u8>,
}

impl<'a> Base<'a> {
    fn begin(path: &'a std::path::Path, header: &Header, key: &'a Key) -> Result<Self, StateError> {
        let mut file = BufWriter::with_capacity(128 << 10, create_private(path).at("making", path)?);
        file.write_all(&header.to_bytes()).at("writing", path)?;
        Ok(Self {
            file,
            path,
            key,
            length: HEADER as u64,
            records: 0,
            buffer: Vec::new(),
        })
    }

    fn fact(&mut self, fact: &Fact) -> Result<(), StateError> {
        let bytes = encode(fact, self.key)?;
        self.record(&bytes)
    }

    fn record(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        self.buffer.clear();
        frame(&mut self.buffer, bytes)?;
        self.length += self.buffer.len() as u64;
        self.records += 1;
        self.file.write_all(&self.buffer).at("writing", self.path)
    }

    /// Durable, under its other name still; none where it became too large.
    fn finish(self) -> Result<Option<(File, u64, u64)>, StateError> {
        let file = self
            .file
            .into_inner()
            .map_err(|error| error.into_error())
            .at("writing", self.path)?;
        file.sync_all().at("syncing", self.path)?;
        Ok((self.length <= BASE_LIMIT).then_some((file, self.length, self.records)))
    }
}
