//! Takes away what a spec wants gone: files of assets that were deleted in their library, camroll's own or taken over, one after the other. Planned like everything else, counted by the brake, and done last.
//!
//! Cut off at any point, the next run does the rest: an asset stays dirty until its files are gone, and one that is gone already needs no second removal. The manifest says first that they go, and again of what
//! stays that it is there: an archive never claims a file that was taken away.

use std::collections::HashSet;

use camroll_host::Disposal;
use camroll_model::{ConnectorError, Entry, ErrorClass, Ownership, Placement, Retry};
use camroll_spec::Deletions;
use camroll_state::{Placed, StatusState};

use super::staging::{Removal, Staging};
use super::status::push_problem;
use super::{LaneReport, LaneRun};
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::spot::standing_at;
use crate::survey::{Whose, whose};
use crate::transfer::state_failed;
use crate::trouble::is_the_places;

/// Problems that a report keeps.
const TOLD: usize = 1000;

/// What became of a file that was to go.
enum Gone {
    /// It isn't there any more.
    Removed,
    /// The object is other assets' too, and stays for them.
    Shared,
    /// Somebody changed it: it is theirs now.
    Others(ConnectorError),
}

impl LaneRun {
    pub(super) async fn remove_departed(
        &self,
        staging: &mut Staging,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
    ) -> Result<(), Failure> {
        let removals = self.without_unread(std::mem::take(&mut staging.removals), report)?;
        if removals.is_empty() {
            return Ok(());
        }
        manifest.open(&self.context)?;
        for removal in &removals {
            for placement in &removal.placements {
                manifest.remove(placement, &removal.asset);
                manifest.flush_full(&self.place).await?;
            }
        }
        manifest.flush(&self.place).await?;
        let mut stopped = None;
        for removal in removals {
            if stopped.is_none() && self.context.stop.is_asked() {
                stopped = Some(Failure::Interrupted);
            }
            if stopped.is_some() {
                for placement in &removal.placements {
                    manifest.add(placement, &removal.asset);
                }
                continue;
            }
            if let Err(failure) = self.remove_all_of(removal, staging, report, manifest).await {
                stopped = Some(failure);
            }
            self.record(staging)?;
        }
        match stopped {
            None | Some(Failure::Interrupted) => Ok(()),
            Some(failure) => Err(failure),
        }
    }

    /// Without those that the source told again and whose records couldn't be read: they may be back.
    fn without_unread(&self, removals: Vec<Removal>, report: &mut LaneReport) -> Result<Vec<Removal>, Failure> {
        if removals.is_empty() {
            return Ok(removals);
        }
        let mut unread = HashSet::new();
        for library in &self.context.libraries {
            let told = self.context.state.unread(library.id)?;
            unread.extend(told.into_iter().map(|what| (library.id, what)));
        }
        let may_be_back = |one: &Removal| {
            let names = std::iter::once(one.asset.id.as_str()).chain(one.asset.keys.iter().map(String::as_str));
            names
                .into_iter()
                .any(|name| unread.contains(&(one.library.id, name.to_owned())))
        };
        let (back, rest): (Vec<_>, Vec<_>) = removals.into_iter().partition(may_be_back);
        report.not_yet += back.iter().map(|one| one.placements.len() as u64).sum::<u64>();
        Ok(rest)
    }

    async fn remove_all_of(
        &self,
        removal: Removal,
        staging: &mut Staging,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
    ) -> Result<(), Failure> {
        let Removal {
            library,
            asset,
            placements,
            not_named,
            mut status,
        } = removal;
        status.state = match not_named {
            0 => StatusState::Settled,
            _ => StatusState::Pending,
        };
        let mut failure = None;
        for placement in placements {
            let removed = match failure {
                None => self.remove_one(&placement).await,
                Some(_) => {
                    manifest.add(&placement, &asset);
                    continue;
                }
            };
            let (error, retry) = match removed {
                Ok(Gone::Removed) => {
                    report.removed += 1;
                    continue;
                }
                Ok(Gone::Shared) => continue,
                Ok(Gone::Others(error)) => {
                    status.kept_gone += 1;
                    (error, Retry::Never)
                }
                Err(error) => {
                    report.not_done += 1;
                    status.state = StatusState::Failed;
                    if is_the_places(&error) || self.place.link.is_broken() {
                        failure = Some(Failure::Destination(self.place.name.clone(), error.clone()));
                    }
                    (error, Retry::NextRun)
                }
            };
            manifest.add(&placement, &asset);
            let said = self.problem(&asset, Some(placement.role), &error, retry);
            if report.problems.len() < TOLD {
                report.problems.push(said.clone());
            }
            push_problem(&mut status.problems, said);
        }
        staging.settled.push((library.id, asset.id.clone(), status));
        failure.map_or(Ok(()), Err)
    }

    async fn remove_one(&self, placement: &Placement) -> Result<Gone, ConnectorError> {
        let failed = |error| state_failed(&error);
        let (state, place) = (&self.context.state, &self.place);
        let folded = place.folded(placement);
        let now = crate::clock::now().into();
        let target = &placement.entry.target;
        let standing = standing_at(state, place.id, place.rules.as_ref(), target).map_err(failed)?;
        if standing.iter().any(|one| one.folded != folded) {
            // Nothing goes away by it, so that the brake doesn't count it.
            state.record_vanished(place.id, vec![folded], now).map_err(failed)?;
            return Ok(Gone::Shared);
        }
        let removed = match self.take_away(&placement.entry).await {
            Err(error) if error.class == ErrorClass::Conflict => self.look_again(placement, error).await?,
            other => other.map(|()| Gone::Removed)?,
        };
        match removed {
            Gone::Removed => state.record_removed(place.id, folded, now).map_err(failed)?,
            Gone::Others(_) => {
                let placement = Placement {
                    ownership: Ownership::Found,
                    ..placement.clone()
                };
                let placed = Placed {
                    intent: None,
                    folded,
                    placement,
                };
                state.record_placed(place.id, vec![placed]).map_err(failed)?;
            }
            Gone::Shared => {}
        }
        Ok(removed)
    }

    /// What isn't told as it was placed may have been touched only: its bytes say whose it is.
    async fn look_again(&self, placement: &Placement, conflict: ConnectorError) -> Result<Gone, ConnectorError> {
        let link = &self.place.link;
        let there = link
            .call(|there| {
                let target = placement.entry.target.clone();
                async move { there.stat(target).await }
            })
            .await?;
        let Some(there) = there else {
            return Ok(Gone::Removed);
        };
        match whose(link, &there, placement, None).await? {
            Whose::AsPlaced => self.take_away(&there).await.map(|()| Gone::Removed),
            Whose::Wanted(_) | Whose::Others => Ok(Gone::Others(conflict)),
        }
    }

    async fn take_away(&self, expected: &Entry) -> Result<(), ConnectorError> {
        let disposal = match self.destination.deletions {
            Deletions::Trash => Disposal::Trash,
            Deletions::Keep | Deletions::Mirror => Disposal::Delete,
        };
        let removed = self
            .place
            .link
            .call(|there| {
                let expected = expected.clone();
                async move { there.remove(expected, disposal).await }
            })
            .await;
        match removed {
            Err(error) if is_the_places(&error) => Err(error),
            // A run before this one took it away and couldn't record it, or somebody did.
            Err(error) if error.class == ErrorClass::NotFound => Ok(()),
            other => other,
        }
    }

    /// What the brake holds back stays pending with its reason.
    pub(super) fn leave_departed(&self, staging: &mut Staging, error: &ConnectorError) {
        for removal in std::mem::take(&mut staging.removals) {
            let Removal {
                library,
                asset,
                placements,
                mut status,
                ..
            } = removal;
            for placement in &placements {
                let said = self.problem(&asset, Some(placement.role), error, Retry::Person);
                push_problem(&mut status.problems, said);
            }
            staging.settled.push((library.id, asset.id.clone(), status));
        }
    }
}
