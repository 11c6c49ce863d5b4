//! What became of files, told to their assets and recorded; what wasn't sent stays pending with its reason.

use std::collections::VecDeque;

use camroll_model::{ConnectorError, ErrorClass, Located, Ownership, Placement, Problem, Retry};
use camroll_plan::fold;
use camroll_state::{Seq, SourceId};

use super::staging::{Flight, Staging, close};
use super::status::{push_problem, state_of};
use super::{CHECKPOINT, LaneReport, LaneRun};
use crate::allowance::USED_UP;
use crate::annotate::told_with_bytes;
use crate::commit::{Committed, may_be_there};
use crate::context::Mode;
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::progress::{Arrival, Event};
use crate::reading::FileKey;
use crate::transfer::{Held, Job, state_failed};
use crate::trouble::{Side, Trouble};

impl LaneRun {
    pub(super) fn take_located(
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
                        Err(error) => self.take_failed(staging, &job, &Trouble::source(error), report, fatal),
                    }
                }
            }
            Err(error) => {
                let trouble = Trouble::source(error);
                for job in &jobs {
                    self.take_failed(staging, job, &trouble, report, &mut None);
                }
                if fatal.is_none() && trouble.error.class != ErrorClass::Transient || self.context.source.is_broken() {
                    *fatal = Some(Failure::Source(trouble.error));
                }
            }
        }
    }

    /// What a batch came to, or a file that was shown at once.
    pub(super) async fn take_committed(
        &self,
        staging: &mut Staging,
        committed: Vec<Committed>,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
        fatal: &mut Option<Failure>,
    ) {
        for Committed { held, result } in committed {
            match result {
                Ok(placement) => self.take_placed(staging, &held.job, placement, report, manifest),
                Err(error) => {
                    if !may_be_there(&error) {
                        self.drop_intent(&held).await;
                    }
                    self.take_failed(staging, &held.job, &Trouble::destination(error), report, fatal);
                }
            }
        }
        // The lines stay owed; what was placed is recorded all the same.
        if let Err(failure) = manifest.flush_full(&self.place).await {
            fatal.get_or_insert(failure);
        }
    }

    pub(super) fn take_placed(
        &self,
        staging: &mut Staging,
        job: &Job,
        placement: Placement,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
    ) {
        // The service had it before; it may not even have taken the bytes.
        let how = match placement.ownership {
            Ownership::Found => Arrival::Found,
            Ownership::Ours | Ownership::Adopted => Arrival::Sent,
        };
        if how == Arrival::Sent {
            report.put += 1;
            report.bytes += placement.size;
        }
        let key = job.idempotency_key(&self.place.identity);
        if self.place.uploads.lock().remove(&key)
            && let Err(error) = self.context.state.forget_upload(self.place.id, &key)
        {
            tracing::warn!("{}", state_failed(&error));
        }
        if job.replaces.is_some() {
            report.replaced += 1;
        }
        if let Err(error) = told_with_bytes(&self.context, &self.place, &job.library, &job.asset, &placement) {
            tracing::warn!("{}", state_failed(&error));
        }
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

    pub(super) fn take_failed(
        &self,
        staging: &mut Staging,
        job: &Job,
        trouble: &Trouble,
        report: &mut LaneReport,
        fatal: &mut Option<Failure>,
    ) {
        let error = &trouble.error;
        let waits = error.own_code() == USED_UP;
        let pending = error.class == ErrorClass::Cancelled || error.code == "pending" || waits;
        let said = self.problem(&job.asset, Some(job.file.role), error, Retry::NextRun);
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
            || error.class == ErrorClass::InvalidSetting && trouble.side == Side::Destination
            || matches!(
                error.code.as_str(),
                "files/read-only" | "files/vanished" | "files/no-folder" | "state/unusable"
            );
        let left_alone = trouble.side == Side::Destination && self.place.link.is_broken();
        if waits && trouble.side == Side::Source && fatal.is_none() {
            *fatal = Some(Failure::Source(error.clone()));
        } else if (whole || left_alone || waits) && fatal.is_none() {
            *fatal = Some(Failure::Destination(self.place.name.clone(), error.clone()));
        } else if error.class == ErrorClass::Unauthenticated && fatal.is_none() {
            *fatal = Some(match trouble.side {
                Side::Source => Failure::Source(error.clone()),
                Side::Destination => Failure::Destination(self.place.name.clone(), error.clone()),
            });
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
    pub(super) fn leave_unsent(&self, staging: &mut Staging, fatal: Option<&Failure>) {
        let mut left: VecDeque<Job> = staging.jobs.drain(..).collect();
        left.extend(staging.ready.drain(..).map(|(job, _)| job));
        left.extend(staging.destructive.drain(..).flat_map(|(_, jobs)| jobs));
        while let Some(job) = left.pop_front() {
            let error = match fatal {
                Some(failure) => {
                    ConnectorError::new(ErrorClass::Cancelled, "sync/not-sent", format!("Not sent: {failure}"))
                }
                None => crate::link::cancelled(),
            };
            let said = self.problem(&job.asset, Some(job.file.role), &error, Retry::NextRun);
            self.finish_one(staging, &job, FileEnd::Pending(said));
            // Those that waited for it.
            left.extend(staging.jobs.drain(..));
        }
    }

    pub(super) fn finish_one(&self, staging: &mut Staging, job: &Job, end: FileEnd) {
        let Some(flight) = staging.flights.get_mut(&job.ticket) else {
            return;
        };
        let status = &mut flight.status;
        status.pending = status.pending.saturating_sub(1);
        match end {
            FileEnd::Placed(proof) => {
                self.place.drafts.end(&job.idempotency_key(&self.place.identity));
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
        // What this destination won't read now mustn't be kept for it.
        self.context.readings.forgo(self.place.lane, &FileKey::of(job));
        flight.waiting_for -= 1;
        if let Some(next) = flight.then.pop_front() {
            staging.jobs.push_front(next);
        }
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
    pub(super) fn record(&self, staging: &mut Staging) -> Result<(), Failure> {
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

    pub(super) fn record_all(&self, staging: &mut Staging) -> Result<(), Failure> {
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

    pub(super) async fn drop_intent(&self, held: &Held) {
        let orphan = camroll_model::Orphan {
            path: held.job.file.path.clone(),
            idempotency_key: held.key.clone(),
            held: held.token.clone(),
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

/// How a file ended in this run.
pub(super) enum FileEnd {
    Placed(camroll_model::Proof),
    Pending(Problem),
    Failed(Problem),
}
