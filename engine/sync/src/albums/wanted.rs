//! What an album should hold at a destination, and what of that is new.

use std::collections::BTreeMap;

use camroll_model::{AssetId, Placement, Role, Target};
use camroll_state::{AlbumPlace, MemberThere, Presence};

use crate::context::{Context, HeardLibrary};
use crate::failure::Failure;
use crate::transfer::Place;

/// Members that are looked at together.
const PAGE: usize = 1000;

/// What has to be done to an album.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub put: Vec<MemberThere>,
    pub taken_out: Vec<MemberThere>,
    /// What is in it and stays.
    pub stays: Vec<MemberThere>,
}

impl Change {
    /// What the source says, less what was put there.
    pub(super) fn of(
        context: &Context,
        place: &Place,
        library: &HeardLibrary,
        at: &AlbumPlace,
    ) -> Result<Self, Failure> {
        let mut wanted: BTreeMap<String, MemberThere> = BTreeMap::new();
        let mut after: Option<AssetId> = None;
        loop {
            let page = context.state.members(library.id, &at.album, after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            for asset in page {
                for placement in context.state.placements(place.id, &library.key, &asset)? {
                    if is_shown(&placement) {
                        let target = placement.entry.target;
                        wanted.insert(
                            key(&target),
                            MemberThere {
                                asset: asset.clone(),
                                target,
                            },
                        );
                    }
                }
            }
        }
        let mut change = Self::default();
        for member in context.state.members_there(at)? {
            if wanted.remove(&key(&member.target)).is_some() || left_with_its_asset(context, place, library, &member)? {
                change.stays.push(member);
            } else {
                change.taken_out.push(member);
            }
        }
        change.put = wanted.into_values().collect();
        Ok(change)
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.put.is_empty() && self.taken_out.is_empty()
    }
}

/// Whether a file stays in an album though the source no longer says so: its asset left the source, and the file was kept. A person who takes a photo out of an album keeps the photo.
fn left_with_its_asset(
    context: &Context,
    place: &Place,
    library: &HeardLibrary,
    member: &MemberThere,
) -> Result<bool, Failure> {
    let here = context
        .state
        .asset(library.id, &member.asset)?
        .is_some_and(|known| known.presence == Presence::Here);
    if here {
        return Ok(false);
    }
    let placements = context.state.placements(place.id, &library.key, &member.asset)?;
    Ok(placements
        .iter()
        .any(|placement| placement.entry.target == member.target))
}

/// Whether a person sees the file as a thing of its own: what belongs to another file isn't put into albums.
fn is_shown(placement: &Placement) -> bool {
    !matches!(
        placement.role,
        Role::PairedVideo | Role::EditedPairedVideo | Role::Adjustment | Role::Sidecar
    )
}

fn key(target: &Target) -> String {
    target.path.as_ref().or(target.id.as_ref()).cloned().unwrap_or_default()
}
