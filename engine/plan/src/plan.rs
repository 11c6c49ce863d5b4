//! What one destination shall get of one asset.

mod decide;
mod departed;
mod kept;
mod relayout;
mod report;

use std::collections::HashSet;

use camroll_model::{
    Action, AlbumPath, Asset, AssetId, Departure, Features, Library, NameRules, Placement, Reason, Recipe, Resource,
    SourceKey, WantedFile,
};
use camroll_spec::{Destination, Spec};

use crate::files::{
    Assigned, Base, Facts, Ground, Match, Member, PlaceKind, Unnamed, assign, matches, missing, sticky, wanted,
};
use crate::name::{FoldedPath, NameFault, Speller, Tag, TagLength, check, fold, plain_rules};
use crate::scope::{Scope, scope};
use decide::{Decider, Decision};
pub use departed::{RemovesNothing, removes_nothing};
pub use relayout::{Move, relayout};
pub use report::{AssetPlan, Kept, KeptWhy, Note, NoteCode, SkipCode, Skipped, Waiting};

/// What is wished of a destination.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The spec.
    pub spec: &'a Spec,
    /// One of its destinations.
    pub destination: &'a Destination,
    /// What that destination can do.
    pub features: &'a Features,
    /// The library that the asset is in.
    pub library: &'a Library,
}

/// Whether an asset is in its library, as the catalogue has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Here,
    /// It left, with a tombstone.
    Gone(Departure),
}

/// Whose file is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An asset's.
    Asset {
        /// Where it comes from.
        source: SourceKey,
        /// The asset.
        asset: AssetId,
    },
    /// Nobody's that camroll knows: it stays untouched.
    Foreign,
}

/// Who holds which path at a destination: by a placement, by an action that this run planned before, or because something else was seen there.
pub trait Shelf {
    /// Whose it is; none where it is free.
    fn holder(&self, path: &FoldedPath) -> Option<Holder>;
}

/// Decides what a destination shall get of an asset: every wanted file is exactly once in `actions`, `already`, `waiting` or `skipped`.
///
/// `albums` are all that the asset is in; where neither filters nor the layout ask for them, they may be left out.
/// `placements` are those of the asset at that destination; those of others are passed over, and indices in the plan are into that slice.
/// Carried out, the same call gives no actions.
pub fn plan_asset(
    presence: Presence,
    asset: &Asset,
    albums: &[AlbumPath],
    source: &SourceKey,
    wish: &Wish<'_>,
    placements: &[Placement],
    shelf: &dyn Shelf,
) -> AssetPlan {
    let own: Vec<(usize, &Placement)> = placements
        .iter()
        .enumerate()
        .filter(|(_, placement)| placement.asset == asset.id && placement.source == *source)
        .collect();
    if let Presence::Gone(departure) = presence {
        return departed::plan(departure, asset, albums, wish, &own);
    }
    let scope = scope(asset, albums, wish.library, wish.spec);
    if scope != Scope::In {
        let kept = own
            .iter()
            .map(|(placement, _)| Kept {
                placement: *placement,
                why: KeptWhy::LeftScope,
            })
            .collect();
        return AssetPlan {
            kept,
            ..AssetPlan::empty(scope)
        };
    }
    Planning::new(asset, albums, source, wish, own, shelf).plan()
}

/// The planning of one asset that is in scope.
struct Planning<'a> {
    asset: &'a Asset,
    albums: &'a [AlbumPath],
    source: &'a SourceKey,
    wish: &'a Wish<'a>,
    own: Vec<(usize, &'a Placement)>,
    shelf: &'a dyn Shelf,
    wanted: Vec<&'a Resource>,
    matches: Vec<Match>,
}

impl<'a> Planning<'a> {
    fn new(
        asset: &'a Asset,
        albums: &'a [AlbumPath],
        source: &'a SourceKey,
        wish: &'a Wish<'a>,
        own: Vec<(usize, &'a Placement)>,
        shelf: &'a dyn Shelf,
    ) -> Self {
        let wanted = wanted(asset, &wish.spec.versions);
        let matches = matches(asset, &wanted, &own);
        Self {
            asset,
            albums,
            source,
            wish,
            own,
            shelf,
            wanted,
            matches,
        }
    }

    fn plan(self) -> AssetPlan {
        let (rules, place) = match &self.wish.features.names {
            Some(rules) => (rules.clone(), PlaceKind::Paths),
            None => (plain_rules(), PlaceKind::Ids),
        };
        let mine: HashSet<FoldedPath> = self
            .own
            .iter()
            .filter_map(|(_, placement)| Some(fold(placement.path()?, &rules)))
            .collect();
        self.on_ground(&rules, place, &mine, |ground, held_by_other| {
            let decider = Decider {
                features: self.wish.features,
                own: &self.own,
                wanted: &self.wanted,
                matches: &self.matches,
                replaceable: &|placement| match (place, placement.path()) {
                    (PlaceKind::Paths, Some(path)) => {
                        check(path, &rules).is_ok() && !held_by_other(&fold(path, &rules))
                    }
                    (PlaceKind::Paths, None) => false,
                    (PlaceKind::Ids, _) => placement.entry.target.id.is_some(),
                },
            };
            let decisions: Vec<Decision> = (0..self.wanted.len()).map(|index| decider.decide(index)).collect();
            self.carry_out(ground, &decisions)
        })
    }

    /// Names are given on the same ground, whatever they are given for. `mine`: the asset's own files that keep their paths.
    fn on_ground<T>(
        &self,
        rules: &NameRules,
        place: PlaceKind,
        mine: &HashSet<FoldedPath>,
        work: impl FnOnce(&Ground<'_>, &dyn Fn(&FoldedPath) -> bool) -> T,
    ) -> T {
        let holder = Holder::Asset {
            source: self.source.clone(),
            asset: self.asset.id.clone(),
        };
        let held_by_other = |path: &FoldedPath| self.shelf.holder(path).is_some_and(|known| known != holder);
        let tag = Tag::of(self.source, &self.asset.id);
        let zone = &self.wish.spec.schedule.timezone;
        let facts = Facts::new(self.asset, self.albums, self.wish.library, zone, &tag);
        let ground = Ground {
            layout: &self.wish.destination.layout,
            facts: &facts,
            speller: Speller::new(rules),
            place,
            mine,
            held_by_other: &held_by_other,
        };
        work(&ground, &held_by_other)
    }

    fn carry_out(&self, ground: &Ground<'_>, decisions: &[Decision]) -> AssetPlan {
        let mut plan = AssetPlan::empty(Scope::In);
        let members: Vec<Member<'_>> = self
            .wanted
            .iter()
            .zip(decisions)
            .filter_map(|(resource, decision)| {
                let marks = decision.marks()?.to_vec();
                Some(Member { resource, marks })
            })
            .collect();
        let mut paths = self.paths(ground, &members).into_iter();
        for ((resource, decision), matched) in self.wanted.iter().zip(decisions).zip(&self.matches) {
            let named = decision.marks().and_then(|_| paths.next());
            match decision {
                Decision::Already(placement) => {
                    plan.already.push(*placement);
                    plan.satisfied.push(resource.id.clone());
                }
                Decision::Skip(code, why) => plan.skipped.push(self.skipped(resource, *code, why)),
                Decision::Wait(_) => plan.waiting.push(Waiting {
                    resource: resource.id.clone(),
                    role: resource.role,
                    path: named.and_then(Result::ok),
                }),
                Decision::Replace(index, reason) => self.replace(&mut plan, ground, resource, *index, reason),
                Decision::Put(reason, _) => match named {
                    Some(Ok(path)) => self.put(&mut plan, resource, path, reason, matched),
                    Some(Err(fault)) => plan.skipped.push(self.unnamed(resource, &fault)),
                    None => plan
                        .skipped
                        .push(self.skipped(resource, SkipCode::Name, "it was given no name")),
                },
            }
        }
        plan.kept = self.kept(decisions);
        let unplaced: Vec<&Resource> = self
            .wanted
            .iter()
            .zip(&self.matches)
            .filter(|(_, matched)| matched.satisfied.is_none())
            .map(|(resource, _)| *resource)
            .collect();
        let placed = self.own.iter().map(|(_, placement)| placement.role).collect();
        plan.missing = missing(self.asset, &self.wish.spec.versions, &unplaced, &placed);
        plan
    }

    fn paths(&self, ground: &Ground<'_>, members: &[Member<'_>]) -> Vec<Assigned> {
        if members.is_empty() {
            return Vec::new();
        }
        let placements: Vec<&Placement> = self.own.iter().map(|(_, placement)| *placement).collect();
        let (base, least) = match ground.place {
            PlaceKind::Paths => sticky(ground, &self.wanted, &placements),
            PlaceKind::Ids => (Base::Layout, TagLength::None),
        };
        assign(ground, &base, least, members)
    }

    fn put(&self, plan: &mut AssetPlan, resource: &Resource, path: String, reason: &Reason, matched: &Match) {
        let there = matched.older.first().and_then(|index| self.placement(*index)?.path());
        if let Some((code, message)) = noted(reason, there, &path) {
            plan.noted.push(Note {
                resource: resource.id.clone(),
                role: resource.role,
                code,
                message,
            });
        }
        let file = self.file(resource, path);
        plan.actions.push(Action::Put {
            file,
            reason: reason.clone(),
        });
    }

    fn replace(
        &self,
        plan: &mut AssetPlan,
        ground: &Ground<'_>,
        resource: &'a Resource,
        index: usize,
        reason: &Reason,
    ) {
        let Some(placed) = self.placement(index) else {
            return plan
                .skipped
                .push(self.skipped(resource, SkipCode::Name, "it was given no name"));
        };
        let shown = || ground.plain_path(&[resource], 0, TagLength::Eight);
        let Some(path) = placed.path().map(str::to_owned).or_else(shown) else {
            return plan
                .skipped
                .push(self.skipped(resource, SkipCode::Name, "no name can be shown for it there"));
        };
        plan.actions.push(Action::Replace {
            file: self.file(resource, path),
            placed: Box::new(placed.clone()),
            reason: reason.clone(),
        });
    }

    fn placement(&self, index: usize) -> Option<&'a Placement> {
        self.own
            .iter()
            .find(|(known, _)| *known == index)
            .map(|(_, placement)| *placement)
    }

    fn file(&self, resource: &Resource, path: String) -> WantedFile {
        WantedFile {
            asset: self.asset.id.clone(),
            resource: resource.id.clone(),
            role: resource.role,
            recipe: Recipe::as_is(),
            version: resource.version.clone(),
            path,
            size: resource.size,
        }
    }

    fn skipped(&self, resource: &Resource, code: SkipCode, why: &str) -> Skipped {
        Skipped {
            resource: resource.id.clone(),
            role: resource.role,
            code,
            message: format!(
                "The {} file of {} can't be put into \"{}\": {why}.",
                resource.role.name(),
                self.asset
                    .name
                    .as_deref()
                    .map_or_else(|| format!("asset {}", self.asset.id), |name| format!("{name:?}")),
                self.wish.destination.name,
            ),
        }
    }

    fn unnamed(&self, resource: &Resource, fault: &Unnamed) -> Skipped {
        match fault {
            Unnamed::Fault(NameFault::TooLong) => {
                let why = format!("{}; a shorter layout would fit", NameFault::TooLong);
                self.skipped(resource, SkipCode::NameTooLong, &why)
            }
            Unnamed::Fault(fault) => self.skipped(
                resource,
                SkipCode::Name,
                &format!("{fault}; another layout may give it a name that fits"),
            ),
            Unnamed::NoneFree => self.skipped(
                resource,
                SkipCode::NoFreeName,
                "every name that the layout gives it is another file's; put {id} into the layout",
            ),
        }
    }
}

/// What people should know of a file that is put beside one that is there.
fn noted(reason: &Reason, there: Option<&str>, new: &str) -> Option<(NoteCode, String)> {
    let there = there.unwrap_or("the one that is there");
    let beside = |what: &str| {
        let message = format!("{what} changed. {there} isn't camroll's to replace, so the new one goes to {new}.");
        Some((NoteCode::StoredBeside, message))
    };
    match reason {
        Reason::OriginalChanged => {
            let message =
                format!("The original has other bytes at the source now. {there} stays, the new ones go to {new}.");
            Some((NoteCode::OriginalChanged, message))
        }
        Reason::Reedited => beside("The edit"),
        Reason::MetadataChanged => beside("What the sidecar says"),
        _ => None,
    }
}
