//! What a spec has settled: one lane for each of its destinations. Counters are kept with the statuses, so that a run with nothing to do reads a handful of keys.

use camroll_model::{AssetId, DestinationKey, MissingVersions, Problem};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Ordinal, Seq, SourceId};
use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::index::{Batch, Key};
use crate::state::State;

/// A lane's number in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneId(pub u32);

/// Whether the spec takes an asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusScope {
    /// It does.
    #[default]
    In,
    /// It doesn't, with the reason's code.
    Out(String),
    /// It left the library.
    Gone,
}

/// How far an asset is at a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusState {
    /// All that is wanted is placed.
    #[default]
    Settled,
    /// Not yet.
    Pending,
    /// Tried, and failed.
    Failed,
}

/// What was last found of an asset at a destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetStatus {
    /// Whether the spec takes it.
    pub scope: StatusScope,
    /// How far it is.
    pub state: StatusState,
    /// Files that are wanted: the sum of the following.
    pub wanted: u32,
    /// Placed, by level of proof, the weakest first.
    pub placed: [u32; 4],
    /// Not yet.
    pub pending: u32,
    /// Tried, and failed.
    pub failed: u32,
    /// Left out, with a problem that says why.
    pub skipped: u32,
    /// Versions that are wanted and that the source doesn't have.
    pub missing: MissingVersions,
    /// Files that stay though the filters no longer take them.
    pub kept_left_scope: u32,
    /// Files that stay though they left the source.
    pub kept_gone: u32,
    /// What went wrong, or needs a person.
    pub problems: Vec<Problem>,
}

/// Counters of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneTotals {
    /// Files that are wanted.
    pub wanted: u64,
    /// Placed, by level of proof, the weakest first.
    pub placed: [u64; 4],
    /// Not yet.
    pub pending: u64,
    /// Tried, and failed.
    pub failed: u64,
    /// Left out.
    pub skipped: u64,
    /// Versions that the source doesn't have.
    pub missing: MissingVersions,
    /// Files that stay though the filters no longer take them.
    pub kept_left_scope: u64,
    /// Files that stay though they left the source.
    pub kept_gone: u64,
}

/// Counters of a spec: assets, settled at every destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecTotals {
    /// Taken by the filters.
    pub in_scope: u64,
    /// Settled at every destination.
    pub settled: u64,
    /// Not yet.
    pub pending: u64,
    /// Failed somewhere.
    pub failed: u64,
    /// Not taken.
    pub out_of_scope: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

fn tally(count: &mut u64, by: u64, sign: Sign) {
    *count = match sign {
        Sign::Plus => count.saturating_add(by),
        Sign::Minus => count.saturating_sub(by),
    };
}

impl LaneTotals {
    fn take(&mut self, status: &AssetStatus, sign: Sign) {
        tally(&mut self.wanted, status.wanted.into(), sign);
        for (count, by) in self.placed.iter_mut().zip(status.placed) {
            tally(count, by.into(), sign);
        }
        tally(&mut self.pending, status.pending.into(), sign);
        tally(&mut self.failed, status.failed.into(), sign);
        tally(&mut self.skipped, status.skipped.into(), sign);
        tally(&mut self.missing.original, status.missing.original, sign);
        tally(&mut self.missing.edited, status.missing.edited, sign);
        tally(&mut self.missing.paired_video, status.missing.paired_video, sign);
        tally(&mut self.kept_left_scope, status.kept_left_scope.into(), sign);
        tally(&mut self.kept_gone, status.kept_gone.into(), sign);
    }
}

impl SpecTotals {
    /// Counts an asset by its status at each lane; none where a lane hasn't looked at it yet.
    fn take(&mut self, statuses: &[Option<AssetStatus>], sign: Sign) {
        let known: Vec<&AssetStatus> = statuses.iter().flatten().collect();
        let Some(first) = known.first() else { return };
        match &first.scope {
            StatusScope::Gone => return,
            StatusScope::Out(_) => return tally(&mut self.out_of_scope, 1, sign),
            StatusScope::In => tally(&mut self.in_scope, 1, sign),
        }
        let worst = if known.iter().any(|status| status.state == StatusState::Failed) {
            &mut self.failed
        } else if known.len() < statuses.len() || known.iter().any(|status| status.state == StatusState::Pending) {
            &mut self.pending
        } else {
            &mut self.settled
        };
        tally(worst, 1, sign);
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct LaneFacts {
    id: LaneId,
    fingerprint: [u8; 32],
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct SpecFacts {
    lanes: Vec<LaneId>,
    totals: SpecTotals,
}

/// A destination of a spec, and how far it is.
#[derive(Clone)]
pub struct Lane {
    id: LaneId,
    spec: String,
    state: std::sync::Arc<State>,
}

/// An asset that was looked at and isn't settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirtyEntry {
    /// Its library.
    pub source: SourceId,
    /// Its number there.
    pub ordinal: Ordinal,
}

fn mark_key(lane: LaneId, source: SourceId) -> Vec<u8> {
    Key::new(b'M').number(lane.0).number(source.0).bytes()
}
fn albums_seen_key(lane: LaneId, source: SourceId) -> Vec<u8> {
    Key::new(b'W').number(lane.0).number(source.0).bytes()
}
fn status_key(lane: LaneId, source: SourceId, ordinal: Ordinal) -> Vec<u8> {
    Key::new(b'S').number(lane.0).number(source.0).long(ordinal.0).bytes()
}
fn dirty_key(lane: LaneId, source: SourceId, ordinal: Ordinal) -> Vec<u8> {
    Key::new(b'D').number(lane.0).number(source.0).long(ordinal.0).bytes()
}
fn totals_key(lane: LaneId) -> Vec<u8> {
    Key::new(b'T').number(lane.0).bytes()
}
fn spec_key(spec: &str) -> Vec<u8> {
    Key::new(b'G').end(spec.as_bytes()).bytes()
}

impl State {
    /// The lane of a spec's destination. Another fingerprint, or a lane never seen: everything is looked at again, nothing is forgotten.
    pub fn lane(
        self: &std::sync::Arc<Self>,
        spec: &str,
        destination: &str,
        key: &DestinationKey,
        fingerprint: [u8; 32],
    ) -> Result<Lane, StateError> {
        let name = Key::new(b'L')
            .part(spec)
            .part(destination)
            .part(&key.connector)
            .part(&key.identity)
            .bytes();
        let _one_at_a_time = self.numbering().lock();
        let facts: Option<LaneFacts> = self.index()?.get(&name)?;
        let id = match &facts {
            Some(facts) => facts.id,
            None => LaneId(self.next_number("lanes")?),
        };
        if facts.is_none_or(|facts| facts.fingerprint != fingerprint) {
            let mut batch = Batch::default();
            let prefix = Key::new(b'M').number(id.0).bytes();
            for found in self.index()?.range::<Seq>(&prefix, &prefix) {
                batch.remove(&found?.0);
            }
            batch.put(&name, &LaneFacts { id, fingerprint })?;
            self.index()?.apply(batch)?;
        }
        Ok(Lane {
            id,
            spec: spec.to_owned(),
            state: std::sync::Arc::clone(self),
        })
    }

    /// The lanes of all specs that write to a destination, as they are: nothing is looked at again for this.
    pub fn lanes_at(self: &std::sync::Arc<Self>, key: &DestinationKey) -> Result<Vec<Lane>, StateError> {
        let prefix = Key::new(b'L').bytes();
        let mut lanes = Vec::new();
        for found in self.index()?.range::<LaneFacts>(&prefix, &prefix) {
            let (name, facts) = found?;
            let parts = crate::index::parts(name.get(1..).unwrap_or_default());
            if let [spec, _, connector, identity] = parts.as_slice()
                && *connector == key.connector
                && *identity == key.identity
            {
                lanes.push(Lane {
                    id: facts.id,
                    spec: (*spec).to_owned(),
                    state: std::sync::Arc::clone(self),
                });
            }
        }
        Ok(lanes)
    }

    /// Says which lanes a spec has now. Where that changed, its assets are counted anew.
    pub fn set_lanes(&self, spec: &str, lanes: &[&Lane]) -> Result<(), StateError> {
        let _one_at_a_time = self.counting().lock();
        let ids: Vec<LaneId> = lanes.iter().map(|lane| lane.id).collect();
        let facts: SpecFacts = self.index()?.get(&spec_key(spec))?.unwrap_or_default();
        if facts.lanes == ids {
            return Ok(());
        }
        let totals = self.recount(&ids)?;
        self.index()?.put(&spec_key(spec), &SpecFacts { lanes: ids, totals })
    }

    /// Counts a spec's assets one by one.
    fn recount(&self, lanes: &[LaneId]) -> Result<SpecTotals, StateError> {
        let mut totals = SpecTotals::default();
        let mut seen = std::collections::HashSet::new();
        for lane in lanes {
            let prefix = Key::new(b'S').number(lane.0).bytes();
            for found in self.index()?.range::<AssetStatus>(&prefix, &prefix) {
                let (key, _) = found?;
                let rest = key.get(5..).unwrap_or_default().to_vec();
                if seen.insert(rest.clone()) {
                    totals.take(&self.statuses(lanes, &rest)?, Sign::Plus);
                }
            }
        }
        Ok(totals)
    }

    fn statuses(&self, lanes: &[LaneId], rest: &[u8]) -> Result<Vec<Option<AssetStatus>>, StateError> {
        lanes
            .iter()
            .map(|lane| self.index()?.get(&Key::new(b'S').number(lane.0).end(rest).bytes()))
            .collect()
    }

    /// What was last found of an asset, at each of a spec's destinations.
    pub fn statuses_of(
        &self,
        spec: &str,
        source: SourceId,
        asset: &AssetId,
    ) -> Result<Vec<Option<AssetStatus>>, StateError> {
        let facts: SpecFacts = self.index()?.get(&spec_key(spec))?.unwrap_or_default();
        let Some(ordinal) = self.ordinal(source, asset)? else {
            return Ok(Vec::new());
        };
        let rest = status_key(LaneId(0), source, ordinal);
        self.statuses(&facts.lanes, rest.get(5..).unwrap_or_default())
    }

    /// A spec's counters.
    pub fn spec_totals(&self, spec: &str) -> Result<SpecTotals, StateError> {
        let facts: SpecFacts = self.index()?.get(&spec_key(spec))?.unwrap_or_default();
        Ok(facts.totals)
    }
}

impl Lane {
    /// Its number.
    pub fn id(&self) -> LaneId {
        self.id
    }

    /// The spec's name.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// What arrived after this wasn't looked at yet.
    pub fn mark(&self, source: SourceId) -> Result<Seq, StateError> {
        Ok(self.state.index()?.get(&mark_key(self.id, source))?.unwrap_or_default())
    }

    /// Has all of a library looked at again where its albums aren't at the version that was named last. For those whose plans depend on albums: an album that is renamed changes no asset.
    pub fn follow_albums(&self, source: SourceId, version: u64) -> Result<(), StateError> {
        let key = albums_seen_key(self.id, source);
        if self.state.index()?.get(&key)? == Some(version) {
            return Ok(());
        }
        let mut batch = Batch::default();
        batch.put(&key, &version)?;
        batch.remove(&mark_key(self.id, source));
        self.state.index()?.apply(batch)
    }

    /// Looked at and not settled, from an entry on.
    pub fn dirty(&self, after: Option<&DirtyEntry>, limit: usize) -> Result<Vec<DirtyEntry>, StateError> {
        let prefix = Key::new(b'D').number(self.id.0).bytes();
        let from = match after {
            Some(entry) => dirty_key(self.id, entry.source, Ordinal(entry.ordinal.0 + 1)),
            None => prefix.clone(),
        };
        self.state
            .index()?
            .range::<()>(&prefix, &from)
            .take(limit)
            .map(|found| {
                let (key, ()) = found?;
                let source = key
                    .get(5..9)
                    .and_then(|bytes| bytes.try_into().ok())
                    .map_or(0, u32::from_be_bytes);
                Ok(DirtyEntry {
                    source: SourceId(source),
                    ordinal: Ordinal(crate::index::trailing(&key)),
                })
            })
            .collect()
    }

    /// What was last found of an asset.
    pub fn status(&self, source: SourceId, asset: &AssetId) -> Result<Option<AssetStatus>, StateError> {
        match self.state.ordinal(source, asset)? {
            Some(ordinal) => self.state.index()?.get(&status_key(self.id, source, ordinal)),
            None => Ok(None),
        }
    }

    /// Statuses with problems, the first so many.
    pub fn problems(&self, limit: usize) -> Result<Vec<Problem>, StateError> {
        let mut problems = Vec::new();
        let mut after = None;
        while problems.len() < limit {
            let dirty = self.dirty(after.as_ref(), 100)?;
            let Some(last) = dirty.last().cloned() else { break };
            for entry in dirty {
                let status: Option<AssetStatus> =
                    self.state
                        .index()?
                        .get(&status_key(self.id, entry.source, entry.ordinal))?;
                problems.extend(status.into_iter().flat_map(|status| status.problems));
            }
            after = Some(last);
        }
        problems.truncate(limit);
        Ok(problems)
    }

    /// The lane's counters.
    pub fn totals(&self) -> Result<LaneTotals, StateError> {
        Ok(self.state.index()?.get(&totals_key(self.id))?.unwrap_or_default())
    }

    /// Records what was found of assets, and up to where all was looked at, together with the counters.
    pub fn record(
        &self,
        statuses: Vec<(SourceId, AssetId, AssetStatus)>,
        marks: &[(SourceId, Seq)],
    ) -> Result<(), StateError> {
        let _one_at_a_time = self.state.counting().lock();
        failpoint("cursor/before");
        let index = self.state.index()?;
        let mut totals = self.totals()?;
        let mut facts: SpecFacts = index.get(&spec_key(&self.spec))?.unwrap_or_default();
        let place = facts.lanes.iter().position(|lane| *lane == self.id);
        let mut batch = Batch::default();
        // The last word on an asset counts, also within one call.
        let mut latest = std::collections::BTreeMap::new();
        for (source, asset, status) in statuses {
            if let Some(ordinal) = self.state.ordinal(source, &asset)? {
                latest.insert((source, ordinal), status);
            }
        }
        for ((source, ordinal), status) in latest {
            let key = status_key(self.id, source, ordinal);
            let rest = key.get(5..).unwrap_or_default();
            let mut all = self.state.statuses(&facts.lanes, rest)?;
            let before: Option<AssetStatus> = index.get(&key)?;
            if let Some(before) = &before {
                totals.take(before, Sign::Minus);
            }
            totals.take(&status, Sign::Plus);
            if let Some(place) = place {
                facts.totals.take(&all, Sign::Minus);
                if let Some(slot) = all.get_mut(place) {
                    *slot = Some(status.clone());
                }
                facts.totals.take(&all, Sign::Plus);
            }
            if status.state == StatusState::Settled {
                batch.remove(&dirty_key(self.id, source, ordinal));
            } else {
                batch.put(&dirty_key(self.id, source, ordinal), &())?;
            }
            batch.put(&key, &status)?;
        }
        for (source, seq) in marks {
            batch.put(&mark_key(self.id, *source), seq)?;
        }
        batch.put(&totals_key(self.id), &totals)?;
        if place.is_some() {
            batch.put(&spec_key(&self.spec), &facts)?;
        }
        index.apply(batch)?;
        failpoint("cursor/after");
        Ok(())
    }
}
