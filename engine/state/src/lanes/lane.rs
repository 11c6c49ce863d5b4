use camroll_model::{AssetId, DestinationKey, Problem};
use serde::{Deserialize, Serialize};

use super::status::{AssetStatus, LaneTotals, Settlement};
use super::totals::{self, View};
use crate::catalogue::{IdRecord, Seq, SourceId};
use crate::error::StateError;
use crate::index::keys::{self, Family};
use crate::state::State;

/// Names a lane: a spec, one of its destinations by the name that the spec gives it, and which destination that is. Another destination under the same name is another lane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey {
    /// The spec's name.
    pub spec: String,
    /// The destination's name in the spec.
    pub name: String,
    /// Which destination it is.
    pub destination: DestinationKey,
}

/// What a spec has settled at one of its destinations.
#[derive(Clone, Debug)]
pub struct Lane {
    state: State,
    key: LaneKey,
    pub(super) id: u32,
}

#[derive(Serialize, Deserialize)]
struct LaneRecord {
    id: u32,
    key: LaneKey,
    fingerprint: [u8; 32],
}

/// Where an asset stands among those that aren't settled or have problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirtyPosition {
    source: u32,
    number: u64,
}

/// An asset that was looked at and isn't settled.
#[derive(Clone, Debug, PartialEq)]
pub struct DirtyEntry {
    /// For going on after it.
    pub position: DirtyPosition,
    /// Its source.
    pub source: SourceId,
    /// The asset.
    pub asset: AssetId,
    /// What is known of it.
    pub status: AssetStatus,
}

/// An asset that isn't settled, or has problems.
#[derive(Serialize, Deserialize)]
struct UnsettledRecord {
    asset: AssetId,
    state: Settlement,
}

/// Which of the assets that aren't settled or have problems.
#[derive(Clone, Copy, PartialEq)]
enum Which {
    Unsettled,
    WithProblems,
}

impl State {
    /// The lane of that name. One that is new, or had another fingerprint, has its marks at the start: everything is planned again, and statuses hold until then.
    pub fn lane(&self, key: LaneKey, fingerprint: [u8; 32]) -> Result<Lane, StateError> {
        let destination = &key.destination;
        let by_key = keys::named(
            Family::Lane,
            &[&key.spec, &key.name, &destination.connector, &destination.identity],
        );
        let mut transaction = self.inner().index.begin();
        let id = match transaction.get::<LaneRecord>(&by_key)? {
            Some(record) if record.fingerprint == fingerprint => record.id,
            Some(record) => {
                for mark in transaction.keys(&keys::numbered(Family::Mark, record.id))? {
                    transaction.remove(mark);
                }
                transaction.put(by_key, &LaneRecord { fingerprint, ..record })?;
                record_id(&mut transaction, Some(record.id))?
            }
            None => {
                let id = record_id(&mut transaction, None)?;
                transaction.put(
                    by_key,
                    &LaneRecord {
                        id,
                        key: key.clone(),
                        fingerprint,
                    },
                )?;
                id
            }
        };
        if transaction.len() > 0 {
            transaction.commit()?;
            self.touched();
        }
        Ok(Lane {
            state: self.clone(),
            key,
            id,
        })
    }
}

fn record_id(transaction: &mut crate::index::Transaction<'_>, known: Option<u32>) -> Result<u32, StateError> {
    if let Some(id) = known {
        return Ok(id);
    }
    let id = transaction.get::<u32>(&keys::next_lane())?.unwrap_or(1);
    transaction.put(keys::next_lane(), &(id + 1))?;
    Ok(id)
}

impl Lane {
    /// Its name.
    pub fn key(&self) -> &LaneKey {
        &self.key
    }

    /// Up to here the catalogue was looked at; what came later is dirty without being listed.
    pub fn mark(&self, source: SourceId) -> Result<Seq, StateError> {
        let mark = self
            .state
            .inner()
            .index
            .get::<u64>(&keys::of_lane(Family::Mark, self.id, source.0))?;
        Ok(Seq(mark.unwrap_or(0)))
    }

    /// Sets the mark.
    pub fn set_mark(&self, source: SourceId, seq: Seq) -> Result<(), StateError> {
        self.record(Vec::new(), &[(source, seq)])
    }

    /// Whether nothing is to be looked at: the mark is at the catalogue's end, and nothing is unsettled.
    pub fn is_clean(&self, source: SourceId) -> Result<bool, StateError> {
        Ok(self.mark(source)? >= self.state.last_seq(source)? && self.totals(source)?.unsettled == 0)
    }

    /// Keeps what was found of assets, and how far the catalogue was looked at; all of it or nothing.
    pub fn record(
        &self,
        statuses: Vec<(SourceId, AssetId, AssetStatus)>,
        marks: &[(SourceId, Seq)],
    ) -> Result<(), StateError> {
        let mut transaction = self.state.inner().index.begin();
        let mut view = View::of(&transaction, &self.key.spec)?.filter(|view| view.holds(self.id));
        for (source, asset, status) in statuses {
            let status = status.bounded();
            let id = transaction.get::<IdRecord>(&keys::asset_by_id(source.0, asset.as_str()))?;
            let number = id.ok_or(StateError::Unknown("asset"))?.number;
            let by_number = keys::of_lane_asset(Family::Status, self.id, source.0, number);
            let before = transaction.get::<AssetStatus>(&by_number)?;
            if before.as_ref() == Some(&status) {
                continue;
            }
            let totals_key = keys::of_lane(Family::LaneTotals, self.id, source.0);
            let mut totals = transaction.get::<LaneTotals>(&totals_key)?.unwrap_or_default();
            if let Some(before) = &before {
                totals.subtract(before);
            }
            totals.add(&status);
            transaction.put(totals_key, &totals)?;
            if let Some(view) = &mut view {
                view.change(&mut transaction, self.id, source.0, number, before.as_ref(), &status)?;
            }
            let unsettled = keys::of_lane_asset(Family::Unsettled, self.id, source.0, number);
            if status.state == Settlement::Settled && status.problems.is_empty() {
                transaction.remove(unsettled);
            } else {
                transaction.put(
                    unsettled,
                    &UnsettledRecord {
                        asset,
                        state: status.state,
                    },
                )?;
            }
            transaction.put(by_number, &status)?;
        }
        if let Some(view) = view {
            view.keep(&mut transaction)?;
        }
        for (source, seq) in marks {
            transaction.put(keys::of_lane(Family::Mark, self.id, source.0), &seq.0)?;
        }
        if transaction.len() > 0 {
            transaction.commit()?;
            self.state.touched();
        }
        Ok(())
    }

    /// What is known of an asset; none where it wasn't looked at.
    pub fn status(&self, source: SourceId, asset: &AssetId) -> Result<Option<AssetStatus>, StateError> {
        let index = &self.state.inner().index;
        match index.get::<IdRecord>(&keys::asset_by_id(source.0, asset.as_str()))? {
            Some(id) => index.get(&keys::of_lane_asset(Family::Status, self.id, source.0, id.number)),
            None => Ok(None),
        }
    }

    /// Assets that were looked at and aren't settled, from after a position on.
    pub fn dirty(&self, after: Option<DirtyPosition>, limit: usize) -> Result<Vec<DirtyEntry>, StateError> {
        self.unsettled(Which::Unsettled, after, limit)
    }

    /// What is wrong with assets of these sources, up to `limit` problems.
    pub fn problems(&self, sources: &[SourceId], limit: usize) -> Result<Vec<Problem>, StateError> {
        let mut problems = Vec::new();
        let mut after = None;
        while problems.len() < limit {
            let entries = self.unsettled(Which::WithProblems, after, 64)?;
            let Some(last) = entries.last() else { break };
            after = Some(last.position);
            let wanted = entries.into_iter().filter(|entry| sources.contains(&entry.source));
            problems.extend(wanted.flat_map(|entry| entry.status.problems));
        }
        problems.truncate(limit);
        Ok(problems)
    }

    /// Its sums for a source.
    pub fn totals(&self, source: SourceId) -> Result<LaneTotals, StateError> {
        let key = keys::of_lane(Family::LaneTotals, self.id, source.0);
        Ok(self.state.inner().index.get(&key)?.unwrap_or_default())
    }

    fn unsettled(
        &self,
        which: Which,
        after: Option<DirtyPosition>,
        limit: usize,
    ) -> Result<Vec<DirtyEntry>, StateError> {
        let index = &self.state.inner().index;
        let prefix = keys::numbered(Family::Unsettled, self.id);
        let mut after = after.map(|at| keys::of_lane_asset(Family::Unsettled, self.id, at.source, at.number));
        let mut entries = Vec::new();
        while entries.len() < limit {
            let pairs = index.pairs(&prefix, after.as_deref(), 256)?;
            let Some((last, _)) = pairs.last() else { break };
            after = Some(last.clone());
            for (key, value) in &pairs {
                let record: UnsettledRecord = index.decode(value)?;
                if which == Which::Unsettled && record.state == Settlement::Settled {
                    continue;
                }
                let (Some(source), Some(number)) = (keys::number_at(key, 5), keys::last_number(key)) else {
                    continue;
                };
                let by_number = keys::of_lane_asset(Family::Status, self.id, source, number);
                // Settled between the two reads.
                let Some(status) = index.get::<AssetStatus>(&by_number)? else {
                    continue;
                };
                entries.push(DirtyEntry {
                    position: DirtyPosition { source, number },
                    source: SourceId(source),
                    asset: record.asset,
                    status,
                });
                if entries.len() == limit {
                    break;
                }
            }
        }
        Ok(entries)
    }

    pub(super) fn is_of(&self, spec: &str) -> bool {
        self.key.spec == spec
    }
}

impl State {
    /// What is wrong with assets of these sources at these lanes, up to `limit` problems.
    pub fn problems(&self, lanes: &[Lane], sources: &[SourceId], limit: usize) -> Result<Vec<Problem>, StateError> {
        let mut problems = Vec::new();
        for lane in lanes {
            problems.extend(lane.problems(sources, limit - problems.len())?);
        }
        Ok(problems)
    }

    /// The sums of a spec over its lanes, for these sources. Reads a handful of keys while the lanes are those of the last call; else it counts once.
    pub fn totals(&self, spec: &str, lanes: &[Lane], sources: &[SourceId]) -> Result<totals::Totals, StateError> {
        totals::totals(self, spec, lanes, sources)
    }
}
