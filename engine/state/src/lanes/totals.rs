//! Counts of assets over all lanes of a spec: an asset is settled where it is settled at every one.

use std::collections::BTreeMap;

use camroll_model::AssetCounts;
use serde::{Deserialize, Serialize};

use super::lane::Lane;
use super::status::{AssetStatus, LaneTotals, Scope, Settlement};
use crate::catalogue::SourceId;
use crate::error::StateError;
use crate::index::Transaction;
use crate::index::keys::{self, Family};
use crate::state::State;

/// The sums of a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Assets that were looked at: in_scope = settled + pending + failed.
    pub assets: AssetCounts,
    /// Assets that left their library, and are in neither count.
    pub gone: u64,
    /// Of each lane, in the order asked.
    pub lanes: Vec<LaneTotals>,
}

/// How an asset is over all lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Combined {
    Settled,
    Pending,
    Failed,
    Out,
    Gone,
}

/// What of a status matters for the whole.
#[derive(Clone, Copy)]
struct Part {
    scope: PartScope,
    state: Settlement,
}

#[derive(Clone, Copy, PartialEq)]
enum PartScope {
    In,
    Out,
    Gone,
}

impl Part {
    fn of(status: &AssetStatus) -> Self {
        let scope = match status.scope {
            Scope::In => PartScope::In,
            Scope::Out(_) => PartScope::Out,
            Scope::Gone => PartScope::Gone,
        };
        Self {
            scope,
            state: status.state,
        }
    }
}

/// One asset over all lanes; a lane that didn't look at it yet has none.
fn combine(parts: impl Iterator<Item = Option<Part>>) -> Option<Combined> {
    let (mut lanes, mut seen, mut scope, mut unsettled, mut failed) = (0, 0, PartScope::Gone, 0, 0);
    for part in parts {
        lanes += 1;
        let Some(part) = part else { continue };
        seen += 1;
        scope = match (scope, part.scope) {
            (PartScope::In, _) | (_, PartScope::In) => PartScope::In,
            (PartScope::Out, _) | (_, PartScope::Out) => PartScope::Out,
            _ => PartScope::Gone,
        };
        unsettled += u32::from(part.state != Settlement::Settled);
        failed += u32::from(part.state == Settlement::Failed);
    }
    if seen == 0 {
        return None;
    }
    Some(match scope {
        PartScope::Out => Combined::Out,
        PartScope::Gone => Combined::Gone,
        PartScope::In if failed > 0 => Combined::Failed,
        PartScope::In if unsettled > 0 || seen < lanes => Combined::Pending,
        PartScope::In => Combined::Settled,
    })
}

/// Counts of assets of a source, kept in the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct AssetTotals {
    settled: u64,
    pending: u64,
    failed: u64,
    out: u64,
    gone: u64,
}

impl AssetTotals {
    fn of(&mut self, combined: Combined) -> &mut u64 {
        match combined {
            Combined::Settled => &mut self.settled,
            Combined::Pending => &mut self.pending,
            Combined::Failed => &mut self.failed,
            Combined::Out => &mut self.out,
            Combined::Gone => &mut self.gone,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ViewRecord {
    /// In order of their numbers.
    lanes: Vec<u32>,
}

/// The lanes over which a spec's assets are counted, and the counts that a transaction changes.
pub(super) struct View {
    spec: String,
    lanes: Vec<u32>,
    changed: BTreeMap<u32, AssetTotals>,
}

impl View {
    /// The view of a spec, once its totals were asked for.
    pub(super) fn of(transaction: &Transaction<'_>, spec: &str) -> Result<Option<Self>, StateError> {
        let record = transaction.get::<ViewRecord>(&keys::named(Family::View, &[spec]))?;
        Ok(record.map(|record| Self {
            spec: spec.to_owned(),
            lanes: record.lanes,
            changed: BTreeMap::new(),
        }))
    }

    pub(super) fn holds(&self, lane: u32) -> bool {
        self.lanes.contains(&lane)
    }

    /// Takes in that a lane has another status for an asset.
    pub(super) fn change(
        &mut self,
        transaction: &mut Transaction<'_>,
        lane: u32,
        source: u32,
        number: u64,
        before: Option<&AssetStatus>,
        after: &AssetStatus,
    ) -> Result<(), StateError> {
        let mut others = Vec::with_capacity(self.lanes.len());
        for other in self.lanes.iter().filter(|other| **other != lane) {
            others.push(part(transaction, *other, source, number)?);
        }
        let with = |own: Option<Part>| combine(others.iter().copied().chain([own]));
        let (before, after) = (with(before.map(Part::of)), with(Some(Part::of(after))));
        if before == after {
            return Ok(());
        }
        let totals = match self.changed.entry(source) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(
                transaction
                    .get(&keys::asset_totals(&self.spec, source))?
                    .unwrap_or_default(),
            ),
        };
        if let Some(before) = before {
            let count = totals.of(before);
            *count = count.saturating_sub(1);
        }
        if let Some(after) = after {
            *totals.of(after) += 1;
        }
        Ok(())
    }

    pub(super) fn keep(self, transaction: &mut Transaction<'_>) -> Result<(), StateError> {
        self.changed
            .iter()
            .try_for_each(|(source, totals)| transaction.put(keys::asset_totals(&self.spec, *source), totals))
    }
}

fn part(transaction: &Transaction<'_>, lane: u32, source: u32, number: u64) -> Result<Option<Part>, StateError> {
    let status = transaction.get::<AssetStatus>(&keys::of_lane_asset(Family::Status, lane, source, number))?;
    Ok(status.as_ref().map(Part::of))
}

pub(super) fn totals(state: &State, spec: &str, lanes: &[Lane], sources: &[SourceId]) -> Result<Totals, StateError> {
    let mut ids: Vec<_> = lanes
        .iter()
        .filter(|lane| lane.is_of(spec))
        .map(|lane| lane.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let transaction = state.inner().index.begin();
    let transaction = match View::of(&transaction, spec)? {
        Some(view) if view.lanes == ids => transaction,
        _ => {
            count(transaction, spec, ids)?;
            state.touched();
            state.inner().index.begin()
        }
    };
    let mut totals = Totals::default();
    for source in sources {
        let of_source = transaction
            .get::<AssetTotals>(&keys::asset_totals(spec, source.0))?
            .unwrap_or_default();
        totals.assets.in_scope += of_source.settled + of_source.pending + of_source.failed;
        totals.assets.settled += of_source.settled;
        totals.assets.pending += of_source.pending;
        totals.assets.failed += of_source.failed;
        totals.assets.out_of_scope += of_source.out;
        totals.gone += of_source.gone;
    }
    for lane in lanes {
        let mut sums = LaneTotals::default();
        for source in sources {
            sums.join(&lane.totals(*source)?);
        }
        totals.lanes.push(sums);
    }
    Ok(totals)
}

/// Counts all over again, and keeps that these are the lanes.
fn count(mut transaction: Transaction<'_>, spec: &str, lanes: Vec<u32>) -> Result<(), StateError> {
    let counted = recount(&transaction, &lanes)?;
    let sources = transaction.keys(&keys::named(Family::AssetTotals, &[spec]))?;
    for key in sources {
        transaction.remove(key);
    }
    for (source, totals) in counted {
        transaction.put(keys::asset_totals(spec, source), &totals)?;
    }
    transaction.put(keys::named(Family::View, &[spec]), &ViewRecord { lanes })?;
    transaction.commit()
}

/// What the counts are, from every status.
fn recount(transaction: &Transaction<'_>, lanes: &[u32]) -> Result<BTreeMap<u32, AssetTotals>, StateError> {
    let mut counted: BTreeMap<u32, AssetTotals> = BTreeMap::new();
    for (place, lane) in lanes.iter().enumerate() {
        transaction
            .index()
            .each(&keys::numbered(Family::Status, *lane), |key, _| {
                let (Some(source), Some(number)) = (keys::number_at(key, 5), keys::last_number(key)) else {
                    return Ok(());
                };
                let mut parts = Vec::with_capacity(lanes.len());
                for (other_place, other) in lanes.iter().enumerate() {
                    let part = part(transaction, *other, source, number)?;
                    if other_place < place && part.is_some() {
                        // Counted there.
                        return Ok(());
                    }
                    parts.push(part);
                }
                if let Some(combined) = combine(parts.into_iter()) {
                    *counted.entry(source).or_default().of(combined) += 1;
                }
                Ok(())
            })?;
    }
    Ok(counted)
}
