//! What a lane has under way.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use camroll_model::{Asset, AssetId, ConnectorError, Located, Placement};
use camroll_plan::{FoldedPath, Holder};
use camroll_state::{AssetStatus, Catalogued, Seq, SourceId};

use super::ahead::Seen;
use crate::commit::Committed;
use crate::context::HeardLibrary;
use crate::transfer::{Held, Job};
use crate::trouble::Trouble;

/// An asset under way.
pub(super) struct Flight {
    pub(super) library: Arc<HeardLibrary>,
    pub(super) asset: Arc<Asset>,
    pub(super) seq: Option<Seq>,
    pub(super) status: AssetStatus,
    /// Files that go one after another, each when the one before it ended.
    pub(super) then: VecDeque<Job>,
    pub(super) waiting_for: usize,
}

/// Files of an asset that left its library, to be taken away.
pub(super) struct Removal {
    pub(super) library: Arc<HeardLibrary>,
    pub(super) asset: Arc<Asset>,
    pub(super) placements: Vec<Placement>,
    /// Files of it that are to go and that the plan which a person approved doesn't name.
    pub(super) not_named: usize,
    pub(super) status: AssetStatus,
}

pub(super) struct Staging {
    pub(super) flights: HashMap<u64, Flight>,
    /// The tickets of assets that are under way.
    pub(super) flying: HashMap<(SourceId, AssetId), u64>,
    pub(super) next_ticket: u64,
    /// By library: what arrived and isn't recorded yet, and up to where all was looked at.
    pub(super) open: BTreeMap<SourceId, BTreeSet<Seq>>,
    pub(super) looked: BTreeMap<SourceId, Seq>,
    pub(super) settled: Vec<(SourceId, AssetId, AssetStatus)>,
    pub(super) reserved: HashMap<FoldedPath, Option<Holder>>,
    pub(super) jobs: VecDeque<Job>,
    pub(super) ready: VecDeque<(Job, Located)>,
    pub(super) held: Vec<Held>,
    pub(super) destructive: Vec<(u64, Vec<Job>)>,
    /// What is to go of assets that left: it waits for the brake, and until all was heard.
    pub(super) removals: Vec<Removal>,
    pub(super) deferred: Vec<Catalogued>,
    pub(super) recorded: u32,
    /// What lay where the batch that is planned now goes.
    pub(super) seen: Seen,
}

/// How an asset that was told again stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It isn't under way.
    Idle,
    /// All that is left of it waits for the brake, and that for all to be planned: this one too.
    AtTheBrake(u64),
    /// Files of it move.
    Flying,
}

impl Staging {
    pub(super) fn standing(&self, entry: &Catalogued) -> Standing {
        let key = (entry.source, entry.asset.id.clone());
        let Some(ticket) = self.flying.get(&key).copied() else {
            return Standing::Idle;
        };
        let braked = self.destructive.iter().find(|(braked, _)| *braked == ticket);
        let left = self.flights.get(&ticket).map(|flight| flight.waiting_for);
        match (braked, left) {
            (Some((_, jobs)), Some(left)) if jobs.len() == left => Standing::AtTheBrake(ticket),
            _ => Standing::Flying,
        }
    }

    /// Takes out what was told again while it was under way and can be planned now.
    pub(super) fn take_ripe(&mut self) -> Vec<Catalogued> {
        let (flying, ripe) = std::mem::take(&mut self.deferred)
            .into_iter()
            .partition(|entry| self.standing(entry) == Standing::Flying);
        self.deferred = flying;
        ripe
    }

    pub(super) fn has_ripe(&self) -> bool {
        self.deferred
            .iter()
            .any(|entry| self.standing(entry) != Standing::Flying)
    }

    /// Forgets what was planned of an asset that waits for the brake: it is planned anew from what was told since.
    pub(super) fn take_back(&mut self, ticket: u64) {
        self.destructive.retain(|(braked, _)| *braked != ticket);
        let Some(flight) = self.flights.remove(&ticket) else {
            return;
        };
        self.flying.remove(&(flight.library.id, flight.asset.id.clone()));
        if let Some(seq) = flight.seq {
            close(self, flight.library.id, seq);
        }
    }
}

pub(super) enum Step {
    Located(Vec<Job>, Result<Vec<Result<Located, ConnectorError>>, ConnectorError>),
    /// Brought, and not to be seen yet; or not brought.
    Transferred(Box<Result<Held, (Job, Trouble)>>),
    /// Brought to a service that shows it at once.
    Shown(Vec<Committed>),
    Committed(Vec<Committed>),
}

pub(super) fn close(staging: &mut Staging, source: SourceId, seq: Seq) {
    if let Some(open) = staging.open.get_mut(&source) {
        open.remove(&seq);
    }
}
