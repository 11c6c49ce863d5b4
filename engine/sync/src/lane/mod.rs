//! A destination's part of a run: dirty assets are planned, located in batches, sent, published in batches, recorded; what fails stays dirty with its reason.

mod ahead;
mod drive;
mod order;
mod outcome;
mod planning;
mod relayout;
mod removing;
mod staging;
mod status;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use camroll_model::{Asset, ConnectorError, Features, Problem, Retry, Role};
use camroll_plan::{FoldedPath, Holder, Presence, Shelf, Wish, removes_nothing, with_sidecar};
use camroll_spec::{Albums, Destination};
use camroll_state::Lane;
use tokio::sync::watch;

use crate::albums::{Memberships, keep_albums};
use crate::annotate::tell_owed;
use crate::approval::Approved;
use crate::context::{Context, HeardLibrary, Mode};
use crate::failure::Failure;
use crate::preview::Preview;
use crate::transfer::Place;

/// Assets that are planned at a time.
pub(crate) const PLAN_BATCH: usize = 200;
/// Files in one `locate`.
const LOCATE_BATCH: usize = 100;
/// Batches of statuses between two checkpoints of the index: what a crash has listed again is bounded by it.
const CHECKPOINT: u32 = 32;
/// Problems that are kept of one asset.
const PROBLEMS_AN_ASSET: usize = 8;

/// How far the source was heard, told to the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// More may come; the number changes with each page.
    Goes(u64),
    /// All was heard.
    Done,
    /// It broke off.
    BrokeOff,
}

/// What a lane came to.
#[derive(Default)]
pub(crate) struct LaneReport {
    pub put: u64,
    pub replaced: u64,
    /// Files that got another path.
    pub renamed: u64,
    /// Files that were taken away.
    pub removed: u64,
    /// Files that are to go and wait for a later run.
    pub not_yet: u64,
    /// Files that should have got another path, or gone, and stay as they are.
    pub not_done: u64,
    pub bytes: u64,
    pub failure: Option<Failure>,
    pub preview: Preview,
    /// What was said of assets in this run, the first of them.
    pub problems: Vec<Problem>,
}

/// A destination's part of a run.
pub(crate) struct LaneRun {
    pub context: Arc<Context>,
    pub destination: Destination,
    pub place: Arc<Place>,
    pub features: Features,
    pub free: Option<u64>,
    pub fingerprint: [u8; 32],
    /// What a person approved; without it, whatever the spec wants, within the brake.
    pub approved: Option<Approved>,
    pub lane: Lane,
    /// Which albums assets are in, once all was heard; nothing where the spec doesn't ask.
    pub memberships: Memberships,
}

pub(crate) struct LaneShelf<'a> {
    pub run: &'a LaneRun,
    pub reserved: &'a HashMap<FoldedPath, Option<Holder>>,
}

impl Shelf for LaneShelf<'_> {
    fn holder(&self, path: &FoldedPath) -> Option<Holder> {
        if let Some(holder) = self.reserved.get(path) {
            return Some(holder.clone().unwrap_or(Holder::Foreign));
        }
        // A broken index shows when the plan is recorded; until then the path counts as taken.
        match self.run.context.state.holder(self.run.place.id, path.as_str()) {
            Ok(holder) => holder.map(|(source, asset)| Holder::Asset { source, asset }),
            Err(_) => Some(Holder::Foreign),
        }
    }
}

impl LaneRun {
    /// What is wished of this destination for what a library has.
    pub(crate) fn wish<'a>(&'a self, library: &'a HeardLibrary) -> Wish<'a> {
        Wish {
            spec: &self.context.spec,
            destination: &self.destination,
            features: &self.features,
            library: &library.library,
        }
    }

    /// An asset as this destination is to have it: with the sidecar that the spec asks for.
    pub(crate) fn as_wished<'a>(&self, asset: &'a Asset) -> Cow<'a, Asset> {
        with_sidecar(asset, &self.context.spec, &self.features)
    }

    /// What receipts say of an asset, or of one file of it, that isn't here as it should be.
    pub(crate) fn problem(&self, asset: &Asset, role: Option<Role>, error: &ConnectorError, retry: Retry) -> Problem {
        let asset = Some((&asset.id, asset.name.as_deref()));
        self.place.problem(asset, role, error, retry)
    }

    pub(crate) async fn run(mut self, mut hearing: watch::Receiver<Hearing>) -> LaneReport {
        let mut report = LaneReport::default();
        report.preview.free = self.free;
        report.preview.proves = Some(self.features.proves()).filter(|proves| *proves < self.destination.require_proof);
        report.preview.removes_nothing = removes_nothing(&self.context.spec, &self.destination, &self.features);
        report.preview.fingerprint = hex::encode(self.fingerprint);
        let driven = match self.hear_of_albums(&mut hearing).await {
            Ok(Albumed::Known) => self.drive(&mut hearing, &mut report).await,
            Ok(Albumed::NotKnown) => {
                self.context.readings.over(self.place.lane);
                return report;
            }
            Err(failure) => Err(failure),
        };
        self.context.readings.over(self.place.lane);
        // Last: what is placed is recorded by then, and no other destination waits for it.
        let all = match driven {
            Ok(()) => match self.relayout(&mut report).await {
                Ok(()) => self.besides_bytes(&mut report).await,
                Err(failure) => Err(failure),
            },
            Err(failure) => Err(failure),
        };
        // A brake that tripped is told there already.
        if let Err(failure) = all {
            report.failure = Some(failure);
        }
        report
    }
}

/// Whether what the spec asks of albums is known.
enum Albumed {
    /// It is, or nothing is asked.
    Known,
    /// Hearing broke off: who isn't known to be in an album may be in it. The run says why.
    NotKnown,
}

impl LaneRun {
    /// Where the spec asks for albums, waits until all was heard: only then an asset is in no other album than those that were told. All destinations of a spec wait, so that they read together.
    async fn hear_of_albums(&mut self, hearing: &mut watch::Receiver<Hearing>) -> Result<Albumed, Failure> {
        let context = &self.context;
        if !context.spec.asks_for_albums() {
            return Ok(Albumed::Known);
        }
        while matches!(*hearing.borrow_and_update(), Hearing::Goes(_)) {
            // Who heard is gone without a last word: as if it broke off.
            if hearing.changed().await.is_err() {
                return Ok(Albumed::NotKnown);
            }
        }
        if *hearing.borrow() != Hearing::Done {
            return Ok(Albumed::NotKnown);
        }
        for library in &context.libraries {
            let version = context.state.albums_version(library.id)?;
            self.lane.follow_albums(library.id, version)?;
        }
        let libraries = context.libraries.iter().map(|library| library.id);
        self.memberships = Memberships::read(&context.state, [&*context.spec], libraries)?;
        Ok(Albumed::Known)
    }

    /// What isn't in the files: when all is where it shall be, so that albums name what is there.
    async fn besides_bytes(&self, report: &mut LaneReport) -> Result<(), Failure> {
        if self.context.mode == Mode::Plan {
            return Ok(());
        }
        tell_owed(&self.context, &self.place, report).await?;
        match self.context.spec.albums {
            Albums::Keep => keep_albums(&self.context, &self.place, report).await,
            Albums::Ignore => Ok(()),
        }
    }
}

/// Whether an asset is in its library, in the planner's words.
pub(crate) fn presence(known: camroll_state::Presence) -> Presence {
    match known {
        camroll_state::Presence::Here => Presence::Here,
        camroll_state::Presence::Gone(departure) => Presence::Gone(departure),
    }
}
