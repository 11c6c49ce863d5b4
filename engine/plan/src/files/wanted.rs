//! Which files of an asset a spec wants.

use std::collections::HashSet;

use camroll_model::{Asset, MissingVersions, Resource, Role};
use camroll_spec::Versions;

use crate::sidecar::is_sidecar;

/// Whether a spec wants files of that role. RAW alternates and Live videos belong to the original; what services make themselves is never
/// wanted.
pub(crate) fn is_wanted(role: Role, versions: &Versions) -> bool {
    match role {
        Role::Original | Role::PairedVideo | Role::Alternate => versions.original.is_yes(),
        Role::Edited | Role::EditedPairedVideo => versions.edited.is_yes(),
        Role::Adjustment => versions.adjustments.is_yes(),
        Role::Sidecar | Role::Preview | Role::Rendition | Role::Other => false,
    }
}

/// The wanted files and the sidecar that the engine makes, originals first, each id once (the first one told counts), in an order that doesn't depend on the source's.
pub(crate) fn wanted<'a>(asset: &'a Asset, versions: &Versions) -> Vec<&'a Resource> {
    let mut seen = HashSet::new();
    let mut wanted: Vec<&Resource> = asset
        .resources
        .iter()
        .filter(|resource| seen.insert(&resource.id))
        .filter(|resource| is_wanted(resource.role, versions) || is_sidecar(&resource.id))
        .collect();
    wanted.sort_by(|a, b| (a.role, &a.id).cmp(&(b.role, &b.id)));
    wanted
}

/// Versions that are wanted and that the source has no bytes of. `unplaced` are wanted files that aren't there already.
pub(crate) fn missing(
    asset: &Asset,
    versions: &Versions,
    unplaced: &[&Resource],
    placed: &HashSet<Role>,
) -> MissingVersions {
    let lacking = |role: Role| {
        let waiting = unplaced
            .iter()
            .filter(|resource| resource.role == role && !resource.available)
            .count();
        u64::try_from(waiting).unwrap_or(u64::MAX)
    };
    let told = |role: Role| asset.resources.iter().any(|resource| resource.role == role) || placed.contains(&role);
    let untold = |role: Role| u64::from(versions.original.is_yes() && !told(role));
    MissingVersions {
        original: lacking(Role::Original) + lacking(Role::Alternate) + untold(Role::Original),
        edited: lacking(Role::Edited) + lacking(Role::EditedPairedVideo),
        paired_video: lacking(Role::PairedVideo)
            + if asset.has_trait("live") {
                untold(Role::PairedVideo)
            } else {
                0
            },
    }
}
