//! Where files that are there would lie by the layout that the spec has now.

use std::collections::HashSet;

use camroll_model::{AlbumPath, Asset, Features, Ownership, Placement, Reason, Resource, SourceKey};

use super::decide::Decider;
use super::{Planning, Presence, Shelf, Wish};
use crate::files::{Base, Member, PlaceKind, assign};
use crate::name::{FoldedPath, TagLength, fold};
use crate::scope::{Scope, scope};

/// A file that lies elsewhere than the layout says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Which of the placements that the plan was made from.
    pub placement: usize,
    /// Where it goes.
    pub path: String,
}

/// What a changed layout means for an asset's files that are there already: a sync leaves them where they are, this says where they would go. All of an asset's files or none: one that somebody
/// else put there, or that has no name by the layout, keeps the others with it. Carried out, the same call gives nothing.
pub fn relayout(
    presence: Presence,
    asset: &Asset,
    albums: &[AlbumPath],
    source: &SourceKey,
    wish: &Wish<'_>,
    placements: &[Placement],
    shelf: &dyn Shelf,
) -> Vec<Move> {
    if presence != Presence::Here
        || scope(asset, albums, wish.library, wish.spec) != Scope::In
        || !can_rename(wish.features)
    {
        return Vec::new();
    }
    let own: Vec<(usize, &Placement)> = placements
        .iter()
        .enumerate()
        .filter(|(_, placement)| placement.asset == asset.id && placement.source == *source)
        .collect();
    Planning::new(asset, albums, source, wish, own, shelf)
        .moves()
        .unwrap_or_default()
}

fn can_rename(features: &Features) -> bool {
    features.names.is_some() && !features.has_trait("immutable")
}

impl Planning<'_> {
    /// None: they stay where they are.
    fn moves(&self) -> Option<Vec<Move>> {
        let there: Vec<(usize, &Resource, &Placement)> = self
            .wanted
            .iter()
            .zip(&self.matches)
            .filter_map(|(resource, matched)| {
                let index = matched.satisfied?;
                Some((index, *resource, self.placement(index)?))
            })
            .collect();
        let ours = |placement: &Placement| matches!(placement.ownership, Ownership::Ours | Ownership::Adopted);
        if there.is_empty() || !there.iter().all(|(_, _, placement)| ours(placement)) {
            return None;
        }
        let rules = self.wish.features.names.clone()?;
        let going: HashSet<usize> = there.iter().map(|(index, ..)| *index).collect();
        let staying: HashSet<FoldedPath> = self
            .own
            .iter()
            .filter(|(index, _)| !going.contains(index))
            .filter_map(|(_, placement)| Some(fold(placement.path()?, &rules)))
            .collect();
        let decider = Decider {
            features: self.wish.features,
            own: &self.own,
            wanted: &self.wanted,
            matches: &self.matches,
            replaceable: &|_| false,
        };
        let members: Vec<Member<'_>> = self
            .wanted
            .iter()
            .zip(&self.matches)
            .filter(|(_, matched)| matched.satisfied.is_some_and(|index| going.contains(&index)))
            .map(|(resource, matched)| Member {
                resource,
                // A second version was told apart from the first, and may have to be again.
                marks: match matched.older.is_empty() {
                    true => vec![String::new()],
                    false => decider.marks(resource, &Reason::Reedited),
                },
            })
            .collect();
        let assigned = self.on_ground(&rules, PlaceKind::Paths, &staying, |ground, _| {
            assign(ground, &Base::Layout, TagLength::None, &members)
        });
        let mut moves = Vec::new();
        for ((index, _, placement), path) in there.into_iter().zip(assigned) {
            let (path, now) = (path.ok()?, placement.path()?);
            // Where only the writing differs, the file system may take the two for one.
            if fold(&path, &rules) != fold(now, &rules) {
                moves.push(Move { placement: index, path });
            }
        }
        Some(moves)
    }
}
