//! What becomes of the files of an asset that left its library.
//!
//! They stay unless the spec asks for something else, and even then: whatever isn't known to have been deleted (it moved, or nobody says how it left), whatever the spec's filters don't take, whatever isn't
//! camroll's to remove, and whatever the destination can't give up.

use std::fmt;

use camroll_model::{Action, AlbumPath, Asset, Departure, Features, Ownership, Placement, Reason};
use camroll_spec::{Deletions, Destination, Spec};
use serde::{Deserialize, Serialize};

use super::Wish;
use super::report::{AssetPlan, Kept, KeptWhy, Note, NoteCode};
use crate::scope::{Scope, scope};

/// Why a destination keeps what its spec wants removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovesNothing {
    /// Its objects are locked for a time.
    Locked,
    /// It has no bin, and the spec asks for one.
    NoBin,
    /// The spec's filters ask for albums, and what was deleted is in none any more: nobody knows whether they took it.
    ByAlbum,
}

impl fmt::Display for RemovesNothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "its objects are locked, and can't be removed before their time",
            Self::NoBin => "it has no bin (`deletions: mirror` removes for good)",
            Self::ByAlbum => "the spec filters by albums, and what was deleted is in none any more",
        })
    }
}

/// Why that destination keeps what left, though its spec asks for something else; none where it removes, or keeps as it is told.
pub fn removes_nothing(spec: &Spec, destination: &Destination, features: &Features) -> Option<RemovesNothing> {
    match destination.deletions {
        Deletions::Keep => None,
        _ if features.has_trait("immutable") => Some(RemovesNothing::Locked),
        _ if spec.filters.asks_for_albums() => Some(RemovesNothing::ByAlbum),
        Deletions::Trash if !features.has_trait("trash") => Some(RemovesNothing::NoBin),
        Deletions::Trash | Deletions::Mirror => None,
    }
}

/// `own`: the asset's placements with their places in what was given.
pub(super) fn plan(
    departure: Departure,
    asset: &Asset,
    albums: &[AlbumPath],
    wish: &Wish<'_>,
    own: &[(usize, &Placement)],
) -> AssetPlan {
    let mut plan = AssetPlan::empty(Scope::Gone);
    let wanted = wish.destination.deletions != Deletions::Keep
        && is_deletion(departure)
        // As if it were still there: what the filters never took isn't this spec's to remove.
        && (wish.spec.filters.asks_for_albums() || scope(asset, albums, wish.library, wish.spec) == Scope::In);
    let hindered = removes_nothing(wish.spec, wish.destination, wish.features);
    for (index, placement) in own {
        let ours = matches!(placement.ownership, Ownership::Ours | Ownership::Adopted);
        if wanted && ours && hindered.is_none() {
            plan.actions.push(Action::Remove {
                placed: Box::new((*placement).clone()),
                reason: Reason::Departed,
            });
            continue;
        }
        plan.kept.push(Kept {
            placement: *index,
            why: KeptWhy::GoneAtSource(departure),
        });
        if let Some(hindered) = hindered.filter(|_| wanted && ours) {
            plan.noted.push(Note {
                resource: placement.resource.clone(),
                role: placement.role,
                code: NoteCode::NotRemoved,
                message: format!(
                    "It was deleted in the library. {} stays there: {hindered}.",
                    placement.path().unwrap_or("A file of it")
                ),
            });
        }
    }
    plan
}

/// An explicit word that it was deleted. Who moved it, or didn't say how it left, deleted nothing.
fn is_deletion(departure: Departure) -> bool {
    match departure {
        Departure::Trashed | Departure::Expunged => true,
        Departure::Moved | Departure::Unknown => false,
    }
}
