//! From dirty assets to jobs: what comes next, what a plan wants, what lies there already, and the brake.

use std::sync::Arc;

use camroll_model::{Action, Asset, ConnectorError, Entry, ErrorClass, Placement, Problem, Proof, Retry};
use camroll_plan::{AssetPlan, Brake, Holder, fold, plan_asset};
use camroll_state::{AssetStatus, Catalogued, DirtyEntry, Placed};

use super::order::in_turn;
use super::outcome::FileEnd;
use super::staging::{Flight, Removal, Staging, Standing, close};
use super::status::{push_problem, state_by, state_of, status_of};
use super::{LaneReport, LaneRun, LaneShelf, PLAN_BATCH, presence};
use crate::annotate::note;
use crate::commit::{differs, may_be_there};
use crate::context::{HeardLibrary, Mode};
use crate::failure::Failure;
use crate::link::cancelled;
use crate::preview::PreviewAction;
use crate::progress::{Arrival, Event};
use crate::reading::{FileKey, Position};
use crate::survey::{Listing, Lying, Whose, is_as_placed, look, read_digests, stat, whose};
use crate::transfer::Job;
use crate::trouble::is_the_places;

impl LaneRun {
    /// What to look at next: what wasn't settled before, then what arrived since, then what was under way when it was told again.
    pub(super) fn next_batch(
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
                        // One that was told again since it was looked at is among the arrivals.
                        if self.context.library(entry.source).is_some()
                            && let Some(mut known) = self.context.state.asset_at(entry.source, entry.ordinal)?
                            && known.seq <= self.lane.mark(entry.source)?
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
        Ok(staging.take_ripe())
    }

    pub(super) async fn plan_one(
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
        // Told again: what was planned of it before holds no more.
        let is_it = |one: &Removal| one.library.id == entry.source && one.asset.id == entry.asset.id;
        staging.removals.retain(|one| !is_it(one));
        match staging.standing(&entry) {
            Standing::Idle => {}
            Standing::AtTheBrake(ticket) => staging.take_back(ticket),
            Standing::Flying => {
                staging.deferred.push(entry);
                return Ok(());
            }
        }
        let seq = (!entry.already_looked_at).then_some(entry.seq);
        let position = match seq {
            Some(seq) => Position::Arrived(entry.source, seq),
            None => Position::Unsettled(entry.source, entry.ordinal),
        };
        let wish = self.wish(&library);
        let presence = presence(entry.presence);
        let asset = Arc::new(self.as_wished(&entry.asset).into_owned());
        let mut placements = self.context.state.placements(self.place.id, &library.key, &asset.id)?;
        let albums = self.memberships.of(&self.context.state, library.id, &asset.id)?;
        let mut plan;
        let mut found = 0u64;
        let mut unread = None;
        loop {
            let shelf = LaneShelf {
                run: self,
                reserved: &staging.reserved,
            };
            plan = plan_asset(presence, &asset, &albums, &library.key, &wish, &placements, &shelf);
            let surveyed = self.survey_replaced(&plan, &asset, &mut placements, staging).await?;
            let surveyed = match surveyed {
                Surveyed::Clear => self.survey(&plan, &asset, &library, listing, staging).await?,
                other => other,
            };
            match surveyed {
                Surveyed::Clear => break,
                Surveyed::Again => {}
                Surveyed::Unread(error) => {
                    unread = Some(error);
                    break;
                }
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
        if let Some(error) = unread {
            self.leave_unread(&mut plan, &asset, &error, &mut status);
        }
        if self.context.mode == Mode::Sync {
            self.prove_again(&plan, &mut placements, &asset, &mut status, stopped)
                .await?;
        }
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
        let mut not_named = 0;
        let (mut gentle, mut destructive, mut departed) = (Vec::new(), Vec::new(), Vec::new());
        for action in &plan.actions {
            if let Some(approved) = &self.approved
                && !approved.names(action, &asset)
            {
                push_problem(&mut status.problems, self.not_in_the_plan(&asset, action));
                if matches!(action, Action::Remove { .. }) {
                    not_named += 1;
                }
                continue;
            }
            if let Action::Put { file, .. } | Action::Replace { file, .. } = action
                && let Some(rules) = &self.features.names
                && !stopped
            {
                let holder = Holder::Asset {
                    source: library.key.clone(),
                    asset: asset.id.clone(),
                };
                staging.reserved.insert(fold(&file.path, rules), Some(holder));
            }
            if let Action::Remove { placed, .. } = action {
                departed.push((**placed).clone());
            }
            let Some(job) = Job::of(ticket, position, &library, &asset, action) else {
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
        let there: Vec<Placement> = plan
            .already
            .iter()
            .filter_map(|index| placements.get(*index).cloned())
            .collect();
        note(&self.context, &self.place, &library, &asset, &there)?;
        let waiting_for = gentle.len() + destructive.len();
        report.not_yet += not_named as u64;
        if !departed.is_empty() && !stopped {
            staging.removals.push(Removal {
                library: Arc::clone(&library),
                asset: Arc::clone(&asset),
                placements: departed,
                not_named,
                status: status.clone(),
            });
        }
        if waiting_for == 0 || stopped {
            staging.settled.push((entry.source, asset.id.clone(), status));
            if let Some(seq) = seq {
                close(staging, entry.source, seq);
            }
            return Ok(());
        }
        let bytes = gentle.iter().filter_map(|job| job.file.size).sum();
        self.context.progress.tell(Event::Planned {
            files: gentle.len() as u64,
            bytes,
        });
        staging.flying.insert((entry.source, asset.id.clone()), ticket);
        for job in &gentle {
            self.context.readings.want(self.place.lane, FileKey::of(job));
        }
        let (first, then) = in_turn(&self.features, gentle);
        staging.flights.insert(
            ticket,
            Flight {
                library,
                asset,
                seq,
                status,
                then,
                waiting_for,
            },
        );
        staging.jobs.extend(first);
        if !destructive.is_empty() {
            staging.destructive.push((ticket, destructive));
        }
        Ok(())
    }

    /// Brings nothing of an asset where it can't be known whether it is there already: neither over it nor beside it.
    fn leave_unread(&self, plan: &mut AssetPlan, asset: &Asset, error: &ConnectorError, status: &mut AssetStatus) {
        let left = u32::try_from(plan.actions.len()).unwrap_or(u32::MAX);
        plan.actions.clear();
        status.pending = status.pending.saturating_sub(left);
        status.failed = status.failed.saturating_add(left);
        status.state = state_of(status);
        push_problem(&mut status.problems, self.problem(asset, None, error, Retry::NextRun));
    }

    /// Reads back what is there with less proof than the spec demands: it may demand more than it did when the file came, or than another spec that brought it.
    async fn prove_again(
        &self,
        plan: &AssetPlan,
        placements: &mut [Placement],
        asset: &Asset,
        status: &mut AssetStatus,
        stopped: bool,
    ) -> Result<(), Failure> {
        for index in &plan.already {
            let Some(placement) = placements.get_mut(*index) else {
                continue;
            };
            let before = placement.proof;
            if before >= self.destination.require_proof {
                continue;
            }
            let (link, there) = (&self.place.link, &*placement);
            let read = match stopped {
                true => Err(cancelled()),
                false => link
                    .call(|_| async { read_digests(link, &there.entry.target, &there.digests).await })
                    .await
                    .and_then(|read| read.map(drop).ok_or_else(differs)),
            };
            if let Some(count) = status.placed.get_mut(before as usize) {
                *count = count.saturating_sub(1);
            }
            let error = match read {
                Ok(()) => {
                    placement.proof = Proof::ReadBack;
                    let placed = Placed {
                        intent: None,
                        folded: self.place.folded(placement),
                        placement: placement.clone(),
                    };
                    self.context.state.record_placed(self.place.id, vec![placed])?;
                    if let Some(count) = status.placed.get_mut(Proof::ReadBack as usize) {
                        *count += 1;
                    }
                    continue;
                }
                Err(error) if error.class == ErrorClass::Unauthenticated || link.is_broken() => {
                    return Err(Failure::Destination(self.place.name.clone(), error));
                }
                Err(error) => error,
            };
            if error.class == ErrorClass::Corrupt {
                let doubt = (self.place.folded(placement), Some(error.code.clone()));
                self.context.state.record_doubts(self.place.id, vec![doubt])?;
            }
            match error.class {
                ErrorClass::Cancelled => status.pending += 1,
                _ => status.failed += 1,
            }
            let said = self.problem(asset, Some(placement.role), &error, Retry::NextRun);
            push_problem(&mut status.problems, said);
        }
        status.state = state_by(plan, status);
        Ok(())
    }

    /// Looks at what files are to take the place of, before anything is fetched: the service would refuse to put a file over another than was placed, and each run would fetch it again. Where it isn't what was placed any more, `placements` says so and the asset is planned again.
    async fn survey_replaced(
        &self,
        plan: &AssetPlan,
        asset: &Asset,
        placements: &mut Vec<Placement>,
        staging: &mut Staging,
    ) -> Result<Surveyed, Failure> {
        let Some(rules) = &self.features.names else {
            return Ok(Surveyed::Clear);
        };
        for action in &plan.actions {
            let Action::Replace { file, placed, .. } = action else {
                continue;
            };
            let Some(path) = placed.path() else { continue };
            let there = match staging.seen.remove(path) {
                Some(there) => there,
                None => match stat(&self.place.link, path).await {
                    Ok(there) => there,
                    Err(error) => return self.not_looked_at(error),
                },
            };
            let folded = self.place.folded(placed);
            let Some(entry) = there else {
                // Nothing is there that needs protecting.
                if self.context.mode == Mode::Sync {
                    let now = self.context.now.into();
                    self.context.state.record_vanished(self.place.id, vec![folded], now)?;
                }
                placements.retain(|one| one.entry.target != placed.entry.target);
                return Ok(Surveyed::Again);
            };
            if is_as_placed(&entry, &placed.entry) {
                continue;
            }
            let wanted = asset.resource(&file.resource);
            let now_there = match whose(&self.place.link, &entry, placed, wanted).await {
                Ok(whose) => whose,
                Err(error) => return self.unread(error),
            };
            let mut now_placed = (**placed).clone();
            match now_there {
                // Touched, and the bytes are those that were placed.
                Whose::AsPlaced => now_placed.entry = entry,
                // It got there, and that couldn't be recorded.
                Whose::Wanted(digests) => {
                    now_placed = Placement {
                        resource: file.resource.clone(),
                        recipe: file.recipe.clone(),
                        version: file.version.clone(),
                        size: entry.size.unwrap_or(0),
                        entry,
                        digests,
                        proof: Proof::ReadBack,
                        ..now_placed
                    }
                }
                // Somebody else's now: it stays, and the new one comes beside it.
                Whose::Others => {
                    staging.reserved.insert(fold(path, rules), None);
                    let target = &placed.entry.target;
                    for one in placements.iter_mut().filter(|one| one.entry.target == *target) {
                        one.ownership = camroll_model::Ownership::Found;
                    }
                    return Ok(Surveyed::Again);
                }
            }
            if self.context.mode == Mode::Sync {
                let placed = Placed {
                    intent: None,
                    folded,
                    placement: now_placed.clone(),
                };
                self.context.state.record_placed(self.place.id, vec![placed])?;
            }
            placements.retain(|one| one.entry.target != placed.entry.target);
            placements.push(now_placed);
            return Ok(Surveyed::Again);
        }
        Ok(Surveyed::Clear)
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
        let mut found: Vec<Placed> = Vec::new();
        for action in &plan.actions {
            let Action::Put { file, .. } = action else { continue };
            let Some(resource) = asset.resource(&file.resource) else {
                continue;
            };
            let folded = fold(&file.path, rules);
            let there = match staging.seen.remove(&file.path) {
                Some(there) => Ok(there),
                None => stat(&self.place.link, &file.path).await,
            };
            // An index that can't be read shows when the plan is recorded; until then nothing is free.
            let free = |entry: &Entry| {
                let folded = entry.target.path.as_deref().map(|path| fold(path, rules));
                folded.is_some_and(|folded| {
                    let holder = self.context.state.holder(self.place.id, folded.as_str());
                    let taken = found.iter().any(|one| one.folded == folded.as_str());
                    !taken && matches!(holder, Ok(None))
                })
            };
            let existing = self.destination.existing;
            let there = match there {
                Ok(there) => there,
                Err(error) => return self.not_looked_at(error),
            };
            let lying = match look(&self.place.link, existing, listing, there, resource, free).await {
                Ok(lying) => lying,
                Err(error) => return self.unread(error),
            };
            match lying {
                Lying::Nothing => {}
                Lying::Other => {
                    staging.reserved.insert(folded, None);
                    return Ok(Surveyed::Again);
                }
                Lying::Equal(entry, digests) => {
                    let path = entry.target.path.clone().unwrap_or_default();
                    let folded = fold(&path, rules);
                    // One file is one asset's: two assets of equal content are two files.
                    if let Some(holder) = self.context.state.holder(self.place.id, folded.as_str())?
                        && holder != (library.key.clone(), asset.id.clone())
                    {
                        staging.reserved.insert(fold(&file.path, rules), None);
                        return Ok(Surveyed::Again);
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

    /// A path that can't be looked at. A place that doesn't answer now says nothing of this one.
    fn not_looked_at(&self, error: ConnectorError) -> Result<Surveyed, Failure> {
        match may_be_there(&error) {
            true => Err(Failure::Destination(self.place.name.clone(), error)),
            false => self.unread(error),
        }
    }

    /// One file's trouble isn't the others', unless it is the whole place's. What isn't supported is one file's here: something that is no file lies where it shall be.
    fn unread(&self, error: ConnectorError) -> Result<Surveyed, Failure> {
        let is_whole = match error.class {
            ErrorClass::Unsupported => false,
            ErrorClass::InvalidSetting => true,
            _ => is_the_places(&error),
        };
        match is_whole || self.place.link.is_broken() {
            true => Err(Failure::Destination(self.place.name.clone(), error)),
            false => Ok(Surveyed::Unread(error)),
        }
    }

    fn not_in_the_plan(&self, asset: &Asset, action: &Action) -> Problem {
        let error = ConnectorError::new(
            ErrorClass::Conflict,
            "plan/not-named",
            "The plan that was to be applied doesn't name this; it waits for the next run, or the next plan.",
        );
        Problem {
            resource: Some(PreviewAction::of(action, asset).role),
            ..self.problem(asset, None, &error, Retry::NextRun)
        }
    }

    /// Releases the destructive actions together, or leaves them pending together.
    pub(super) fn brake(&self, staging: &mut Staging, report: &mut LaneReport) -> Result<(), Failure> {
        let destructive = std::mem::take(&mut staging.destructive);
        let replaced = destructive.iter().map(|(_, jobs)| jobs.len() as u64).sum::<u64>();
        let removed = staging
            .removals
            .iter()
            .map(|one| one.placements.len() as u64)
            .sum::<u64>();
        let wanted = replaced + removed;
        if wanted == 0 {
            return Ok(());
        }
        let week_ago = self.context.now - jiff::SignedDuration::from_hours(7 * 24);
        let done = self.context.state.destructive_since(self.place.id, week_ago.into())?;
        let placed = self.context.state.placements_at(self.place.id)?;
        if self.approved.is_some() {
            staging.jobs.extend(destructive.into_iter().flat_map(|(_, jobs)| jobs));
            return Ok(());
        }
        match camroll_plan::brake(&self.context.spec.limits.destructive, done, placed, wanted) {
            Brake::Released => staging.jobs.extend(destructive.into_iter().flat_map(|(_, jobs)| jobs)),
            Brake::Tripped { limit } => {
                let message = format!(
                    "{wanted} files would be replaced or removed at {:?} and {done} were in the last seven days; {limit} If that is meant, raise it in the spec, or look at `camroll plan -o FILE` and approve it with `camroll sync --plan FILE`.",
                    self.place.name
                );
                let error = ConnectorError::new(ErrorClass::Conflict, "brake/tripped", message.clone());
                for (_, jobs) in destructive {
                    for job in jobs {
                        let said = self.problem(&job.asset, Some(job.file.role), &error, Retry::Person);
                        self.finish_one(staging, &job, FileEnd::Pending(said));
                    }
                }
                self.leave_departed(staging, &error);
                report.failure = Some(Failure::Guard {
                    code: "brake/tripped",
                    message,
                    destination: Some(self.place.name.clone()),
                });
            }
        }
        Ok(())
    }
}

enum Surveyed {
    Clear,
    /// What is there is otherwise than was planned with.
    Again,
    /// What lies there may be the very file, and can't be read.
    Unread(ConnectorError),
    Found(Vec<Placed>),
}

fn found_placement(
    library: &HeardLibrary,
    asset: &Asset,
    file: &camroll_model::WantedFile,
    entry: Entry,
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
        proof: Proof::ReadBack,
        ownership: camroll_model::Ownership::Found,
    }
}
