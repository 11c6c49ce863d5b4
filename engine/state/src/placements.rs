//! What is at the destinations, and whose it is. The journal says it first, the index after.

use camroll_model::{AssetId, DestinationKey, Instant, Placement, SourceKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::index::{Batch, Index, Key, trailing};
use crate::record::{DestinationId, Intent, Loss, Record};
use crate::state::{State, memo_key};

/// A placement to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The intent that ends with it.
    pub intent: Option<String>,
    /// The path as the destination compares names.
    pub folded: String,
    /// What is there.
    pub placement: Placement,
}

/// What was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// What is there now.
    pub placed: Placed,
    /// When it took the place of another version; none where nothing was there.
    pub replaced: Option<Instant>,
}

/// Something that got another path.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Where it was, as the destination compares names.
    pub from: String,
    /// What is there now.
    pub to: Placed,
    /// When.
    pub at: Instant,
}

/// A placement as the state keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stands {
    /// Its number at the destination, in the order in which they were recorded.
    pub number: u64,
    /// The path as the destination compares names.
    pub folded: String,
    /// What is there.
    pub placement: Placement,
}

/// A placement that was looked at and isn't as it was placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubted {
    /// What was found, as an error's code.
    pub code: String,
    /// What had been placed.
    pub placement: Placement,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Standing {
    folded: String,
    placement: Placement,
}

fn placed_key(destination: DestinationId, number: u64) -> Vec<u8> {
    Key::new(b'p').number(destination.0).long(number).bytes()
}
fn path_key(destination: DestinationId, folded: &str) -> Vec<u8> {
    Key::new(b'f').number(destination.0).end(folded.as_bytes()).bytes()
}
fn asset_prefix(destination: DestinationId, source: &SourceKey, asset: &AssetId) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [
        source.connector.as_str(),
        &source.account,
        &source.library,
        asset.as_str(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Key::new(b'q').number(destination.0).end(&hash.finalize()[..16]).bytes()
}
fn lost_key(destination: DestinationId, at: Instant, folded: &str) -> Vec<u8> {
    let seconds = u64::try_from(at.seconds).unwrap_or(0);
    Key::new(b'x')
        .number(destination.0)
        .long(seconds)
        .end(folded.as_bytes())
        .bytes()
}
fn doubt_key(destination: DestinationId, number: u64) -> Vec<u8> {
    Key::new(b'y').number(destination.0).long(number).bytes()
}
fn numbers_key(destination: DestinationId) -> Vec<u8> {
    Key::new(b'N').number(destination.0).bytes()
}
fn count_key(destination: DestinationId) -> Vec<u8> {
    Key::new(b'c').number(destination.0).bytes()
}
fn destination_key(key: &DestinationKey) -> Vec<u8> {
    Key::new(b'd').part(&key.connector).part(&key.identity).bytes()
}

/// Puts what a record says into the index. Saying it twice is saying it once.
pub(crate) fn index_record(index: &Index, record: &Record) -> Result<(), StateError> {
    let mut batch = Batch::default();
    gather(index, &mut batch, record)?;
    index.apply(batch)
}

/// Adds what a record says to a batch, on top of what is in it.
fn gather(index: &Index, batch: &mut Batch, record: &Record) -> Result<(), StateError> {
    match record {
        Record::Destination { id, key } => batch.put(&destination_key(key), id),
        Record::Placed {
            destination,
            folded,
            placement,
            ..
        } => stand(index, batch, *destination, folded, placement),
        Record::Lost {
            destination,
            folded,
            why,
            at,
        } => {
            if *why != Loss::Vanished {
                batch.put(&lost_key(*destination, *at, folded), why)?;
            }
            if matches!(why, Loss::Removed | Loss::Renamed | Loss::Vanished) {
                let path = path_key(*destination, folded);
                if let Some(number) = batch.get::<u64>(index, &path)? {
                    if let Some(standing) = batch.get::<Standing>(index, &placed_key(*destination, number))? {
                        let by_asset =
                            asset_prefix(*destination, &standing.placement.source, &standing.placement.asset);
                        batch.remove(&[by_asset, number.to_be_bytes().to_vec()].concat());
                    }
                    batch.remove(&placed_key(*destination, number));
                    batch.remove(&doubt_key(*destination, number));
                    batch.remove(&path);
                    let count = batch.get::<u64>(index, &count_key(*destination))?.unwrap_or_default();
                    batch.put(&count_key(*destination), &count.saturating_sub(1))?;
                }
            }
            Ok(())
        }
        Record::Place { place, identity } => batch.put(&memo_key(place), identity),
        Record::Doubted {
            destination,
            folded,
            code,
        } => {
            let Some(number) = batch.get::<u64>(index, &path_key(*destination, folded))? else {
                return Ok(());
            };
            let doubt = doubt_key(*destination, number);
            match code {
                Some(code) => batch.put(&doubt, code),
                None => {
                    batch.remove(&doubt);
                    Ok(())
                }
            }
        }
        Record::Intent(_) | Record::Staged { .. } | Record::Dropped { .. } => Ok(()),
    }
}

fn stand(
    index: &Index,
    batch: &mut Batch,
    destination: DestinationId,
    folded: &str,
    placement: &Placement,
) -> Result<(), StateError> {
    let path = path_key(destination, folded);
    let number = match batch.get::<u64>(index, &path)? {
        // One thing at one path: what stood there before is what this took the place of.
        Some(number) => {
            if let Some(before) = batch.get::<Standing>(index, &placed_key(destination, number))? {
                let by_asset = asset_prefix(destination, &before.placement.source, &before.placement.asset);
                batch.remove(&[by_asset, number.to_be_bytes().to_vec()].concat());
            }
            batch.remove(&doubt_key(destination, number));
            number
        }
        None => {
            let numbers = numbers_key(destination);
            let number = batch.get::<u64>(index, &numbers)?.unwrap_or_default() + 1;
            batch.put(&numbers, &number)?;
            let count = batch.get::<u64>(index, &count_key(destination))?.unwrap_or_default();
            batch.put(&count_key(destination), &(count + 1))?;
            batch.put(&path, &number)?;
            number
        }
    };
    batch.put(
        &placed_key(destination, number),
        &Standing {
            folded: folded.to_owned(),
            placement: placement.clone(),
        },
    )?;
    let by_asset = asset_prefix(destination, &placement.source, &placement.asset);
    batch.put(&[by_asset, number.to_be_bytes().to_vec()].concat(), &())
}

impl State {
    /// The number of a destination; given, and journalled, the first time.
    pub fn destination(&self, key: &DestinationKey) -> Result<DestinationId, StateError> {
        let _one_at_a_time = self.numbering().lock();
        if let Some(id) = self.index()?.get(&destination_key(key))? {
            return Ok(id);
        }
        let id = DestinationId(self.next_number("destinations")?);
        let record = Record::Destination { id, key: key.clone() };
        self.journal().append_durable(std::slice::from_ref(&record))?;
        index_record(self.index()?, &record)?;
        Ok(id)
    }

    /// Keeps under a place's name who is there, as a memo that a lost index doesn't lose: what is at that place then is asked whether it is the same.
    pub fn set_place(&self, place: &str, identity: &str) -> Result<(), StateError> {
        let record = Record::Place {
            place: place.to_owned(),
            identity: identity.to_owned(),
        };
        let _one_at_a_time = self.applying().lock();
        self.journal().append_durable(std::slice::from_ref(&record))?;
        index_record(self.index()?, &record)
    }

    /// All destinations that were ever written to.
    pub fn known_destinations(&self) -> Result<Vec<DestinationId>, StateError> {
        let prefix = Key::new(b'd').bytes();
        self.index()?
            .range::<DestinationId>(&prefix, &prefix)
            .map(|found| found.map(|(_, id)| id))
            .collect()
    }

    /// What is there of an asset.
    pub fn placements(
        &self,
        destination: DestinationId,
        source: &SourceKey,
        asset: &AssetId,
    ) -> Result<Vec<Placement>, StateError> {
        let prefix = asset_prefix(destination, source, asset);
        let mut placements = Vec::new();
        for found in self.index()?.range::<()>(&prefix, &prefix) {
            let (key, ()) = found?;
            let standing: Option<Standing> = self.index()?.get(&placed_key(destination, trailing(&key)))?;
            placements.extend(standing.map(|standing| standing.placement));
        }
        Ok(placements)
    }

    /// Whose a path is.
    pub fn holder(&self, destination: DestinationId, folded: &str) -> Result<Option<(SourceKey, AssetId)>, StateError> {
        let Some(number) = self.index()?.get::<u64>(&path_key(destination, folded))? else {
            return Ok(None);
        };
        let standing: Option<Standing> = self.index()?.get(&placed_key(destination, number))?;
        Ok(standing.map(|standing| (standing.placement.source, standing.placement.asset)))
    }

    /// The number of the newest placement at a destination.
    pub(crate) fn last_placement(&self, destination: DestinationId) -> Result<u64, StateError> {
        Ok(self.index()?.get(&numbers_key(destination))?.unwrap_or_default())
    }

    /// How many files are placed at a destination.
    pub fn placements_at(&self, destination: DestinationId) -> Result<u64, StateError> {
        Ok(self.index()?.get(&count_key(destination))?.unwrap_or_default())
    }

    /// How many files are placed at a destination of that identity; none where it was never seen.
    pub fn placement_count(&self, key: &DestinationKey) -> Result<u64, StateError> {
        match self.index()?.get(&destination_key(key))? {
            Some(id) => self.placements_at(id),
            None => Ok(0),
        }
    }

    /// Placements in the order in which they were recorded, from a number on, each with its number.
    pub fn all_placements(
        &self,
        destination: DestinationId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Placement)>, StateError> {
        let prefix = Key::new(b'p').number(destination.0).bytes();
        self.index()?
            .range::<Standing>(&prefix, &placed_key(destination, from))
            .take(limit)
            .map(|found| found.map(|(key, standing)| (trailing(&key), standing.placement)))
            .collect()
    }

    /// The number of a destination; none where it was never written to.
    pub fn known_destination(&self, key: &DestinationKey) -> Result<Option<DestinationId>, StateError> {
        self.index()?.get(&destination_key(key))
    }

    /// The placement at a path.
    pub fn standing(&self, destination: DestinationId, folded: &str) -> Result<Option<Stands>, StateError> {
        let Some(number) = self.index()?.get::<u64>(&path_key(destination, folded))? else {
            return Ok(None);
        };
        let standing: Option<Standing> = self.index()?.get(&placed_key(destination, number))?;
        Ok(standing.map(|Standing { folded, placement }| Stands {
            number,
            folded,
            placement,
        }))
    }

    /// What stands at all keys that begin so.
    pub fn standing_under(&self, destination: DestinationId, prefix: &str) -> Result<Vec<Stands>, StateError> {
        let from = path_key(destination, prefix);
        let mut standing = Vec::new();
        for found in self.index()?.range::<u64>(&from, &from) {
            let (_, number) = found?;
            let known: Option<Standing> = self.index()?.get(&placed_key(destination, number))?;
            standing.extend(known.map(|Standing { folded, placement }| Stands {
                number,
                folded,
                placement,
            }));
        }
        Ok(standing)
    }

    /// A page of a destination's placements, from a number on: so all of them can be gone through without holding them.
    pub fn standing_page(
        &self,
        destination: DestinationId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Stands>, StateError> {
        let prefix = Key::new(b'p').number(destination.0).bytes();
        self.index()?
            .range::<Standing>(&prefix, &placed_key(destination, from))
            .take(limit)
            .map(|found| {
                let (key, Standing { folded, placement }) = found?;
                Ok(Stands {
                    number: trailing(&key),
                    folded,
                    placement,
                })
            })
            .collect()
    }

    /// Records what is there now: durable in the journal first, then in the index.
    pub fn record_placed(&self, destination: DestinationId, placed: Vec<Placed>) -> Result<(), StateError> {
        if placed.is_empty() {
            return Ok(());
        }
        let records: Vec<Record> = placed
            .into_iter()
            .map(|placed| Record::Placed {
                destination,
                intent: placed.intent,
                folded: placed.folded,
                placement: Box::new(placed.placement),
            })
            .collect();
        self.record(&records)
    }

    /// Records what was published, and what it took the place of: both, so that the brake counts whatever is there.
    pub fn record_published(&self, destination: DestinationId, published: Vec<Published>) -> Result<(), StateError> {
        if published.is_empty() {
            return Ok(());
        }
        let mut records = Vec::with_capacity(published.len());
        for Published { placed, replaced } in published {
            // First: of records that are cut off by a power cut, those before are there.
            records.extend(replaced.map(|at| Record::Lost {
                destination,
                folded: placed.folded.clone(),
                why: Loss::Replaced,
                at,
            }));
            records.push(Record::Placed {
                destination,
                intent: placed.intent,
                folded: placed.folded,
                placement: Box::new(placed.placement),
            });
        }
        self.record(&records)
    }

    /// Records that something got another name: there and no longer here, or neither.
    pub fn record_moved(&self, destination: DestinationId, moved: Moved) -> Result<(), StateError> {
        let doubt = match self.index()?.get::<u64>(&path_key(destination, &moved.from))? {
            Some(number) => self.doubt(destination, number)?,
            None => None,
        };
        let folded = moved.to.folded.clone();
        let mut records = vec![
            Record::Lost {
                destination,
                folded: moved.from,
                why: Loss::Renamed,
                at: moved.at,
            },
            Record::Placed {
                destination,
                intent: moved.to.intent,
                folded: moved.to.folded,
                placement: Box::new(moved.to.placement),
            },
        ];
        // Another name makes no bytes right.
        records.extend(doubt.map(|code| Record::Doubted {
            destination,
            folded,
            code: Some(code),
        }));
        self.record(&records)
    }

    /// Records that something of ours is no longer there.
    pub fn record_lost(
        &self,
        destination: DestinationId,
        folded: String,
        why: Loss,
        at: Instant,
    ) -> Result<(), StateError> {
        self.record(&[Record::Lost {
            destination,
            folded,
            why,
            at,
        }])
    }

    /// Records that files were looked for and were gone or damaged, by no act of ours.
    pub fn record_vanished(
        &self,
        destination: DestinationId,
        folded: Vec<String>,
        at: Instant,
    ) -> Result<(), StateError> {
        let records: Vec<Record> = folded
            .into_iter()
            .map(|folded| Record::Lost {
                destination,
                folded,
                why: Loss::Vanished,
                at,
            })
            .collect();
        if records.is_empty() {
            Ok(())
        } else {
            self.record(&records)
        }
    }

    /// Records what was looked at and isn't as it was placed, by the code of what was found; without one, that it is again.
    pub fn record_doubts(
        &self,
        destination: DestinationId,
        doubts: Vec<(String, Option<String>)>,
    ) -> Result<(), StateError> {
        if doubts.is_empty() {
            return Ok(());
        }
        let records: Vec<Record> = doubts
            .into_iter()
            .map(|(folded, code)| Record::Doubted {
                destination,
                folded,
                code,
            })
            .collect();
        self.record(&records)
    }

    /// What was found of a placement when it was looked at last; none where nothing speaks against it.
    pub fn doubt(&self, destination: DestinationId, number: u64) -> Result<Option<String>, StateError> {
        self.index()?.get(&doubt_key(destination, number))
    }

    /// All placements at a destination that weren't as they were placed when they were looked at last.
    pub fn doubted(&self, destination: DestinationId) -> Result<Vec<Doubted>, StateError> {
        let prefix = Key::new(b'y').number(destination.0).bytes();
        let mut doubted = Vec::new();
        for found in self.index()?.range::<String>(&prefix, &prefix) {
            let (key, code) = found?;
            let standing: Option<Standing> = self.index()?.get(&placed_key(destination, trailing(&key)))?;
            doubted.extend(standing.map(|Standing { placement, .. }| Doubted { code, placement }));
        }
        Ok(doubted)
    }

    /// Journals that a file was taken away, by an act that the brake counts.
    pub fn record_removed(&self, destination: DestinationId, folded: String, at: Instant) -> Result<(), StateError> {
        self.record(&[Record::Lost {
            destination,
            folded,
            why: Loss::Removed,
            at,
        }])
    }

    fn record(&self, records: &[Record]) -> Result<(), StateError> {
        self.recording()
            .write(records.to_vec(), |gathered| self.record_all(&gathered.concat()))
    }

    fn record_all(&self, records: &[Record]) -> Result<(), StateError> {
        let _one_at_a_time = self.applying().lock();
        failpoint("record/before");
        self.journal().append_durable(records)?;
        failpoint("record/after");
        let mut batch = Batch::default();
        for record in records {
            gather(self.index()?, &mut batch, record)?;
        }
        self.index()?.apply(batch)?;
        for record in records {
            if let Record::Placed {
                destination,
                intent: Some(key),
                ..
            } = record
            {
                self.close_intent(*destination, key)
            }
        }
        Ok(())
    }

    /// Journals that an intent won't be published.
    pub fn drop_intents(&self, destination: DestinationId, keys: &[String]) -> Result<(), StateError> {
        let keys: Vec<&String> = keys.iter().filter(|key| self.has_intent(destination, key)).collect();
        let records: Vec<_> = keys
            .iter()
            .map(|key| Record::Dropped {
                destination,
                key: (*key).clone(),
            })
            .collect();
        if !records.is_empty() {
            self.journal().append_durable(&records)?;
        }
        for key in keys {
            self.close_intent(destination, key);
        }
        Ok(())
    }

    /// Journals an intent; durable when it returns.
    pub fn intend(&self, intent: Intent) -> Result<(), StateError> {
        let position = self.journal().end();
        let record = Record::Intent(intent.clone());
        self.open_intent(intent, position);
        self.journal().append_durable(&[record])?;
        Ok(())
    }

    /// Journals what `stage` gave for an intent; durable with the next record that waits for the disk.
    pub fn staged(&self, destination: DestinationId, key: &str, held: &[u8]) -> Result<(), StateError> {
        self.journal().append(&[Record::Staged {
            destination,
            key: key.to_owned(),
            held: held.to_vec(),
        }])?;
        self.hold_intent(destination, key, held);
        Ok(())
    }

    /// Replacements, renames and removals at a destination since a time.
    pub fn destructive_since(&self, destination: DestinationId, since: Instant) -> Result<u64, StateError> {
        let prefix = Key::new(b'x').number(destination.0).bytes();
        let from = lost_key(destination, since, "");
        let mut count = 0;
        for found in self.index()?.range::<Loss>(&prefix, &from) {
            found?;
            count += 1;
        }
        Ok(count)
    }
}
