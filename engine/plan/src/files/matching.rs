//! Which of an asset's placements are which of its files.

use std::collections::HashSet;

use camroll_model::{Algorithm, Asset, Placement, Recipe, Resource, ResourceId};

/// What is there of a wanted file: indices into the placements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Match {
    /// Holds the bytes that are wanted.
    pub satisfied: Option<usize>,
    /// Hold other bytes of the same file.
    pub older: Vec<usize>,
}

/// Finds for each wanted file what is there of it. A placement belongs to the file of its resource id; where the asset no longer has a file of
/// that id, to the only one of its role. None belongs to two.
pub(crate) fn matches(asset: &Asset, wanted: &[&Resource], placements: &[(usize, &Placement)]) -> Vec<Match> {
    let known: HashSet<&ResourceId> = asset.resources.iter().map(|resource| &resource.id).collect();
    wanted
        .iter()
        .map(|resource| {
            let alone = wanted.iter().filter(|other| other.role == resource.role).count() == 1;
            let theirs: Vec<&(usize, &Placement)> = placements
                .iter()
                .filter(|(_, placement)| placement.recipe == Recipe::as_is())
                .filter(|(_, placement)| {
                    let orphaned = placement.role == resource.role && !known.contains(&placement.resource);
                    placement.resource == resource.id || (orphaned && alone)
                })
                .collect();
            // Of the file's own id a version is enough; of another id its bytes must be told, too, where they can be.
            let rank = |placement: &Placement| {
                let same_id = placement.resource == resource.id;
                let same_version = placement.version == resource.version;
                match (same_id, same_version) {
                    (true, true) => Some(0),
                    (_, _) if same_content(resource, placement) => Some(1),
                    (false, true) if !contradicts(resource, placement) => Some(2),
                    _ => None,
                }
            };
            let satisfied = theirs
                .iter()
                .filter_map(|(index, placement)| Some((rank(placement)?, placement.path(), *index)))
                .min()
                .map(|(_, _, index)| index);
            let older = theirs
                .iter()
                .filter(|(_, placement)| rank(placement).is_none())
                .map(|(index, _)| *index)
                .collect();
            Match { satisfied, older }
        })
        .collect()
}

/// Whether the placement has the file's bytes: a strong digest of both is equal, and nothing else that is known of both differs.
fn same_content(resource: &Resource, placement: &Placement) -> bool {
    let strong = |algorithm: Algorithm| !matches!(algorithm, Algorithm::Crc32 | Algorithm::Crc32c);
    let equal = resource
        .digests
        .iter()
        .any(|told| strong(told.algorithm) && placement.digests.contains(told));
    equal && !contradicts(resource, placement)
}

/// Whether size or a digest says that the placement has other bytes than the file.
fn contradicts(resource: &Resource, placement: &Placement) -> bool {
    let size = resource.size.is_some_and(|size| size != placement.size);
    size || resource.digests.iter().any(|told| {
        let mut ours = placement
            .digests
            .iter()
            .filter(|digest| digest.algorithm == told.algorithm)
            .peekable();
        ours.peek().is_some() && !ours.any(|digest| digest == told)
    })
}
