//! What a lane has under way.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use camroll_model::{Asset, AssetId, ConnectorError, Located};
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

pub(super) struct Staging {
    pub(super) flights: HashMap<u64, Flight>,
    pub(super) flying: HashSet<(SourceId, AssetId)>,
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
    pub(super) deferred: Vec<Catalogued>,
    pub(super) recorded: u32,
    /// What lay where the batch that is planned now goes.
    pub(super) seen: Seen,
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
