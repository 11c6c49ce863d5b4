//! What is at the destinations: journalled first, and then in the index by asset and by path.

use camroll_model::{AssetId, DestinationKey, Instant, Placement, SourceKey};
use serde::{Deserialize, Serialize};

use crate::catalogue::SourceId;
use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::index::keys::{self, Family};
use crate::index::{Index, Transaction};
use crate::journal::{DestinationId, Fact, Intent, PlacementKey, Position, Why};
use crate::state::State;

/// A file that is published now, or was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The intent that it ends.
    pub intent: Option<String>,
    /// Its path as the destination compares paths; none where there are none.
    pub folded: Option<String>,
    /// When it was published or found.
    pub at: Instant,
    /// What it is.
    pub placement: Placement,
}

/// A file that isn't there any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// What it was.
    pub placement: Placement,
    /// Why. Each of these counts as a destructive act.
    pub why: Why,
    /// When.
    pub at: Instant,
}

/// A placement, and where it stands among all of its destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// Later ones have larger positions.
    pub position: Position,
    /// Its path as the destination compares paths.
    pub folded: Option<String>,
    /// When it was published or found.
    pub at: Instant,
    /// What it is.
    pub placement: Placement,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PlacementRecord {
    pub placement: Placement,
    pub folded: Option<String>,
    pub at: Instant,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DestinationRecord {
    pub key: DestinationKey,
    pub position: Position,
    pub placements: u64,
    /// Those that have a path.
    pub paths: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DestructiveRecord {
    pub why: Why,
    pub at: Instant,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MemoRecord {
    pub name: String,
    pub text: String,
    pub position: Position,
}

impl State {
    /// The number of a destination; a new one, durable in the journal, for one that wasn't known.
    pub fn destination(&self, key: &DestinationKey) -> Result<DestinationId, StateError> {
        if let Some(id) = self.known_destination(key) {
            return Ok(id);
        }
        let mut known = self.inner().destinations.write();
        if let Some(id) = known.get(key) {
            return Ok(*id);
        }
        let last = known.values().map(|id| id.0).max().unwrap_or(0);
        let id = DestinationId(last + 1);
        self.write(&[Fact::Destination { id, key: key.clone() }])?;
        known.insert(key.clone(), id);
        Ok(id)
    }

    fn known_destination(&self, key: &DestinationKey) -> Option<DestinationId> {
        self.inner().destinations.read().get(key).copied()
    }

    /// How many placements are recorded for a destination; 0 for one that isn't known.
    pub fn placement_count(&self, key: &DestinationKey) -> Result<u64, StateError> {
        match self.known_destination(key) {
            Some(id) => Ok(self.destination_record(id)?.placements),
            None => Ok(0),
        }
    }

    /// Records files that are published or were found: durable in the journal, then in the index. One whose intent says that it replaces something counts as a destructive act.
    pub fn record_placed(&self, destination: DestinationId, placed: Vec<Placed>) -> Result<(), StateError> {
        self.record(destination, Vec::new(), placed)
    }

    /// Records files that are gone, each a destructive act.
    pub fn record_removed(&self, destination: DestinationId, removed: Vec<Removed>) -> Result<(), StateError> {
        self.record(destination, removed, Vec::new())
    }

    /// Records both in one go: what was renamed is removed and placed.
    pub fn record(
        &self,
        destination: DestinationId,
        removed: Vec<Removed>,
        placed: Vec<Placed>,
    ) -> Result<(), StateError> {
        if removed.is_empty() && placed.is_empty() {
            return Ok(());
        }
        let mut facts = Vec::with_capacity(2 * removed.len() + placed.len());
        for Removed { placement, why, at } in removed {
            facts.push(Fact::Destructive { destination, why, at });
            facts.push(Fact::Removed {
                destination,
                key: Box::new(PlacementKey::of(&placement)),
            });
        }
        for Placed {
            intent,
            folded,
            at,
            placement,
        } in placed
        {
            let open = intent
                .as_ref()
                .and_then(|key| self.inner().journal.intent(destination, key));
            if open.is_some_and(|open| open.replaces.is_some()) {
                facts.push(Fact::Destructive {
                    destination,
                    why: Why::Replaced,
                    at,
                });
            }
            facts.push(Fact::Placed {
                destination,
                intent,
                folded,
                at,
                placement: Box::new(placement),
            });
        }
        failpoint("journal/record-before");
        self.write(&facts)?;
        failpoint("index/record-after");
        Ok(())
    }

    /// Intents that were neither placed nor dropped: what a crash left, before a run begins.
    pub fn open_intents(&self, destination: DestinationId) -> Result<Vec<Intent>, StateError> {
        Ok(self.inner().journal.open_intents(destination))
    }

    /// What a destination holds of an asset.
    pub fn placements(
        &self,
        destination: DestinationId,
        source: SourceId,
        asset: &AssetId,
    ) -> Result<Vec<Placement>, StateError> {
        let index = &self.inner().index;
        let prefix = keys::placements_of(destination, source.0, asset.as_str());
        // A placement that is just being replaced has another position the next time.
        'again: for _ in 0..8 {
            let mut positions = Vec::new();
            index.each(&prefix, |_, value| {
                positions.push(index.decode::<Position>(value)?);
                Ok(())
            })?;
            positions.sort_unstable();
            let mut placements = Vec::with_capacity(positions.len());
            for position in positions {
                match index.get::<PlacementRecord>(&keys::placement(destination, position))? {
                    Some(record) => placements.push(record.placement),
                    None => continue 'again,
                }
            }
            return Ok(placements);
        }
        Err(index.distrust("an asset leads to no placement".to_owned()))
    }

    /// Whose the path is, as the destination compares paths: the first that came to it.
    pub fn holder(&self, destination: DestinationId, folded: &str) -> Result<Option<(SourceKey, AssetId)>, StateError> {
        let index = &self.inner().index;
        let mut holder = None;
        index.each(&keys::placements_at(destination, folded), |key, _| {
            let position = keys::last_number(key).map(|number| Position::from_be_bytes(number.to_be_bytes()));
            if let (None, Some(position)) = (&holder, position)
                && let Some(record) = index.get::<PlacementRecord>(&keys::placement(destination, position))?
                && record.folded.as_deref() == Some(folded)
            {
                holder = Some((record.placement.source, record.placement.asset));
            }
            Ok(())
        })?;
        Ok(holder)
    }

    /// All placements of a destination in the order in which they were recorded, from after a position on.
    pub fn placements_after(
        &self,
        destination: DestinationId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Numbered>, StateError> {
        let index = &self.inner().index;
        let after = after.map(|position| keys::placement(destination, position));
        let pairs = index.pairs(&keys::placements(destination), after.as_deref(), limit)?;
        pairs
            .into_iter()
            .map(|(key, value)| {
                let PlacementRecord { placement, folded, at } = index.decode(&value)?;
                Ok(Numbered {
                    position: position_of(&key),
                    folded,
                    at,
                    placement,
                })
            })
            .collect()
    }

    /// How often something of ours was replaced, renamed or removed at a destination since then.
    pub fn destructive_since(&self, destination: DestinationId, since: Instant) -> Result<u64, StateError> {
        let index = &self.inner().index;
        let mut acts = 0;
        index.each(&keys::numbered(Family::Destructive, destination.0), |_, value| {
            acts += u64::from(index.decode::<DestructiveRecord>(value)?.at >= since);
            Ok(())
        })?;
        Ok(acts)
    }

    pub(crate) fn destination_record(&self, id: DestinationId) -> Result<DestinationRecord, StateError> {
        let record = self.inner().index.get(&keys::numbered(Family::Destination, id.0))?;
        record.ok_or(StateError::Unknown("destination"))
    }
}

pub(crate) fn position_of(key: &[u8]) -> Position {
    Position::from_be_bytes(keys::last_number(key).unwrap_or(0).to_be_bytes())
}

/// Takes a fact of the journal into the index. Taking it in again changes nothing, nor does an older one after a newer one.
pub(crate) fn take_in(transaction: &mut Transaction<'_>, position: Position, fact: &Fact) -> Result<(), StateError> {
    match fact {
        Fact::Destination { id, key } => {
            let by_id = keys::numbered(Family::Destination, id.0);
            let before = transaction.get::<DestinationRecord>(&by_id)?;
            let (placements, paths) = before.map_or((0, 0), |before| (before.placements, before.paths));
            transaction.put(
                by_id,
                &DestinationRecord {
                    key: key.clone(),
                    position,
                    placements,
                    paths,
                },
            )
        }
        Fact::Placed {
            destination,
            folded,
            at,
            placement,
            ..
        } => {
            let (hash, source) = (PlacementKey::of(placement).hash(*destination), &placement.source);
            let source = crate::catalogue::source_of(transaction, source)?;
            let by_asset = keys::placement_of(*destination, source.0, placement.asset.as_str(), &hash);
            let mut record = counts(transaction, *destination)?;
            if let Some(before) = transaction.get::<Position>(&by_asset)? {
                if before >= position {
                    return Ok(());
                }
                take_away(transaction, *destination, before, &mut record)?;
            }
            record.placements += 1;
            if let Some(folded) = folded {
                record.paths += 1;
                transaction.put(keys::placement_at(*destination, folded, position), &())?;
            }
            transaction.put(by_asset, &position)?;
            let stored = PlacementRecord {
                placement: (**placement).clone(),
                folded: folded.clone(),
                at: *at,
            };
            transaction.put(keys::placement(*destination, position), &stored)?;
            transaction.put(keys::numbered(Family::Destination, destination.0), &record)
        }
        Fact::Removed { destination, key } => {
            let source = crate::catalogue::source_of(transaction, &key.source)?;
            let by_asset = keys::placement_of(*destination, source.0, key.asset.as_str(), &key.hash(*destination));
            let Some(before) = transaction
                .get::<Position>(&by_asset)?
                .filter(|before| *before < position)
            else {
                return Ok(());
            };
            let mut record = counts(transaction, *destination)?;
            take_away(transaction, *destination, before, &mut record)?;
            transaction.remove(by_asset);
            transaction.put(keys::numbered(Family::Destination, destination.0), &record)
        }
        Fact::Destructive { destination, why, at } => {
            let record = DestructiveRecord { why: *why, at: *at };
            transaction.put(keys::destructive(*destination, position), &record)
        }
        Fact::Memo { name, text } => {
            let by_name = keys::named(Family::Memo, &[name]);
            if transaction
                .get::<MemoRecord>(&by_name)?
                .is_some_and(|before| before.position >= position)
            {
                return Ok(());
            }
            match text {
                Some(text) => {
                    let record = MemoRecord {
                        name: name.clone(),
                        text: text.clone(),
                        position,
                    };
                    transaction.put(by_name, &record)
                }
                None => {
                    transaction.remove(by_name);
                    Ok(())
                }
            }
        }
        // Open intents are the journal's own.
        Fact::Record(_) => Ok(()),
    }
}

fn counts(transaction: &Transaction<'_>, destination: DestinationId) -> Result<DestinationRecord, StateError> {
    match transaction.get(&keys::numbered(Family::Destination, destination.0))? {
        Some(record) => Ok(record),
        None => Err(transaction
            .index()
            .distrust("a placement's destination is missing".to_owned())),
    }
}

fn take_away(
    transaction: &mut Transaction<'_>,
    destination: DestinationId,
    position: Position,
    counts: &mut DestinationRecord,
) -> Result<(), StateError> {
    let key = keys::placement(destination, position);
    let Some(record) = transaction.get::<PlacementRecord>(&key)? else {
        return Err(transaction
            .index()
            .distrust("an asset leads to no placement".to_owned()));
    };
    if let Some(folded) = record.folded {
        transaction.remove(keys::placement_at(destination, &folded, position));
        counts.paths = counts.paths.saturating_sub(1);
    }
    counts.placements = counts.placements.saturating_sub(1);
    transaction.remove(key);
    Ok(())
}

/// All destinations that the index knows.
pub(crate) fn destinations(index: &Index) -> Result<Vec<(DestinationId, DestinationRecord)>, StateError> {
    let mut found = Vec::new();
    index.each(&keys::family(Family::Destination), |key, value| {
        let id = DestinationId(keys::number_at(key, 1).unwrap_or(0));
        found.push((id, index.decode(value)?));
        Ok(())
    })?;
    Ok(found)
}
