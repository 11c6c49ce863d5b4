//! Whether all that a run wants fits at its destination, known before the first byte of it is fetched.
//!
//! The catalogue has the sizes: they are added up in one pass over what isn't settled, in batches, with nothing kept of them.

use std::collections::HashMap;

use camroll_model::Action;
use camroll_plan::{fold, plan_asset};
use camroll_state::Catalogued;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::lane::{Hearing, LaneRun, LaneShelf, PLAN_BATCH, presence};
use crate::stop::StopRequest;
use crate::survey::{Glance, Listing, glance};

/// What the destination has room for.
pub(crate) enum Room {
    /// All of it, or it doesn't tell.
    Enough,
    /// Less than is wanted; what to say of it.
    Lacking(Failure),
}

/// How closely it is looked at what has to be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reckoning {
    /// All that isn't recorded as placed: more than is sent where another tool filled the folder.
    Recorded,
    /// Without what lies there in the size that is wanted. Asks the destination once a file.
    Lying,
}

impl LaneRun {
    /// Waits until all was heard, and compares what is wanted with what is free. Asks nothing of the source.
    pub(crate) async fn room(
        &self,
        hearing: &mut watch::Receiver<Hearing>,
        listing: Option<&Listing>,
    ) -> Result<Room, Failure> {
        let Some(free) = self.free else {
            return Ok(Room::Enough);
        };
        while matches!(*hearing.borrow_and_update(), Hearing::Goes(_)) && !self.context.stop.is_asked() {
            tokio::select! {
                _ = hearing.changed() => {}
                () = self.context.stop.wait(StopRequest::Gently) => {}
            }
        }
        if self.context.stop.is_asked() || self.wanted(Reckoning::Recorded, listing).await? <= free {
            return Ok(Room::Enough);
        }
        let wanted = self.wanted(Reckoning::Lying, listing).await?;
        if self.context.stop.is_asked() || wanted <= free {
            return Ok(Room::Enough);
        }
        // The listing may have taken an hour: what counts is what is free now.
        let identity = self
            .place
            .link
            .call(|there| async move { there.probe().await })
            .await
            .map_err(|error| Failure::Destination(self.place.name.clone(), error))?;
        let free = identity.free.unwrap_or(free);
        if wanted <= free {
            return Ok(Room::Enough);
        }
        Ok(Room::Lacking(Failure::Guard {
            code: "destination/no-space",
            message: format!(
                "The destination {:?} has {free} bytes free, and {wanted} bytes are to be sent: {} more than fit. Nothing was fetched. Make room, or narrow the filters.",
                self.place.name,
                wanted - free
            ),
            destination: Some(self.place.name.clone()),
        }))
    }

    /// Bytes of all files that are wanted and aren't there.
    async fn wanted(&self, reckoning: Reckoning, listing: Option<&Listing>) -> Result<u64, Failure> {
        let state = &self.context.state;
        let mut sum = 0u64;
        let mut after = None;
        loop {
            let dirty = self.lane.dirty(after.as_ref(), PLAN_BATCH)?;
            let Some(last) = dirty.last().cloned() else { break };
            after = Some(last);
            for entry in dirty {
                // One that was told again since it was looked at is among the arrivals.
                if let Some(known) = state.asset_at(entry.source, entry.ordinal)?
                    && known.seq <= self.lane.mark(entry.source)?
                {
                    sum = sum.saturating_add(self.wanted_of(&known, reckoning, listing).await?);
                }
            }
            if self.context.stop.is_asked() {
                return Ok(sum);
            }
        }
        for library in &self.context.libraries {
            let mut after = self.lane.mark(library.id)?;
            loop {
                let arrived = state.arrivals(library.id, after, PLAN_BATCH)?;
                let Some(last) = arrived.last() else { break };
                after = last.seq;
                for entry in &arrived {
                    sum = sum.saturating_add(self.wanted_of(entry, reckoning, listing).await?);
                }
                if self.context.stop.is_asked() {
                    return Ok(sum);
                }
                // A hundred thousand assets take seconds: signals are heard meanwhile.
                tokio::task::yield_now().await;
            }
        }
        Ok(sum)
    }

    async fn wanted_of(
        &self,
        entry: &Catalogued,
        reckoning: Reckoning,
        listing: Option<&Listing>,
    ) -> Result<u64, Failure> {
        let Some(library) = self.context.library(entry.source) else {
            return Ok(0);
        };
        let wish = self.wish(library);
        let placements = self
            .context
            .state
            .placements(self.place.id, &library.key, &entry.asset.id)?;
        let albums = self.memberships.of(&self.context.state, library.id, &entry.asset.id)?;
        let asset = self.as_wished(&entry.asset);
        let mut reserved = HashMap::new();
        'planned: loop {
            let shelf = LaneShelf {
                run: self,
                reserved: &reserved,
            };
            let plan = plan_asset(
                presence(entry.presence),
                &asset,
                &albums,
                &library.key,
                &wish,
                &placements,
                &shelf,
            );
            let mut sum = 0u64;
            for action in &plan.actions {
                let size = match action {
                    Action::Put { file, .. } => {
                        if let (Reckoning::Lying, Some(rules), Some(resource)) =
                            (reckoning, &self.features.names, asset.resource(&file.resource))
                        {
                            let there = glance(
                                &self.place.link,
                                self.destination.existing,
                                listing,
                                &file.path,
                                resource,
                            )
                            .await
                            .map_err(|error| Failure::Destination(self.place.name.clone(), error))?;
                            match there {
                                Glance::Nothing => {}
                                Glance::SameSize => continue,
                                Glance::Other => {
                                    reserved.insert(fold(&file.path, rules), None);
                                    continue 'planned;
                                }
                            }
                        }
                        file.size.unwrap_or(0)
                    }
                    // What it takes the place of goes.
                    Action::Replace { file, placed, .. } => file.size.unwrap_or(0).saturating_sub(placed.size),
                    Action::Remove { .. } => 0,
                };
                sum = sum.saturating_add(size);
            }
            return Ok(sum);
        }
    }
}
