//! The loop of a lane: what is ready is started, what ended is taken, until nothing is left.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use camroll_host::Reach;
use camroll_model::{ConnectorError, ErrorClass};
use camroll_spec::Existing;
use camroll_state::DirtyEntry;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::staging::{Staging, Step};
use super::{Hearing, LOCATE_BATCH, LaneReport, LaneRun};
use crate::begun::sweep_begun;
use crate::commit::{accept, commit};
use crate::context::Mode;
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::reading::{PLANNED_AHEAD, Planning, Progress, Unsettled};
use crate::recover::sweep_uploads;
use crate::space::Room;
use crate::stop::StopRequest;
use crate::survey::Listing;
use crate::transfer::{Job, transfer};

impl LaneRun {
    pub(super) async fn drive(
        &self,
        hearing: &mut watch::Receiver<Hearing>,
        report: &mut LaneReport,
    ) -> Result<(), Failure> {
        let mut staging = Staging {
            flights: HashMap::new(),
            flying: HashMap::new(),
            next_ticket: 0,
            open: BTreeMap::new(),
            looked: BTreeMap::new(),
            settled: Vec::new(),
            reserved: HashMap::new(),
            jobs: VecDeque::new(),
            ready: VecDeque::new(),
            held: Vec::new(),
            destructive: Vec::new(),
            removals: Vec::new(),
            deferred: Vec::new(),
            recorded: 0,
            seen: HashMap::new(),
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
        let readings = &self.context.readings;
        let spec = &self.context.spec;
        let transfers = spec.transfers_at(&self.destination);
        let transfers = match self.place.link.connection().reach() {
            // Half of them may wait for their first byte: with an answer that takes 40 ms, small files otherwise move an eighth of the time.
            Reach::Nowhere | Reach::Requests if self.destination.connection.pace.transfers.is_none() => {
                transfers + transfers / 2
            }
            // Each keeps a connection, of which servers allow few, and which costs half a megabyte.
            Reach::Nowhere | Reach::Requests | Reach::Connections => transfers,
        };
        let batch = self.features.commit_batch.max(1) as usize;
        let mut dirty_after = None;
        let mut dirty_done = false;
        let mut planned_all = false;
        let mut braked = false;
        let mut fatal: Option<Failure> = None;
        // What doesn't fit is planned and stays pending, and not one byte of it is fetched.
        if self.context.mode == Mode::Sync
            && let Room::Lacking(failure) = self.room(hearing, listing.as_ref()).await?
        {
            fatal = Some(failure);
        }
        loop {
            let stopped = self.context.stop.is_asked() || fatal.is_some();
            // Plan more where there is room for it; all of it, without sending, once the run is to stop.
            while !planned_all && (stopped || staging.jobs.len() < LOCATE_BATCH || self.keeps_up_by_planning(&staging))
            {
                let heard = *hearing.borrow_and_update();
                let batch = self.next_batch(&mut staging, &mut dirty_after, &mut dirty_done)?;
                if batch.is_empty() {
                    if heard != *hearing.borrow() {
                        continue;
                    }
                    match heard {
                        Hearing::Goes(_) => break,
                        // Told again while files of it move: it is planned when they are there.
                        Hearing::Done | Hearing::BrokeOff if !staging.deferred.is_empty() => break,
                        Hearing::Done | Hearing::BrokeOff => planned_all = true,
                    }
                    continue;
                }
                if !stopped {
                    staging.seen = self.look_ahead(&batch, &staging).await?;
                }
                for entry in batch {
                    if self.context.stop.asked() == StopRequest::Now {
                        return Err(Failure::Interrupted);
                    }
                    self.plan_one(entry, listing.as_ref(), &mut staging, report, stopped)
                        .await?;
                }
                self.tell_progress(&staging, &dirty_after, dirty_done, Planning::GoesOn);
                // So that what is planned without being sent doesn't pile up.
                self.record(&mut staging)?;
            }
            let rests = planned_all
                || stopped
                || staging.jobs.len() >= PLANNED_AHEAD
                || staging.jobs.len() >= LOCATE_BATCH && !readings.spool.has_room();
            let planning = if rests { Planning::Rests } else { Planning::GoesOn };
            self.tell_progress(&staging, &dirty_after, dirty_done, planning);
            if stopped {
                self.leave_unsent(&mut staging, fatal.as_ref());
            } else {
                while locating < 2 && !staging.jobs.is_empty() && staging.ready.len() < LOCATE_BATCH {
                    let chunk = take_same_library(&mut staging.jobs, LOCATE_BATCH);
                    self.begin(&chunk)?;
                    let (context, lane) = (Arc::clone(&self.context), self.place.lane);
                    locating += 1;
                    steps.spawn(async move {
                        let located = context.readings.locate(&context, lane, &chunk).await;
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
                    let demanded = self.destination.require_proof;
                    sending += 1;
                    steps.spawn(async move {
                        match transfer(&context, &place, job, located).await {
                            Ok(held) if held.token.is_none() => {
                                Step::Shown(accept(&context.state, &place, demanded, held).await)
                            }
                            ended => Step::Transferred(Box::new(ended)),
                        }
                    });
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
                if !planned_all && staging.jobs.is_empty() && !staging.has_ripe() {
                    // All that is known is done: wait for the source to tell more, or to end because the run stops.
                    tokio::select! {
                        _ = hearing.changed() => {}
                        () = readings.moves() => {}
                        () = self.context.stop.wait(StopRequest::Gently), if !self.context.stop.is_asked() => {}
                        () = self.context.stop.wait(StopRequest::Now) => {
                            self.record(&mut staging)?;
                            return Err(Failure::Interrupted);
                        }
                    }
                }
                continue;
            }
            let step = tokio::select! {
                step = steps.join_next() => step,
                changed = hearing.changed(), if !planned_all && !stopped => { let _ = changed; None }
                () = readings.moves(), if !planned_all && !stopped => None,
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
                        Ok(held) => staging.held.push(held),
                        Err((job, trouble)) => self.take_failed(&mut staging, &job, &trouble, report, &mut fatal),
                    }
                }
                Some(Ok(Step::Shown(shown))) => {
                    sending -= 1;
                    self.take_committed(&mut staging, shown, report, &mut manifest, &mut fatal)
                        .await;
                }
                Some(Ok(Step::Committed(committed))) => {
                    committing -= 1;
                    self.take_committed(&mut staging, committed, report, &mut manifest, &mut fatal)
                        .await;
                }
            }
            self.record(&mut staging)?;
        }
        // Last, and only where all was heard: an asset that came back in the meantime is planned anew by then.
        if fatal.is_none()
            && !self.context.stop.is_asked()
            && *hearing.borrow() == Hearing::Done
            && let Err(failure) = self.remove_departed(&mut staging, report, &mut manifest).await
        {
            fatal = Some(failure);
        }
        let told = match self.context.mode {
            Mode::Sync => manifest.finish(&self.context, &self.place).await,
            Mode::Plan => Ok(()),
        };
        self.record_all(&mut staging)?;
        // What ended the lane says more than that its lines couldn't be written either.
        if let Some(failure) = fatal {
            return Err(failure);
        }
        told?;
        if self.context.mode == Mode::Sync && planned_all && !self.context.stop.is_asked() {
            let swept = match sweep_uploads(&self.context.state, &self.place).await {
                Ok(swept) => sweep_begun(&self.context.state, &self.place)
                    .await
                    .map(|begun| swept + begun),
                Err(error) => Err(error),
            };
            match swept {
                Ok(0) => {}
                Ok(swept) => tracing::info!(
                    destination = self.place.name,
                    swept,
                    "uploads that nobody goes on with were taken away"
                ),
                Err(error) => tracing::warn!(
                    code = error.code,
                    "an upload that was cut off stays until the next run: {}",
                    error.message
                ),
            }
        }
        if self.context.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        Ok(())
    }
}

impl LaneRun {
    fn begin(&self, jobs: &[Job]) -> Result<(), Failure> {
        let files = jobs
            .iter()
            .map(|job| (job.idempotency_key(&self.place.identity), job.file.path.clone()))
            .collect();
        let begun = self.place.drafts.begin(&self.context.state, &self.place, files);
        begun.map_err(|error| Failure::Destination(self.place.name.clone(), error))
    }

    /// Whether another destination reads what this one hasn't planned yet.
    fn keeps_up_by_planning(&self, staging: &Staging) -> bool {
        staging.jobs.len() < PLANNED_AHEAD && self.context.readings.is_left_behind(self.place.lane)
    }

    fn tell_progress(&self, staging: &Staging, dirty_after: &Option<DirtyEntry>, dirty_done: bool, planning: Planning) {
        let unsettled = match dirty_after {
            _ if dirty_done => Unsettled::Done,
            Some(entry) => Unsettled::UpTo(entry.source, entry.ordinal),
            None => Unsettled::NotBegun,
        };
        let looked = staging.looked.iter().map(|(source, seq)| (*source, *seq)).collect();
        let progress = Progress::new(unsettled, looked, planning);
        self.context.readings.planned(self.place.lane, progress);
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
