use camroll_model::{Asset, Placement, ResourceId, SourceKey};
use camroll_spec::Versions;

use super::{matches, wanted};

/// A wanted file of an asset, and what is there of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which file.
    pub resource: ResourceId,
    /// The placement that holds its bytes: an index into what was given.
    pub by: Option<usize>,
}

/// What a destination holds of the files that are wanted of an asset. `placements` are that destination's; those of other assets are passed over.
pub fn held(asset: &Asset, source: &SourceKey, versions: &Versions, placements: &[Placement]) -> Vec<Held> {
    let own: Vec<(usize, &Placement)> = placements
        .iter()
        .enumerate()
        .filter(|(_, placement)| placement.asset == asset.id && placement.source == *source)
        .collect();
    let wanted = wanted(asset, versions);
    let matches = matches(asset, &wanted, &own);
    wanted
        .iter()
        .zip(matches)
        .map(|(resource, matched)| Held {
            resource: resource.id.clone(),
            by: matched.satisfied,
        })
        .collect()
}
