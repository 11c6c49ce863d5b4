//! Takes away what a spec wants gone: files of assets that were deleted in their library, camroll's own or taken over, one after the other. Planned like everything else, counted by the brake, and done last.
//!
//! Cut off at any point, the next run does the rest: an asset stays dirty until its files are gone, and one that is gone already needs no second removal.

use camroll_host::Disposal;
use camroll_model::{Asset, ConnectorError, ErrorClass, Ownership, Placement, Problem, Retry};
use camroll_spec::Deletions;
use camroll_state::{Placed, StatusState};

use super::staging::{Removal, Staging};
use super::status::push_problem;
use super::{LaneReport, LaneRun};
use crate::context::problem;
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::spot::standing_at;

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
        let removals = std::mem::take(&mut staging.removals);
        if removals.is_empty() {
            return Ok(());
        }
        manifest.open(&self.context)?;
        for removal in removals {
            if self.context.stop.is_asked() {
                break;
            }
            self.remove_all_of(removal, staging, report, manifest).await?;
            manifest.flush_full(&self.place).await?;
            self.record(staging)?;
        }
        Ok(())
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
            mut status,
        } = removal;
        status.state = StatusState::Settled;
        for placement in placements {
            match self.remove_one(&placement).await {
                Ok(Gone::Removed) => {
                    report.removed += 1;
                    manifest.remove(&placement, &asset);
                }
                Ok(Gone::Shared) => {}
                Ok(Gone::Others(error)) => {
                    let said = self.left(&asset, &placement, &error, Retry::Never);
                    report.problems.push(said.clone());
                    push_problem(&mut status.problems, said);
                }
                Err(error) if is_whole(&error) || self.place.link.is_broken() => {
                    return Err(Failure::Destination(self.place.name.clone(), error));
                }
                Err(error) => {
                    let said = self.left(&asset, &placement, &error, Retry::NextRun);
                    report.problems.push(said.clone());
                    report.not_done += 1;
                    status.state = StatusState::Failed;
                    push_problem(&mut status.problems, said);
                }
            }
        }
        staging.settled.push((library.id, asset.id.clone(), status));
        Ok(())
    }

    async fn remove_one(&self, placement: &Placement) -> Result<Gone, ConnectorError> {
        let failed = |error| crate::transfer::state_failed(&error);
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
        let disposal = match self.destination.deletions {
            Deletions::Trash => Disposal::Trash,
            Deletions::Keep | Deletions::Mirror => Disposal::Delete,
        };
        let removed = place
            .link
            .call(|there| {
                let expected = placement.entry.clone();
                async move { there.remove(expected, disposal).await }
            })
            .await;
        match removed {
            Ok(()) => {}
            Err(error) if is_whole(&error) => return Err(error),
            // A run before this one took it away and couldn't record it, or somebody did.
            Err(error) if error.class == ErrorClass::NotFound => {}
            Err(error) if error.class == ErrorClass::Conflict => {
                let theirs = Placement {
                    ownership: Ownership::Found,
                    ..placement.clone()
                };
                let placed = Placed {
                    intent: None,
                    folded,
                    placement: theirs,
                };
                state.record_placed(place.id, vec![placed]).map_err(failed)?;
                return Ok(Gone::Others(error));
            }
            Err(error) => return Err(error),
        }
        state.record_removed(place.id, folded, now).map_err(failed)?;
        Ok(Gone::Removed)
    }

    /// What the brake holds back stays pending with its reason.
    pub(super) fn leave_departed(&self, staging: &mut Staging, error: &ConnectorError) {
        for removal in std::mem::take(&mut staging.removals) {
            let Removal {
                library,
                asset,
                placements,
                mut status,
            } = removal;
            for placement in &placements {
                let said = self.left(&asset, placement, error, Retry::Person);
                push_problem(&mut status.problems, said);
            }
            staging.settled.push((library.id, asset.id.clone(), status));
        }
    }

    /// What receipts say of a file that stays.
    fn left(&self, asset: &Asset, placement: &Placement, error: &ConnectorError, retry: Retry) -> Problem {
        let mut said = problem(Some((&asset.id, asset.name.as_deref())), error, retry);
        said.resource = Some(placement.role.name().to_owned());
        said.destination = Some(self.place.name.clone());
        said
    }
}

/// What concerns the whole place, and not one file. A folder that isn't mounted any more has no file, and none of them is gone.
fn is_whole(error: &ConnectorError) -> bool {
    matches!(
        error.class,
        ErrorClass::Unsupported | ErrorClass::Unauthenticated | ErrorClass::Cancelled
    ) || matches!(
        error.code.as_str(),
        "files/vanished" | "files/no-folder" | "files/read-only" | "state/unusable"
    )
}
