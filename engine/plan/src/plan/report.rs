//! What a plan says.

use std::fmt;

use camroll_model::{Action, Asset, Departure, MissingVersions, Problem, ResourceId, Retry, Role};
use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// What shall be done for one asset at one destination, and what is so already. Indices are into the placements that the plan was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetPlan {
    /// Whether the spec takes it.
    pub scope: Scope,
    /// What shall be done, originals first: puts and replaces; of an asset that left, removals and nothing else.
    pub actions: Vec<Action>,
    /// Placements that hold wanted files. Whether their proof is what the spec demands isn't looked at here.
    pub already: Vec<usize>,
    /// Which files those are, in the same order.
    pub satisfied: Vec<ResourceId>,
    /// Wanted files whose bytes the source doesn't have yet.
    pub waiting: Vec<Waiting>,
    /// Wanted files that can't be there.
    pub skipped: Vec<Skipped>,
    /// Placements that are no longer wanted, and stay.
    pub kept: Vec<Kept>,
    /// Wanted versions that the source has no bytes of.
    pub missing: MissingVersions,
    /// What people should know of the actions.
    pub noted: Vec<Note>,
}

impl AssetPlan {
    pub(super) fn empty(scope: Scope) -> Self {
        Self {
            scope,
            actions: Vec::new(),
            already: Vec::new(),
            satisfied: Vec::new(),
            waiting: Vec::new(),
            skipped: Vec::new(),
            kept: Vec::new(),
            missing: MissingVersions::default(),
            noted: Vec::new(),
        }
    }

    /// Files that the spec wants at the destination.
    pub fn wanted(&self) -> usize {
        let sent = self
            .actions
            .iter()
            .filter(|action| !matches!(action, Action::Remove { .. }));
        sent.count() + self.already.len() + self.waiting.len() + self.skipped.len()
    }

    /// Placements that stay though the spec no longer takes them.
    pub fn kept_left_scope(&self) -> u32 {
        self.count_kept(|why| why == KeptWhy::LeftScope)
    }

    /// Placements that stay though their asset left its library.
    pub fn kept_gone(&self) -> u32 {
        self.count_kept(|why| matches!(why, KeptWhy::GoneAtSource(_)))
    }

    fn count_kept(&self, counts: impl Fn(KeptWhy) -> bool) -> u32 {
        let kept = self.kept.iter().filter(|kept| counts(kept.why)).count();
        u32::try_from(kept).unwrap_or(u32::MAX)
    }

    /// What receipts say of it: what was skipped, what waits, what people should know of the actions.
    pub fn notes(&self, asset: &Asset, destination: &str) -> Vec<Problem> {
        let problem = |role: Role, code: &str, message: &str, retry| Problem {
            asset: Some(asset.id.to_string()),
            name: asset.name.clone(),
            resource: Some(role.name().to_owned()),
            destination: Some(destination.to_owned()),
            code: code.to_owned(),
            message: message.to_owned(),
            retry,
        };
        let skipped = self
            .skipped
            .iter()
            .map(|skipped| problem(skipped.role, skipped.code.code(), &skipped.message, Retry::Person));
        let waiting = self.waiting.iter().map(|waiting| {
            let message = "The source has the entry and not yet the bytes; the next run asks again.";
            problem(waiting.role, "source/no-bytes-yet", message, Retry::NextRun)
        });
        let noted = self
            .noted
            .iter()
            .map(|note| problem(note.role, note.code.code(), &note.message, Retry::Never));
        skipped.chain(waiting).chain(noted).collect()
    }
}

/// A wanted file whose bytes the source doesn't have yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which file of the asset.
    pub resource: ResourceId,
    /// Which file it is.
    pub role: Role,
    /// Where it would go now, so that a run can keep the place free; none if it has no name there.
    pub path: Option<String>,
}

/// A wanted file that can't be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which file of the asset.
    pub resource: ResourceId,
    /// Which file it is.
    pub role: Role,
    /// Why, for scripts.
    pub code: SkipCode,
    /// Why, for people: what, where, what to do.
    pub message: String,
}

/// Why a wanted file can't be at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipCode {
    /// Larger than the largest file there.
    TooLarge,
    /// The place takes no files of that type.
    MediaType,
    /// No name for it can be there.
    Name,
    /// Its path would be too long.
    NameTooLong,
    /// Every name for it is taken.
    NoFreeName,
}

impl SkipCode {
    /// Stable: `camroll explain CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "plan/too-large",
            Self::MediaType => "plan/media-type",
            Self::Name => "plan/name",
            Self::NameTooLong => "plan/name-too-long",
            Self::NoFreeName => "plan/no-free-name",
        }
    }
}

/// A placement that is no longer wanted, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which placement.
    pub placement: usize,
    /// Why it isn't wanted.
    pub why: KeptWhy,
}

/// Why a placement is no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptWhy {
    /// The spec no longer takes the asset, or this version of it.
    LeftScope,
    /// The asset left its library.
    GoneAtSource(Departure),
    /// The edit was taken back at the source.
    EditReverted,
    /// The original has other bytes at the source now; these are the ones it had.
    OriginalChanged,
    /// Another file took over: a later edit that was stored beside it, or equal content.
    Superseded,
    /// The asset is there, and has no such file any more.
    FileGone,
}

impl KeptWhy {
    /// Stable: `camroll explain CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Self::LeftScope => "kept/left-scope",
            Self::GoneAtSource(_) => "kept/gone-at-source",
            Self::EditReverted => "kept/edit-reverted",
            Self::OriginalChanged => "kept/original-changed",
            Self::Superseded => "kept/superseded",
            Self::FileGone => "kept/file-gone",
        }
    }
}

impl fmt::Display for KeptWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftScope => "the spec no longer takes it",
            Self::GoneAtSource(_) => "it left the library",
            Self::EditReverted => "the edit was taken back",
            Self::OriginalChanged => "the original has other bytes now, which are stored beside it",
            Self::Superseded => "another file took its place",
            Self::FileGone => "the item has no such file any more",
        })
    }
}

/// What people should know of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Which file of the asset.
    pub resource: ResourceId,
    /// Which file it is.
    pub role: Role,
    /// For scripts.
    pub code: NoteCode,
    /// For people.
    pub message: String,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteCode {
    /// An original has other bytes than the ones that were placed; both are kept.
    OriginalChanged,
    /// An edit or a sidecar changed, and what is there isn't camroll's to replace; both are kept.
    StoredBeside,
    /// It was deleted at the source and can't be removed there.
    NotRemoved,
}

impl NoteCode {
    /// Stable: `camroll explain CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Self::OriginalChanged => "source/original-changed",
            Self::StoredBeside => "plan/stored-beside",
            Self::NotRemoved => "plan/not-removed",
        }
    }
}
