//! What the files of an asset share: folder and stem, by the layout or by what is there already.

use camroll_model::{Placement, Resource, Role};

use super::assign::{Ground, role_word};
use super::media::split;
use crate::name::{TagLength, check, fold, version_mark};

/// Where an asset's new files get their stem from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// The layout.
    Layout,
    /// A file of the asset that is there under a name that the layout doesn't give (it changed, or the file was there before).
    Beside {
        /// Its folder; empty at the top.
        folder: String,
        /// Its stem, without what says which file it is.
        stem: String,
    },
}

/// The base for new files of an asset, and the least suffix that they need: that of its files that are there, so that a Live Photo's late half
/// and a later edit join their still, whatever became of the layout.
pub(crate) fn sticky(ground: &Ground<'_>, wanted: &[&Resource], placements: &[&Placement]) -> (Base, TagLength) {
    let placed = placements
        .iter()
        .filter_map(|placement| Some((placement, placement.path()?)))
        .filter(|(_, path)| check(path, ground.rules()).is_ok())
        .min_by_key(|(placement, path)| (placement.role, path.len(), *path));
    let Some((placement, path)) = placed else {
        return (Base::Layout, TagLength::None);
    };
    let place = wanted.iter().position(|resource| resource.id == placement.resource);
    let folded = fold(path, ground.rules());
    let by_layout = TagLength::ALL.into_iter().find(|length| {
        place
            .and_then(|place| ground.plain_path(wanted, place, *length))
            .is_some_and(|natural| fold(&natural, ground.rules()) == folded)
    });
    match by_layout {
        Some(length) => (Base::Layout, length),
        None => (beside(placement, path), TagLength::None),
    }
}

fn beside(placement: &Placement, path: &str) -> Base {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (mut stem, _) = split(name, None);
    if placement.role == Role::Sidecar {
        // The extension of the file that it is for.
        stem = split(stem, None).0;
    }
    let edited = matches!(placement.role, Role::Edited | Role::EditedPairedVideo);
    let suffixes = [
        Some(version_mark(&placement.version)),
        Some(version_mark(placement.resource.as_str())),
        role_word(placement.role).map(str::to_owned),
        edited.then(|| "edited".to_owned()),
    ];
    for suffix in suffixes.into_iter().flatten() {
        let shorter = stem.strip_suffix(&suffix).and_then(|stem| stem.strip_suffix('-'));
        stem = shorter.filter(|stem| !stem.is_empty()).unwrap_or(stem);
    }
    Base::Beside {
        folder: folder.to_owned(),
        stem: stem.to_owned(),
    }
}
