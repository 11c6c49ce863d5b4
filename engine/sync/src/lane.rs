//! A destination's part of a run: dirty assets are planned, located in batches, sent, published in batches, recorded; what fails stays dirty with its reason.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use camroll_model::{Action, Asset, AssetId, ConnectorError, ErrorClass, Features, Located, Placement, Problem, Retry};
use camroll_plan::{AssetPlan, Brake, FoldedPath, Holder, Presence, Shelf, Wish, fold, plan_asset};
use camroll_spec::{Destination, Existing};
use camroll_state::{AssetStatus, Catalogued, DirtyEntry, Lane, Loss, Placed, Seq, SourceId, StatusScope, StatusState};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::commit::{Committed, commit};
use crate::context::{Context, HeardLibrary, Mode, problem};
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::preview::{Preview, PreviewAction};
use crate::progress::{Arrival, Event};
use crate::stop::StopRequest;
use crate::survey::{Listing, Lying, look};
use crate::transfer::{Held, Job, Place, Transferred, locate, state_failed, transfer};

/// Assets that are planned at a time.
const PLAN_BATCH: usize = 200;
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
    pub lane: Lane,
}

/// An asset under way.
struct Flight {
    library: Arc<HeardLibrary>,
    asset: Arc<Asset>,
    seq: Option<Seq>,
    status: AssetStatus,
    waiting_for: usize,
}

struct Staging {
    flights: HashMap<u64, Flight>,
    flying: HashSet<(SourceId, AssetId)>,
    next_ticket: u64,
    /// By library: what arrived and isn't recorded yet, and up to where all was looked at.
    open: BTreeMap<SourceId, BTreeSet<Seq>>,
    looked: BTreeMap<SourceId, Seq>,
    settled: Vec<(SourceId, AssetId, AssetStatus)>,
    reserved: HashMap<FoldedPath, Option<Holder>>,
    jobs: VecDeque<Job>,
    ready: VecDeque<(Job, Located)>,
    held: Vec<Held>,
    destructive: Vec<(u64, Vec<Job>)>,
    deferred: Vec<Catalogued>,
    planned_bytes: u64,
    recorded: u32,
}

enum Step {
    Located(Vec<Job>, Result<Vec<Result<Located, ConnectorError>>, ConnectorError>),
    Transferred(Box<Result<Transferred, (Job, ConnectorError)>>),
    Committed(Vec<Committed>),
}

struct LaneShelf<'a> {
    run: &'a LaneRun,
    reserved: &'a HashMap<FoldedPath, Option<Holder>>,
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
    pub(crate) async fn run(self, mut hearing: watch::Receiver<Hearing>) -> LaneReport {
        let mut report = LaneReport::default();
        if let Err(failure) = self.drive(&mut hearing, &mut report).await {
            report.failure = Some(failure);
        }
        report
    }

    async fn drive(&self, hearing: &mut watch::Receiver<Hearing>, report: &mut LaneReport) -> Result<(), Failure> {
        let mut staging = Staging {
            flights: HashMap::new(),
            flying: HashSet::new(),
            next_ticket: 0,
            open: BTreeMap::new(),
            looked: BTreeMap::new(),
            settled: Vec::new(),
            reserved: HashMap::new(),
            jobs: VecDeque::new(),
            ready: VecDeque::new(),
            held: Vec::new(),
            destructive: Vec::new(),
            deferred: Vec::new(),
            planned_bytes: 0,
            recorded: 0,
        };
        let listing = match self.destination.existing {
            Existing::Compare => {
                let read = Listing::read(&self.place.link).await;
                Some(read.map_err(|error| Failure::Destination(self.place.name.clone(), error))?)
            }
            Existing::Skip | Existing::Ignore => None,
        };
        let mut manifest = ManifestWriter::new(&self.context, &self.place)?;
        let mut manifest_open = false;
        let mut steps: JoinSet<Step> = JoinSet::new();
        let (mut locating, mut sending, mut committing) = (0usize, 0usize, 0usize);
        let transfers = self.context.spec.limits.transfers.get() as usize;
        let batch = self.features.commit_batch.max(1) as usize;
        let mut dirty_after = None;
        let mut dirty_done = false;
        let mut planned_all = false;
        let mut braked = false;
        let mut fatal: Option<Failure> = None;
        loop {
            let stopped = self.context.stop.is_asked() || fatal.is_some();
            // Plan more where there is room for it; all of it, without sending, once the run is to stop.
            while !planned_all && (stopped || staging.jobs.len() < LOCATE_BATCH) {
                let heard = *hearing.borrow_and_update();
                let batch = self.next_batch(&mut staging, &mut dirty_after, &mut dirty_done)?;
                if batch.is_empty() {
                    if heard != *hearing.borrow() {
                        continue;
                    }
                    match heard {
                        Hearing::Goes(_) => break,
                        Hearing::Done | Hearing::BrokeOff
                            if !staging.flights.is_empty() && !staging.deferred.is_empty() =>
                        {
                            break;
                        }
                        Hearing::Done | Hearing::BrokeOff => planned_all = true,
                    }
                    continue;
                }
                for entry in batch {
                    if self.context.stop.asked() == StopRequest::Now {
                        return Err(Failure::Interrupted);
                    }
                    self.plan_one(entry, listing.as_ref(), &mut staging, report, stopped)
                        .await?;
                }
                if !stopped {
                    self.check_space(&staging)?;
                }
            }
            if stopped {
                self.leave_unsent(&mut staging, fatal.as_ref());
            } else {
                while locating < 2 && !staging.jobs.is_empty() && staging.ready.len() < LOCATE_BATCH {
                    let chunk = take_same_library(&mut staging.jobs, LOCATE_BATCH);
                    let context = Arc::clone(&self.context);
                    locating += 1;
                    steps.spawn(async move {
                        let Some(library) = chunk.first().map(|job| Arc::clone(&job.library)) else {
                            return Step::Located(chunk, Ok(Vec::new()));
                        };
                        let references = chunk.iter().map(Job::reference).collect();
                        let located = locate(&context, &library, references).await;
                        Step::Located(chunk, located)
                    });
                }
                if !manifest_open && !staging.ready.is_empty() {
                    manifest_open = true;
                    manifest.open(&self.context)?;
                }
                while sending < transfers && staging.held.len() < 4 * batch {
                    let Some((job, located)) = staging.ready.pop_front() else {
                        break;
                    };
                    let (context, place) = (Arc::clone(&self.context), Arc::clone(&self.place));
                    sending += 1;
                    steps.spawn(
                        async move { Step::Transferred(Box::new(transfer(&context, &place, job, located).await)) },
                    );
                }
            }
            if committing == 0 && !staging.held.is_empty() {
                let rest = staging.held.split_off(staging.held.len().min(batch));
                let now = std::mem::replace(&mut staging.held, rest);
                let (state, place, demanded) = (
                    Arc::clone(&self.context.state),
                    Arc::clone(&self.place),
                    self.destination.require_proof,
                );
                committing += 1;
                steps.spawn(async move { Step::Committed(commit(&state, &place, demanded, now).await) });
            }
            if steps.is_empty() {
                if planned_all && staging.jobs.is_empty() && staging.ready.is_empty() && staging.held.is_empty() {
                    if !braked && !stopped {
                        braked = true;
                        self.brake(&mut staging, report)?;
                        if !staging.jobs.is_empty() {
                            continue;
                        }
                    }
                    break;
                }
                if !planned_all && !stopped && staging.jobs.is_empty() {
                    // All that is known is done: wait for the source to tell more.
                    tokio::select! {
                        _ = hearing.changed() => {}
                        () = self.context.stop.wait(StopRequest::Gently) => {}
                    }
                }
                continue;
            }
            let step = tokio::select! {
                step = steps.join_next() => step,
                changed = hearing.changed(), if !planned_all && !stopped => { let _ = changed; None }
                () = self.context.stop.wait(StopRequest::Gently), if !stopped => None,
                () = self.context.stop.wait(StopRequest::Now) => {
                    self.record(&mut staging)?;
                    return Err(Failure::Interrupted);
                }
            };
            match step {
                None => {}
                Some(Err(panic)) => {
                    return Err(Failure::Destination(
                        self.place.name.clone(),
                        ConnectorError::new(ErrorClass::Unexpected, "sync/panic", panic.to_string()),
                    ));
                }
                Some(Ok(Step::Located(jobs, located))) => {
                    locating -= 1;
                    self.take_located(&mut staging, jobs, located, report, &mut fatal);
                }
                Some(Ok(Step::Transferred(transferred))) => {
                    sending -= 1;
                    match *transferred {
                        Ok(Transferred::Held(held)) => staging.held.push(*held),
                        Ok(Transferred::Stored(held)) => {
                            self.take_stored(&mut staging, *held, report, &mut manifest)?
                        }
                        Err((job, error)) => self.take_failed(&mut staging, &job, &error, report, &mut fatal),
                    }
                }
                Some(Ok(Step::Committed(committed))) => {
                    committing -= 1;
                    for one in committed {
                        match one.result {
                            Ok(placement) => self.take_placed(
                                &mut staging,
                                &one.held.job,
                                placement,
                                Arrival::Sent,
                                report,
                                &mut manifest,
                            ),
                            Err(error) => {
                                self.drop_intent(&one.held).await;
                                self.take_failed(&mut staging, &one.held.job, &error, report, &mut fatal);
                            }
                        }
                    }
                    manifest.flush_full(&self.place).await?;
                }
            }
            self.record(&mut staging)?;
        }
        if self.context.mode == Mode::Sync {
            manifest.finish(&self.context, &self.place).await?;
        }
        self.record_all(&mut staging)?;
        if let Some(failure) = fatal {
            return Err(failure);
        }
        if self.context.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        Ok(())
    }

    /// What to look at next: what wasn't settled before, then what arrived since, then what was under way when it was told again.
    fn next_batch(
        &self,
        staging: &mut Staging,
        dirty_after: &mut Option<DirtyEntry>,
        dirty_done: &mut bool,
    ) -> Result<Vec<Catalogued>, Failure> {
        if !*dirty_done {
            let dirty = self.lane.dirty(dirty_after.as_ref(), PLAN_BATCH)?;
            match dirty.last() {
                Some(last) => {
                    *dirty_after = Some(last.clone());
                    let mut batch = Vec::with_capacity(dirty.len());
                    for entry in dirty {
                        if self.context.library(entry.source).is_some()
                            && let Some(mut known) = self.context.state.asset_at(entry.source, entry.ordinal)?
                        {
                            known.already_looked_at = true;
                            batch.push(known);
                        }
                    }
                    if !batch.is_empty() {
                        return Ok(batch);
                    }
                    return self.next_batch(staging, dirty_after, dirty_done);
                }
                None => *dirty_done = true,
            }
        }
        for library in &self.context.libraries {
            let after = match staging.looked.get(&library.id) {
                Some(seq) => *seq,
                None => self.lane.mark(library.id)?,
            };
            let arrived = self.context.state.arrivals(library.id, after, PLAN_BATCH)?;
            if let Some(last) = arrived.last() {
                staging.looked.insert(library.id, last.seq);
                let open = staging.open.entry(library.id).or_default();
                open.extend(arrived.iter().map(|entry| entry.seq));
                return Ok(arrived);
            }
        }
        if staging.flights.is_empty() && !staging.deferred.is_empty() {
            return Ok(std::mem::take(&mut staging.deferred));
        }
        Ok(Vec::new())
    }

    async fn plan_one(
        &self,
        entry: Catalogued,
        listing: Option<&Listing>,
        staging: &mut Staging,
        report: &mut LaneReport,
        stopped: bool,
    ) -> Result<(), Failure> {
        let Some(library) = self.context.library(entry.source) else {
            return Ok(());
        };
        let library = Arc::new(library.clone());
        if staging.flying.contains(&(entry.source, entry.asset.id.clone())) {
            staging.deferred.push(entry);
            return Ok(());
        }
        let seq = (!entry.already_looked_at).then_some(entry.seq);
        let wish = Wish {
            spec: &self.context.spec,
            destination: &self.destination,
            features: &self.features,
            library: &library.library,
        };
        let presence = match entry.presence {
            camroll_state::Presence::Here => Presence::Here,
            camroll_state::Presence::Gone(departure) => Presence::Gone(departure),
        };
        let asset = Arc::new(entry.asset);
        let mut placements = self.context.state.placements(self.place.id, &library.key, &asset.id)?;
        let mut plan;
        let mut found = 0u64;
        loop {
            let shelf = LaneShelf {
                run: self,
                reserved: &staging.reserved,
            };
            plan = plan_asset(presence, &asset, &library.key, &wish, &placements, &shelf);
            match self.survey(&plan, &asset, &library, listing, staging).await? {
                Surveyed::Clear => break,
                Surveyed::Taken => {}
                Surveyed::Found(placed) => {
                    found += placed.len() as u64;
                    for one in placed {
                        self.context.progress.tell(Event::Placed {
                            path: one.placement.path().unwrap_or_default().to_owned(),
                            size: one.placement.size,
                            how: Arrival::Found,
                        });
                        if self.context.mode == Mode::Sync {
                            self.context.state.record_placed(self.place.id, vec![one.clone()])?;
                        }
                        placements.push(one.placement);
                    }
                }
            }
        }
        let mut status = status_of(&plan, &placements);
        for note in plan.notes(&asset, &self.place.name) {
            if report.problems.len() < 1000 {
                report.problems.push(note.clone());
            }
            push_problem(&mut status.problems, note);
        }
        report.preview.count(&plan, found);
        // Only a plan is told whole; a run's memory must not grow with the library.
        if self.context.mode == Mode::Plan {
            let told = plan.actions.iter().map(|action| PreviewAction::of(action, &asset));
            report.preview.actions.extend(told);
        }
        let ticket = staging.next_ticket;
        staging.next_ticket += 1;
        let (mut gentle, mut destructive) = (Vec::new(), Vec::new());
        for action in &plan.actions {
            if let Action::Put { file, .. } | Action::Replace { file, .. } = action
                && let Some(rules) = &self.features.names
            {
                let holder = Holder::Asset {
                    source: library.key.clone(),
                    asset: asset.id.clone(),
                };
                staging.reserved.insert(fold(&file.path, rules), Some(holder));
            }
            let Some(job) = Job::of(ticket, &library, &asset, action) else {
                continue;
            };
            if action.is_destructive() {
                destructive.push(job)
            } else {
                gentle.push(job)
            }
        }
        if self.context.mode == Mode::Plan {
            return Ok(());
        }
        let waiting_for = gentle.len() + destructive.len();
        if waiting_for == 0 || stopped {
            staging.settled.push((entry.source, asset.id.clone(), status));
            if let Some(seq) = seq {
                close(staging, entry.source, seq);
            }
            return Ok(());
        }
        let bytes = gentle.iter().filter_map(|job| job.file.size).sum();
        staging.planned_bytes += bytes;
        self.context.progress.tell(Event::Planned {
            files: gentle.len() as u64,
            bytes,
        });
        staging.flying.insert((entry.source, asset.id.clone()));
        staging.flights.insert(
            ticket,
            Flight {
                library,
                asset,
                seq,
                status,
                waiting_for,
            },
        );
        staging.jobs.extend(gentle);
        if !destructive.is_empty() {
            staging.destructive.push((ticket, destructive));
        }
        Ok(())
    }

    /// Looks at what lies where new files shall be. One that is taken by something else is remembered, and the asset is planned again.
    async fn survey(
        &self,
        plan: &AssetPlan,
        asset: &Arc<Asset>,
        library: &Arc<HeardLibrary>,
        listing: Option<&Listing>,
        staging: &mut Staging,
    ) -> Result<Surveyed, Failure> {
        let Some(rules) = &self.features.names else {
            return Ok(Surveyed::Clear);
        };
        let mut found = Vec::new();
        for action in &plan.actions {
            let Action::Put { file, .. } = action else { continue };
            let Some(resource) = asset.resource(&file.resource) else {
                continue;
            };
            let folded = fold(&file.path, rules);
            let lying = look(
                &self.place.link,
                self.destination.existing,
                listing,
                &file.path,
                resource,
            )
            .await
            .map_err(|error| Failure::Destination(self.place.name.clone(), error))?;
            match lying {
                Lying::Nothing => {}
                Lying::Other => {
                    staging.reserved.insert(folded, None);
                    return Ok(Surveyed::Taken);
                }
                Lying::Equal(entry, digests) => {
                    let path = entry.target.path.clone().unwrap_or_default();
                    let folded = fold(&path, rules);
                    // One file is one asset's: two assets of equal content are two files.
                    if let Some(holder) = self.context.state.holder(self.place.id, folded.as_str())?
                        && holder != (library.key.clone(), asset.id.clone())
                    {
                        staging.reserved.insert(fold(&file.path, rules), None);
                        return Ok(Surveyed::Taken);
                    }
                    found.push(Placed {
                        intent: None,
                        folded: folded.as_str().to_owned(),
                        placement: found_placement(library, asset, file, *entry, digests),
                    });
                }
            }
        }
        Ok(if found.is_empty() {
            Surveyed::Clear
        } else {
            Surveyed::Found(found)
        })
    }

    fn check_space(&self, staging: &Staging) -> Result<(), Failure> {
        match self.free {
            Some(free) if staging.planned_bytes > free => Err(Failure::Guard {
                code: "destination/no-space",
                message: format!(
                    "The destination {:?} has {free} bytes free, and at least {} are to be sent. Make room, or narrow the filters.",
                    self.place.name, staging.planned_bytes
                ),
                destination: Some(self.place.name.clone()),
            }),
            _ => Ok(()),
        }
    }

    /// Releases the destructive actions together, or leaves them pending together.
    fn brake(&self, staging: &mut Staging, report: &mut LaneReport) -> Result<(), Failure> {
        let destructive = std::mem::take(&mut staging.destructive);
        let wanted = destructive.iter().map(|(_, jobs)| jobs.len() as u64).sum::<u64>();
        if wanted == 0 {
            return Ok(());
        }
        let week_ago = self.context.now - jiff::SignedDuration::from_hours(7 * 24);
        let done = self.context.state.destructive_since(self.place.id, week_ago.into())?;
        let placed = self.context.state.placements_at(self.place.id)?;
        match camroll_plan::brake(&self.context.spec.limits.destructive, done, placed, wanted) {
            Brake::Released => staging.jobs.extend(destructive.into_iter().flat_map(|(_, jobs)| jobs)),
            Brake::Tripped { limit } => {
                let message = format!(
                    "{wanted} files would be replaced or removed at {:?} and {done} were in the last seven days; {limit} Raise it in the spec if that is meant.",
                    self.place.name
                );
                let error = ConnectorError::new(ErrorClass::Conflict, "brake/tripped", message.clone());
                for (_, jobs) in destructive {
                    for job in jobs {
                        let mut said = problem(Some((&job.asset.id, job.asset.name.as_deref())), &error, Retry::Person);
                        said.resource = Some(job.file.role.name().to_owned());
                        said.destination = Some(self.place.name.clone());
                        self.finish_one(staging, &job, FileEnd::Pending(said));
                    }
                }
                report.failure = Some(Failure::Guard {
                    code: "brake/tripped",
                    message,
                    destination: Some(self.place.name.clone()),
                });
            }
        }
        Ok(())
    }

    fn take_located(
        &self,
        staging: &mut Staging,
        jobs: Vec<Job>,
        located: Result<Vec<Result<Located, ConnectorError>>, ConnectorError>,
        report: &mut LaneReport,
        fatal: &mut Option<Failure>,
    ) {
        match located {
            Ok(all) => {
                for (job, one) in jobs.into_iter().zip(all) {
                    match one {
                        Ok(located) => staging.ready.push_back((job, located)),
                        Err(error) => self.take_failed(staging, &job, &error, report, fatal),
                    }
                }
            }
            Err(error) => {
                for job in &jobs {
                    self.take_failed(staging, job, &error, report, &mut None);
                }
                if fatal.is_none() && error.class != ErrorClass::Transient || self.context.source.is_broken() {
                    *fatal = Some(Failure::Source(error));
                }
            }
        }
    }

    fn take_stored(
        &self,
        staging: &mut Staging,
        held: Held,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
    ) -> Result<(), Failure> {
        let placed = Placed {
            intent: Some(held.key.clone()),
            folded: self.place.folded(&held.placement),
            placement: held.placement.clone(),
        };
        self.context.state.record_placed(self.place.id, vec![placed])?;
        self.take_placed(staging, &held.job, held.placement, Arrival::Sent, report, manifest);
        Ok(())
    }

    fn take_placed(
        &self,
        staging: &mut Staging,
        job: &Job,
        placement: Placement,
        how: Arrival,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
    ) {
        report.put += 1;
        report.bytes += placement.size;
        if job.replaces.is_some() {
            report.replaced += 1;
            let lost = self.context.state.record_lost(
                self.place.id,
                self.place.folded(&placement),
                Loss::Replaced,
                self.context.now.into(),
            );
            if let Err(error) = lost {
                tracing::warn!("{}", state_failed(&error));
            }
        }
        staging.planned_bytes = staging.planned_bytes.saturating_sub(placement.size);
        self.context.progress.tell(Event::Placed {
            path: job.file.path.clone(),
            size: placement.size,
            how,
        });
        manifest.add(&placement, &job.asset);
        // From here on the state knows whose the path is.
        if let Some(rules) = &self.features.names {
            staging.reserved.remove(&fold(&job.file.path, rules));
        }
        let proof = placement.proof;
        self.finish_one(staging, job, FileEnd::Placed(proof));
    }

    fn take_failed(
        &self,
        staging: &mut Staging,
        job: &Job,
        error: &ConnectorError,
        report: &mut LaneReport,
        fatal: &mut Option<Failure>,
    ) {
        let pending = error.class == ErrorClass::Cancelled || error.code == "pending";
        let mut said = problem(Some((&job.asset.id, job.asset.name.as_deref())), error, Retry::NextRun);
        said.resource = Some(job.file.role.name().to_owned());
        said.destination = Some(self.place.name.clone());
        if error.class != ErrorClass::Cancelled {
            self.context.progress.tell(Event::Failed {
                path: job.file.path.clone(),
                message: error.message.clone(),
            });
            if report.problems.len() < 1000 {
                report.problems.push(said.clone());
            }
        }
        // What concerns the whole place ends the lane; what concerns one file doesn't.
        let whole = matches!(error.class, ErrorClass::Quota)
            || matches!(
                error.code.as_str(),
                "files/read-only" | "files/vanished" | "files/no-folder" | "state/unusable"
            );
        if whole && fatal.is_none() {
            *fatal = Some(Failure::Destination(self.place.name.clone(), error.clone()));
        } else if error.class == ErrorClass::Unauthenticated && fatal.is_none() {
            *fatal = Some(Failure::Source(error.clone()));
        }
        self.finish_one(
            staging,
            job,
            if pending {
                FileEnd::Pending(said)
            } else {
                FileEnd::Failed(said)
            },
        );
    }

    /// What was planned and won't be sent in this run stays pending.
    fn leave_unsent(&self, staging: &mut Staging, fatal: Option<&Failure>) {
        let mut left: Vec<Job> = staging.jobs.drain(..).collect();
        left.extend(staging.ready.drain(..).map(|(job, _)| job));
        left.extend(staging.destructive.drain(..).flat_map(|(_, jobs)| jobs));
        for job in left {
            let error = match fatal {
                Some(failure) => {
                    ConnectorError::new(ErrorClass::Cancelled, "sync/not-sent", format!("Not sent: {failure}"))
                }
                None => crate::link::cancelled(),
            };
            let mut said = problem(Some((&job.asset.id, job.asset.name.as_deref())), &error, Retry::NextRun);
            said.destination = Some(self.place.name.clone());
            said.resource = Some(job.file.role.name().to_owned());
            self.finish_one(staging, &job, FileEnd::Pending(said));
        }
    }

    fn finish_one(&self, staging: &mut Staging, job: &Job, end: FileEnd) {
        let Some(flight) = staging.flights.get_mut(&job.ticket) else {
            return;
        };
        let status = &mut flight.status;
        status.pending = status.pending.saturating_sub(1);
        match end {
            FileEnd::Placed(proof) => {
                if let Some(count) = status.placed.get_mut(proof as usize) {
                    *count += 1;
                }
            }
            FileEnd::Pending(said) => {
                status.pending += 1;
                push_problem(&mut status.problems, said);
            }
            FileEnd::Failed(said) => {
                status.failed += 1;
                push_problem(&mut status.problems, said);
            }
        }
        flight.waiting_for -= 1;
        if flight.waiting_for > 0 {
            return;
        }
        let Some(flight) = staging.flights.remove(&job.ticket) else {
            return;
        };
        let Flight {
            library,
            asset,
            seq,
            mut status,
            ..
        } = flight;
        status.state = state_of(&status);
        staging.flying.remove(&(library.id, asset.id.clone()));
        staging.settled.push((library.id, asset.id.clone(), status));
        if let Some(seq) = seq {
            close(staging, library.id, seq);
        }
    }

    /// Records what ended, some at a time.
    fn record(&self, staging: &mut Staging) -> Result<(), Failure> {
        if staging.settled.len() < 64 {
            return Ok(());
        }
        self.record_all(staging)?;
        staging.recorded += 1;
        if staging.recorded.is_multiple_of(CHECKPOINT) {
            self.context.state.checkpoint()?;
        }
        Ok(())
    }

    fn record_all(&self, staging: &mut Staging) -> Result<(), Failure> {
        if self.context.mode == Mode::Plan {
            return Ok(());
        }
        let marks: Vec<(SourceId, Seq)> = staging
            .looked
            .iter()
            .map(|(source, looked)| {
                let first_open = staging.open.get(source).and_then(|open| open.first().copied());
                (*source, first_open.map_or(*looked, Seq::before))
            })
            .collect();
        self.lane.record(std::mem::take(&mut staging.settled), &marks)?;
        Ok(())
    }

    async fn drop_intent(&self, held: &Held) {
        let orphan = camroll_model::Orphan {
            path: held.job.file.path.clone(),
            idempotency_key: held.key.clone(),
            held: Some(held.token.clone()),
            checkpoint: None,
        };
        if let Err(error) = self.place.link.connection().abort(vec![orphan]).await {
            tracing::warn!(code = error.code, "a draft stays until the next run: {}", error.message);
            return;
        }
        if let Err(error) = self
            .context
            .state
            .drop_intents(self.place.id, std::slice::from_ref(&held.key))
        {
            tracing::warn!("{}", state_failed(&error));
        }
    }
}

enum FileEnd {
    Placed(camroll_model::Proof),
    Pending(Problem),
    Failed(Problem),
}

enum Surveyed {
    Clear,
    Taken,
    Found(Vec<Placed>),
}

fn close(staging: &mut Staging, source: SourceId, seq: Seq) {
    if let Some(open) = staging.open.get_mut(&source) {
        open.remove(&seq);
    }
}

fn push_problem(problems: &mut Vec<Problem>, said: Problem) {
    if problems.len() < PROBLEMS_AN_ASSET {
        problems.push(said);
    }
}

fn take_same_library(jobs: &mut VecDeque<Job>, limit: usize) -> Vec<Job> {
    let mut taken: Vec<Job> = Vec::new();
    while taken.len() < limit {
        let same = match (taken.first(), jobs.front()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(first), Some(next)) => first.library.id == next.library.id,
        };
        if !same {
            break;
        }
        taken.extend(jobs.pop_front());
    }
    taken
}

fn state_of(status: &AssetStatus) -> StatusState {
    if status.failed > 0 {
        StatusState::Failed
    } else if status.pending > 0 {
        StatusState::Pending
    } else {
        StatusState::Settled
    }
}

fn status_of(plan: &AssetPlan, placements: &[Placement]) -> AssetStatus {
    let sends = plan
        .actions
        .iter()
        .filter(|action| !matches!(action, Action::Remove { .. }))
        .count();
    let mut status = AssetStatus {
        scope: match &plan.scope {
            camroll_plan::Scope::In => StatusScope::In,
            camroll_plan::Scope::Out(reason) => StatusScope::Out(reason.code().to_owned()),
            camroll_plan::Scope::Gone => StatusScope::Gone,
        },
        wanted: u32::try_from(sends + plan.already.len() + plan.waiting.len() + plan.skipped.len()).unwrap_or(u32::MAX),
        pending: u32::try_from(sends + plan.waiting.len()).unwrap_or(u32::MAX),
        skipped: u32::try_from(plan.skipped.len()).unwrap_or(u32::MAX),
        missing: plan.missing,
        kept_left_scope: plan.kept_left_scope(),
        kept_gone: plan.kept_gone(),
        ..AssetStatus::default()
    };
    for index in &plan.already {
        if let Some(placement) = placements.get(*index)
            && let Some(count) = status.placed.get_mut(placement.proof as usize)
        {
            *count += 1;
        }
    }
    status.state = state_of(&status);
    status
}

fn found_placement(
    library: &HeardLibrary,
    asset: &Asset,
    file: &camroll_model::WantedFile,
    entry: camroll_model::Entry,
    digests: Vec<camroll_model::Digest>,
) -> Placement {
    Placement {
        source: library.key.clone(),
        asset: asset.id.clone(),
        resource: file.resource.clone(),
        role: file.role,
        recipe: file.recipe.clone(),
        version: file.version.clone(),
        size: entry.size.unwrap_or(0),
        entry,
        digests,
        proof: camroll_model::Proof::ReadBack,
        ownership: camroll_model::Ownership::Found,
    }
}
