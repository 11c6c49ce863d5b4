//! The loop of a lane: what is ready is started, what ended is taken, until nothing is left.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use camroll_spec::Existing;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::staging::{Staging, Step};
use super::{Hearing, LOCATE_BATCH, LaneReport, LaneRun};
use crate::commit::commit;
use crate::context::Mode;
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::progress::Arrival;
use crate::space::Room;
use crate::stop::StopRequest;
use crate::survey::Listing;
use crate::transfer::{Job, Transferred, locate, transfer};

impl LaneRun {
    pub(super) async fn drive(
        &self,
        hearing: &mut watch::Receiver<Hearing>,
        report: &mut LaneReport,
    ) -> Result<(), Failure> {
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
        // Half of them may wait for their first byte: with an answer that takes 40 ms, small files otherwise move an eighth of the time.
        let transfers = 2 * self.context.spec.limits.transfers.get() as usize;
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
                // So that what is planned without being sent doesn't pile up.
                self.record(&mut staging)?;
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
                if !planned_all && staging.jobs.is_empty() {
                    // All that is known is done: wait for the source to tell more, or to end because the run stops.
                    tokio::select! {
                        _ = hearing.changed() => {}
                        () = self.context.stop.wait(StopRequest::Gently), if !self.context.stop.is_asked() => {}
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
                    // The lines stay owed; what was placed is recorded all the same.
                    if let Err(failure) = manifest.flush_full(&self.place).await {
                        fatal.get_or_insert(failure);
                    }
                }
            }
            self.record(&mut staging)?;
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
        if self.context.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        Ok(())
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
