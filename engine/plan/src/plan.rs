//! What to do for one asset at one destination.

use camroll_model::{
    Action, Asset, AssetId, Departure, Features, Library, MissingVersions, NameRules, Ownership, Placement, Problem,
    Reason, Recipe, Resource, Retry, Role, SourceKey, WantedFile,
};
use camroll_spec::{Destination, Spec};
use sha2::{Digest as _, Sha256};

use crate::names::{FoldedPath, fold, split};
use crate::paths::{Parts, extension, id8, path, stem};
use crate::scope::{Scope, scope};

/// What is wanted: the spec, one of its destinations, and what that can do.
pub struct Wish<'a> {
    /// The spec.
    pub spec: &'a Spec,
    /// One of its destinations.
    pub destination: &'a Destination,
    /// What the place can do.
    pub features: &'a Features,
    /// The asset's library.
    pub library: &'a Library,
}

/// Whether an asset is in its library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Here,
    /// It left with a tombstone.
    Gone(Departure),
}

/// Whose a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An asset's.
    Asset {
        /// Its library.
        source: SourceKey,
        /// The asset.
        asset: AssetId,
    },
    /// Nobody's that camroll knows: it stays untouched.
    Foreign,
}

/// Who holds which path at a destination: what is placed, and what this run reserved.
pub trait Shelf {
    /// Whose it is; none where it is free.
    fn holder(&self, path: &FoldedPath) -> Option<Holder>;
}

/// A file that can't be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Which file.
    pub role: Role,
    /// For scripts.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// What to do for one asset at one destination, and what is already done.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetPlan {
    /// Whether the spec takes it.
    pub scope: Scope,
    /// What to do.
    pub actions: Vec<Action>,
    /// Placements that are what is wanted: indices.
    pub already: Vec<usize>,
    /// Files that are wanted and whose bytes the source doesn't have yet.
    pub waiting: Vec<Role>,
    /// Files that can't be there.
    pub skipped: Vec<Skipped>,
    /// Placements that stay though they are no longer wanted: indices.
    pub kept: Vec<usize>,
    /// Versions that are wanted and that the source doesn't have.
    pub missing: MissingVersions,
    /// The original has other bytes now; the old ones stay.
    pub original_changed: OriginalChanged,
}

/// Whether an original has other bytes than those that were placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginalChanged {
    /// It has.
    Yes,
    /// It hasn't.
    No,
}

impl AssetPlan {
    fn nothing(scope: Scope, placements: usize) -> Self {
        Self {
            scope,
            actions: Vec::new(),
            already: Vec::new(),
            waiting: Vec::new(),
            skipped: Vec::new(),
            kept: (0..placements).collect(),
            missing: MissingVersions::default(),
            original_changed: OriginalChanged::No,
        }
    }

    /// Files that stay though the filters no longer take them.
    pub fn kept_left_scope(&self) -> u32 {
        if matches!(self.scope, Scope::Out(_)) {
            u32::try_from(self.kept.len()).unwrap_or(u32::MAX)
        } else {
            0
        }
    }

    /// Files that stay though they left the source.
    pub fn kept_gone(&self) -> u32 {
        if self.scope == Scope::Gone {
            u32::try_from(self.kept.len()).unwrap_or(u32::MAX)
        } else {
            0
        }
    }

    /// What a person should be told of it.
    pub fn notes(&self, asset: &Asset, destination: &str) -> Vec<Problem> {
        let problem = |role: Role, code: &str, message: String, retry| Problem {
            asset: Some(asset.id.to_string()),
            name: asset.name.clone(),
            resource: Some(role.name().to_owned()),
            destination: Some(destination.to_owned()),
            code: code.to_owned(),
            message,
            retry,
        };
        let mut notes: Vec<Problem> = self
            .skipped
            .iter()
            .map(|skipped| problem(skipped.role, skipped.code, skipped.message.clone(), Retry::Never))
            .collect();
        notes.extend(self.waiting.iter().map(|role| {
            problem(
                *role,
                "source/no-bytes-yet",
                "The source has the entry and not yet the bytes; the next run asks again.".to_owned(),
                Retry::NextRun,
            )
        }));
        if self.original_changed == OriginalChanged::Yes {
            notes.push(problem(
                Role::Original,
                "source/original-changed",
                "The original has other bytes than before. Both are kept: the new ones stand beside.".to_owned(),
                Retry::Never,
            ));
        }
        notes
    }
}

/// Changes exactly when everything at a destination has to be planned again.
pub fn fingerprint(wish: &Wish<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"1");
    hash.update(format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
        wish.spec.filters,
        wish.spec.versions,
        wish.spec.source.libraries,
        wish.spec.schedule.timezone,
        wish.destination.layout,
        wish.destination.existing,
        wish.features.names,
        wish.features.max_size,
        wish.features.traits,
    ));
    hash.finalize().into()
}

fn is_edit(role: Role) -> bool {
    matches!(role, Role::Edited | Role::EditedPairedVideo)
}

/// Rules for places without any: what every place can hold.
fn plain_rules() -> NameRules {
    NameRules {
        forbidden: "/".to_owned(),
        forbidden_first: String::new(),
        forbidden_last: String::new(),
        reserved: Vec::new(),
        case_sensitive: true,
        unicode: camroll_model::UnicodeForm::Keep,
        name_limit: 255,
        path_limit: 4096,
        limits_in: camroll_model::LimitUnit::Bytes,
        duplicates: false,
    }
}

/// What to do for an asset.
pub fn plan_asset(
    presence: Presence,
    asset: &Asset,
    source: &SourceKey,
    wish: &Wish<'_>,
    placements: &[Placement],
    shelf: &dyn Shelf,
) -> AssetPlan {
    if let Presence::Gone(_) = presence {
        return AssetPlan::nothing(Scope::Gone, placements.len());
    }
    let taken = scope(asset, wish.library, wish.spec);
    if taken != Scope::In {
        return AssetPlan::nothing(taken, placements.len());
    }
    let mut plan = AssetPlan {
        kept: Vec::new(),
        ..AssetPlan::nothing(Scope::In, 0)
    };
    let versions = &wish.spec.versions;
    let wanted_role = |role: Role| match role {
        Role::Original | Role::PairedVideo | Role::Alternate => versions.original.is_yes(),
        Role::Edited | Role::EditedPairedVideo => versions.edited.is_yes(),
        Role::Adjustment => versions.adjustments.is_yes(),
        Role::Sidecar | Role::Preview | Role::Rendition | Role::Other => false,
    };
    let mut fresh: Vec<(&Resource, Option<&Placement>)> = Vec::new();
    for resource in asset.resources.iter().filter(|resource| wanted_role(resource.role)) {
        let ours: Vec<(usize, &Placement)> = placements
            .iter()
            .enumerate()
            .filter(|(_, placed)| placed.resource == resource.id)
            .collect();
        let same = |placed: &Placement| {
            placed.version == resource.version || resource.digests.iter().any(|digest| placed.digests.contains(digest))
        };
        if let Some((index, _)) = ours.iter().find(|(_, placed)| same(placed)) {
            plan.already.push(*index);
            continue;
        }
        if !resource.available {
            plan.waiting.push(resource.role);
            continue;
        }
        if let (Some(size), Some(most)) = (resource.size, wish.features.max_size)
            && size > most
        {
            plan.skipped.push(Skipped {
                role: resource.role,
                code: "destination/too-large",
                message: format!("It has {size} bytes, and the destination takes {most} at most."),
            });
            continue;
        }
        fresh.push((resource, ours.last().map(|(_, placed)| *placed)));
    }
    if versions.original.is_yes() && asset.role(Role::Original).is_none() {
        plan.missing.original = 1;
    }
    plan.kept = (0..placements.len())
        .filter(|index| !plan.already.contains(index))
        .collect();
    place(&mut plan, asset, source, wish, placements, shelf, &fresh);
    plan
}

/// Gives each file that is to be sent its path: together, so that a pair shares its stem.
fn place(
    plan: &mut AssetPlan,
    asset: &Asset,
    source: &SourceKey,
    wish: &Wish<'_>,
    placements: &[Placement],
    shelf: &dyn Shelf,
    fresh: &[(&Resource, Option<&Placement>)],
) {
    let plain = plain_rules();
    let rules = wish.features.names.as_ref().unwrap_or(&plain);
    let id8 = id8(source, asset);
    let own_stem = stem(asset, &id8);
    let holder = Holder::Asset {
        source: source.clone(),
        asset: asset.id.clone(),
    };
    let is_free = |folded: &FoldedPath| shelf.holder(folded).is_none_or(|known| known == holder);
    // Files that come later join those that are there, wherever the layout would put them now.
    let joined = placements
        .iter()
        .find(|placed| placed.role == Role::Original)
        .or_else(|| placements.first())
        .and_then(|placed| {
            let (parent, name) = placed
                .path()?
                .rsplit_once('/')
                .map_or(("", placed.path()?), |split| split);
            let (stem, _) = split(name);
            let stem = if is_edit(placed.role) {
                stem.strip_suffix("-edited").unwrap_or(stem)
            } else {
                stem
            };
            Some((parent.to_owned(), stem.to_owned()))
        });
    let occupied: Vec<FoldedPath> = placements
        .iter()
        .filter_map(|placed| Some(fold(placed.path()?, rules)))
        .collect();
    for attempt in 0..100 {
        let apart = match attempt {
            0 => String::new(),
            1 => format!("-{id8}"),
            more => format!("-{id8}-{more}"),
        };
        let mut actions: Vec<Action> = Vec::new();
        let mut taken: Vec<FoldedPath> = Vec::new();
        let mut clash = false;
        for (resource, placed) in fresh {
            // An edit takes the place of the edit that we put there before; nothing else takes a place.
            let replaced = placed.filter(|placed| is_edit(resource.role) && placed.ownership != Ownership::Found);
            let file = |path: String| WantedFile {
                asset: asset.id.clone(),
                resource: resource.id.clone(),
                role: resource.role,
                recipe: Recipe::as_is(),
                version: resource.version.clone(),
                path,
                size: resource.size,
            };
            if let Some(placed) = replaced {
                let path = placed.path().unwrap_or_default().to_owned();
                actions.push(Action::Replace {
                    file: file(path),
                    placed: Box::new((*placed).clone()),
                    reason: Reason::Reedited,
                });
                continue;
            }
            let mut suffix = apart.clone();
            let mut reason = Reason::New;
            if placed.is_some() {
                // Other bytes under the same file: they stand beside, under a stem that says which they are.
                suffix.push_str(&format!(
                    "-{}",
                    hex::encode(&Sha256::digest(resource.version.as_bytes())[..4])
                ));
                reason = Reason::OriginalChanged;
                plan.original_changed = OriginalChanged::Yes;
            }
            if is_edit(resource.role) {
                suffix.push_str("-edited");
            }
            let extension = extension(asset, resource);
            let at = |suffix: &str| match &joined {
                Some((parent, stem)) => {
                    let name = crate::names::hold(&format!("{stem}{suffix}.{extension}"), rules);
                    if parent.is_empty() {
                        name
                    } else {
                        format!("{parent}/{name}")
                    }
                }
                None => path(
                    &wish.destination.layout,
                    &Parts {
                        asset,
                        library: wish.library,
                        id8: &id8,
                        stem: &own_stem,
                        suffix,
                        extension: &extension,
                        zone: &wish.spec.schedule.timezone,
                    },
                    rules,
                ),
            };
            let mut path = at(&suffix);
            let mut folded = fold(&path, rules);
            if taken.contains(&folded) {
                // Two files of one asset that come out equal are told apart by what they are.
                path = at(&format!("{suffix}-{}", resource.role.name()));
                folded = fold(&path, rules);
            }
            if !is_free(&folded)
                || taken.contains(&folded)
                || occupied.contains(&folded)
                || path.len() > rules.path_limit.max(64) as usize
            {
                clash = true;
                break;
            }
            taken.push(folded);
            actions.push(Action::Put {
                file: file(path),
                reason,
            });
        }
        if !clash {
            plan.actions = actions;
            return;
        }
    }
    for (resource, _) in fresh {
        plan.skipped.push(Skipped {
            role: resource.role,
            code: "destination/no-name",
            message: "No name was found for it that is free and that the destination can hold.".to_owned(),
        });
    }
}
