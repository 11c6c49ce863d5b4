//! Gives the new files of one asset their paths: all under one stem, none where another asset's file is, no two alike.

use std::collections::HashSet;

use camroll_model::{NameRules, Resource, Role};
use camroll_spec::Layout;

use super::base::Base;
use super::layout::{Facts, UNKNOWN};
use crate::name::{FoldedPath, NameFault, Speller, TagLength, check, fold, units, version_mark};
use crate::sidecar::beside;

/// What names are given on.
pub(crate) struct Ground<'a> {
    pub layout: &'a Layout,
    pub facts: &'a Facts<'a>,
    pub speller: Speller<'a>,
    /// Whether the place has folders; else a name is only shown.
    pub place: PlaceKind,
    /// Where the asset's own files are.
    pub mine: &'a HashSet<FoldedPath>,
    /// Whether another asset's file is there.
    pub held_by_other: &'a dyn Fn(&FoldedPath) -> bool,
}

/// Whether things at a place have a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    /// They have.
    Paths,
    /// They have an id, and a name to show.
    Ids,
}

/// A file that needs a name.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    pub resource: &'a Resource,
    /// What may stand at the end of its stem to tell it from other versions of it, the best first; an empty text is nothing.
    pub marks: Vec<String>,
}

/// How much longer a name's end can become by what is written instead of a character that can't be there, or by being composed otherwise.
const END_SLACK: usize = 8;

/// A path, or why there is none.
pub(crate) type Assigned = Result<String, Unnamed>;

/// Why a file gets no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// The place can't hold any name for it.
    Fault(NameFault),
    /// Every name for it is taken.
    NoneFree,
}

/// What tells files of one role apart where their names come out alike.
pub(super) fn role_word(role: Role) -> Option<&'static str> {
    match role {
        Role::PairedVideo | Role::EditedPairedVideo => Some("video"),
        Role::Edited => None,
        other => Some(other.name()),
    }
}

/// A name, before suffixes.
struct Spelled {
    folder: String,
    head: String,
    tail: String,
}

/// Whether a longer tag can still be tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Early,
    Last,
}

/// Why a name wasn't made.
enum Refused {
    /// It must be cut, and what is cut needs the asset's tag.
    NeedsTag,
    Fault(NameFault),
}

/// Paths for the members, in their order. If one of them would lie where another asset's file is, the whole group gets a longer tag.
pub(crate) fn assign(ground: &Ground<'_>, base: &Base, least: TagLength, members: &[Member<'_>]) -> Vec<Assigned> {
    let spelled: Vec<Spelled> = members
        .iter()
        .map(|member| ground.spell(base, member.resource))
        .collect();
    if !members
        .iter()
        .zip(&spelled)
        .all(|(member, spelled)| ground.has_room(member.resource, spelled))
    {
        return vec![Err(Unnamed::Fault(NameFault::TooLong)); members.len()];
    }
    let mut lengths = TagLength::ALL.into_iter().filter(|length| *length >= least).peekable();
    while let Some(length) = lengths.next() {
        let pass = if lengths.peek().is_none() {
            Pass::Last
        } else {
            Pass::Early
        };
        if let Some(assigned) = ground.assign_all(members, &spelled, length, pass) {
            return assigned;
        }
    }
    Vec::new()
}

impl<'a> Ground<'a> {
    pub(super) fn rules(&self) -> &'a NameRules {
        self.speller.rules()
    }

    /// The path that the layout gives to one of the files of a group, if it fits.
    pub(crate) fn plain_path(&self, group: &[&Resource], place: usize, length: TagLength) -> Option<String> {
        let spelled: Vec<Spelled> = group
            .iter()
            .map(|resource| self.spell(&Base::Layout, resource))
            .collect();
        let suffixes = group.iter().map(|resource| self.suffix(resource, length, "", ""));
        let room = self.room(spelled.iter().zip(suffixes));
        let (resource, spelled) = (group.get(place)?, spelled.get(place)?);
        let suffix = self.suffix(resource, length, "", "");
        self.path(spelled, &suffix, room, length).ok()
    }

    /// None: a longer tag is needed.
    fn assign_all(
        &self,
        members: &[Member<'_>],
        spelled: &[Spelled],
        length: TagLength,
        pass: Pass,
    ) -> Option<Vec<Assigned>> {
        let shortest = members.iter().map(|member| {
            let mark = member.marks.first().map_or("", String::as_str);
            self.suffix(member.resource, length, "", mark)
        });
        let room = self.room(spelled.iter().zip(shortest));
        let mut taken = HashSet::new();
        members
            .iter()
            .zip(spelled)
            .map(|(member, spelled)| self.assign_one(member, spelled, room, length, pass, &mut taken))
            .collect()
    }

    /// None: a longer tag is needed.
    fn assign_one(
        &self,
        member: &Member<'_>,
        spelled: &Spelled,
        room: usize,
        length: TagLength,
        pass: Pass,
        taken: &mut HashSet<FoldedPath>,
    ) -> Option<Assigned> {
        let candidates = self.candidates(member, length);
        let mut failed = Unnamed::NoneFree;
        for suffix in &candidates {
            let path = match self.path(spelled, suffix, room, length) {
                Ok(path) => path,
                Err(Refused::NeedsTag) => return None,
                Err(Refused::Fault(fault)) => {
                    failed = Unnamed::Fault(fault);
                    continue;
                }
            };
            let folded = fold(&path, self.rules());
            if self.mine.contains(&folded) || taken.contains(&folded) {
                continue;
            }
            if self.place == PlaceKind::Paths && (self.held_by_other)(&folded) {
                match pass {
                    Pass::Last => continue,
                    Pass::Early => return None,
                }
            }
            taken.insert(folded);
            return Some(Ok(path));
        }
        Some(Err(failed))
    }

    /// What a file's stem may end with, the best first.
    fn candidates(&self, member: &Member<'_>, length: TagLength) -> Vec<String> {
        let own = version_mark(member.resource.id.as_str());
        [Some(""), role_word(member.resource.role), Some(own.as_str())]
            .into_iter()
            .flatten()
            .flat_map(|which| {
                member
                    .marks
                    .iter()
                    .map(move |mark| self.suffix(member.resource, length, which, mark))
            })
            .collect()
    }

    /// `-{id8}`, `-edited`, what tells files apart, what tells versions apart.
    fn suffix(&self, resource: &Resource, length: TagLength, which: &str, mark: &str) -> String {
        // A sidecar is called as the file that it is for.
        let named_as = beside(self.facts.asset(), resource).unwrap_or(resource);
        let edited = match named_as.role {
            Role::Edited | Role::EditedPairedVideo => "edited",
            _ => "",
        };
        let mut suffix = String::new();
        for part in [self.facts.tag().text(length), edited, which, mark] {
            if !part.is_empty() {
                suffix.push('-');
                suffix.push_str(part);
            }
        }
        self.speller.tail(&suffix)
    }

    /// Whether every suffix that the file could ever need fits, whatever becomes of its stem. Where that isn't so, the whole group has no name: what
    /// a file is called would hang on which of its siblings came first.
    fn has_room(&self, resource: &Resource, spelled: &Spelled) -> bool {
        let longest = self.suffix(resource, TagLength::ThirtyTwo, "adjustment", "12345678-12345678");
        let unit = self.rules().limits_in;
        self.name_room(spelled) >= units(&longest, unit) + units(&spelled.tail, unit) + END_SLACK
    }

    fn spell(&self, base: &Base, resource: &Resource) -> Spelled {
        let extension = self.facts.extension(resource);
        match base {
            Base::Layout => {
                let shape = self.facts.fill(self.layout, extension.as_deref());
                let folders: Vec<String> = match self.place {
                    PlaceKind::Paths => shape.folders,
                    PlaceKind::Ids => Vec::new(),
                }
                .iter()
                .enumerate()
                .map(|(depth, folder)| self.speller.folder(folder, depth == 0, UNKNOWN))
                .collect();
                Spelled {
                    head: self.speller.head(&shape.head, folders.is_empty()),
                    folder: folders.join("/"),
                    tail: self.speller.tail(&shape.tail),
                }
            }
            Base::Beside { folder, stem } => Spelled {
                folder: folder.clone(),
                head: stem.clone(),
                tail: extension.map_or_else(String::new, |extension| self.speller.tail(&format!(".{extension}"))),
            },
        }
    }

    /// How long a stem may be so that every file of the group fits.
    fn room<'s>(&self, group: impl Iterator<Item = (&'s Spelled, String)>) -> usize {
        group
            .map(|(spelled, suffix)| self.room_of(spelled, &suffix))
            .min()
            .unwrap_or_default()
    }

    fn room_of(&self, spelled: &Spelled, suffix: &str) -> usize {
        let unit = self.rules().limits_in;
        self.name_room(spelled)
            .saturating_sub(units(suffix, unit) + units(&spelled.tail, unit))
    }

    /// How long a name may be in that folder.
    fn name_room(&self, spelled: &Spelled) -> usize {
        let folder = match units(&spelled.folder, self.rules().limits_in) {
            0 => 0,
            length => length + 1,
        };
        let left = self.speller.path_limit().saturating_sub(folder);
        self.speller.name_limit().min(left)
    }

    fn path(&self, spelled: &Spelled, suffix: &str, room: usize, length: TagLength) -> Result<String, Refused> {
        let room = room.min(self.room_of(spelled, suffix));
        match self.path_in(spelled, suffix, room, length) {
            // What its end became is longer than it was written.
            Err(Refused::Fault(NameFault::TooLong)) if length == TagLength::None => Err(Refused::NeedsTag),
            Err(Refused::Fault(NameFault::TooLong)) => {
                self.path_in(spelled, suffix, room.saturating_sub(END_SLACK), length)
            }
            other => other,
        }
    }

    /// With at most so much of the stem.
    fn path_in(&self, spelled: &Spelled, suffix: &str, room: usize, length: TagLength) -> Result<String, Refused> {
        // A stem that has the tag doesn't get it twice.
        let tag = self.speller.tail(&format!("-{}", self.facts.tag().text(length)));
        let suffix = if length != TagLength::None && spelled.head.ends_with(&tag) {
            suffix.strip_prefix(&tag).unwrap_or(suffix)
        } else {
            suffix
        };
        let mut head = self.speller.cut(&spelled.head, room);
        if head.len() < spelled.head.len() {
            if length == TagLength::None {
                return Err(Refused::NeedsTag);
            }
            head = head.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        }
        let name = if head.is_empty() && suffix.is_empty() {
            format!("{}{}", self.facts.tag().text(TagLength::Eight), spelled.tail)
        } else if head.is_empty() {
            let mut suffix = suffix.chars();
            suffix.next();
            format!("{}{}", suffix.as_str(), spelled.tail)
        } else {
            format!("{head}{suffix}{}", spelled.tail)
        };
        let name = self.speller.end(&name);
        let path = if spelled.folder.is_empty() {
            name
        } else {
            format!("{}/{name}", spelled.folder)
        };
        check(&path, self.rules()).map(|()| path).map_err(Refused::Fault)
    }
}
