use camroll_model::{Instant, KeptCounts, MissingVersions, Problem, ProofCounts};
use serde::{Deserialize, Serialize};

/// Problems that are kept of an asset; more are cut off.
const PROBLEMS: usize = 16;
/// Longest text of a problem that is kept, bytes; longer ones end in "…".
const TEXT: usize = 1024;

/// Whether a spec wants an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// It does.
    In,
    /// Its filters don't take it; the code says which, for people.
    Out(String),
    /// It left its library.
    Gone,
}

/// How far an asset is at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settlement {
    /// All that is wanted of it is placed. An asset out of scope is settled too.
    Settled,
    /// Not yet.
    Pending,
    /// Tried, and failed.
    Failed,
}

/// What a lane knows of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetStatus {
    /// Whether it is wanted.
    pub scope: Scope,
    /// How far it is.
    pub state: Settlement,
    /// Files wanted = placed at all levels + pending + failed + skipped.
    pub wanted: u64,
    /// Files placed, by their proof.
    pub placed: ProofCounts,
    /// Files not placed yet.
    pub pending: u64,
    /// Files that failed.
    pub failed: u64,
    /// Files left out.
    pub skipped: u64,
    /// Versions that are wanted, and that the source doesn't have.
    pub missing: MissingVersions,
    /// What stays there though it is no longer wanted: 1 or 0 for the asset.
    pub kept: KeptCounts,
    /// What went wrong. 16 at most are kept.
    pub problems: Vec<Problem>,
    /// Tries so far.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_try: Option<Instant>,
}

impl AssetStatus {
    /// Of an asset that nothing is known of but this.
    pub fn new(scope: Scope, state: Settlement) -> Self {
        Self {
            scope,
            state,
            wanted: 0,
            placed: ProofCounts::default(),
            pending: 0,
            failed: 0,
            skipped: 0,
            missing: MissingVersions::default(),
            kept: KeptCounts::default(),
            problems: Vec::new(),
            attempts: 0,
            next_try: None,
        }
    }

    /// The same, within the bounds of what is kept.
    pub(super) fn bounded(mut self) -> Self {
        self.problems.truncate(PROBLEMS);
        for problem in &mut self.problems {
            shorten(&mut problem.message);
            shorten(&mut problem.code);
            for text in [
                &mut problem.asset,
                &mut problem.name,
                &mut problem.resource,
                &mut problem.destination,
            ] {
                text.as_mut().map(shorten);
            }
        }
        if let Scope::Out(code) = &mut self.scope {
            shorten(code);
        }
        self
    }
}

fn shorten(text: &mut String) {
    if text.len() > TEXT {
        let end = (0..=TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
}

/// The sums of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneTotals {
    /// Assets that were looked at.
    pub assets: u64,
    /// Files wanted = placed at all levels + pending + failed + skipped.
    pub wanted: u64,
    /// Files placed, by their proof.
    pub placed: ProofCounts,
    /// Files not placed yet.
    pub pending: u64,
    /// Files that failed.
    pub failed: u64,
    /// Files left out.
    pub skipped: u64,
    /// Versions that the source doesn't have.
    pub missing: MissingVersions,
    /// Assets of which something stays though it is no longer wanted.
    pub kept: KeptCounts,
    /// Assets that aren't settled.
    pub unsettled: u64,
}

impl LaneTotals {
    pub(super) fn add(&mut self, status: &AssetStatus) {
        self.each(status, |total, one| *total = total.saturating_add(one));
    }

    pub(super) fn subtract(&mut self, status: &AssetStatus) {
        self.each(status, |total, one| *total = total.saturating_sub(one));
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.assets += other.assets;
        self.unsettled += other.unsettled;
        let sums = AssetStatus {
            wanted: other.wanted,
            placed: other.placed,
            pending: other.pending,
            failed: other.failed,
            skipped: other.skipped,
            missing: other.missing,
            kept: other.kept,
            ..AssetStatus::new(Scope::In, Settlement::Settled)
        };
        self.add(&sums);
        self.assets -= 1;
    }

    fn each(&mut self, status: &AssetStatus, change: impl Fn(&mut u64, u64)) {
        let unsettled = u64::from(status.state != Settlement::Settled);
        for (total, one) in [
            (&mut self.assets, 1),
            (&mut self.wanted, status.wanted),
            (&mut self.placed.accepted, status.placed.accepted),
            (&mut self.placed.service_reported, status.placed.service_reported),
            (&mut self.placed.service_checked, status.placed.service_checked),
            (&mut self.placed.read_back, status.placed.read_back),
            (&mut self.pending, status.pending),
            (&mut self.failed, status.failed),
            (&mut self.skipped, status.skipped),
            (&mut self.missing.original, status.missing.original),
            (&mut self.missing.edited, status.missing.edited),
            (&mut self.missing.paired_video, status.missing.paired_video),
            (&mut self.kept.left_scope, status.kept.left_scope),
            (&mut self.kept.gone_at_source, status.kept.gone_at_source),
            (&mut self.unsettled, unsettled),
        ] {
            change(total, one);
        }
    }
}
