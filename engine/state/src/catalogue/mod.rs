//! What the sources told: every asset in the order in which it came or changed, under its id and its other names.

mod lookup;
mod page;
#[cfg(test)]
mod tests;

use camroll_model::{Album, Asset, Attributes, Departure, SourceKey};
use serde::{Deserialize, Serialize};

pub(crate) use lookup::source_of;

/// A source's number in this state's index. Another one after the index was rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub(crate) u32);

/// When an asset came or last changed, among all of its source: 1 is the first. A changed asset gets a new, larger one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seq(pub u64);

/// Whether an asset is in its library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// It is.
    Here,
    /// It left, and the source said how.
    Gone(Departure),
}

/// An asset as its source last told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogued {
    /// When it came or last changed.
    pub seq: Seq,
    /// What was told.
    pub asset: Asset,
    /// Whether it is in its library.
    pub presence: Presence,
    /// A complete listing didn't hold it, and no tombstone says that it left. Never taken for gone.
    pub unexplained: Unexplained,
}

/// Whether an asset is missing without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unexplained {
    /// It was told when it should have been, or left with a tombstone.
    No,
    /// The last complete listing didn't hold it.
    Missing,
}

/// What a page came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Assets that weren't known.
    pub new: u64,
    /// Assets that are another now, or are back.
    pub changed: u64,
    /// Assets that were told as they are known.
    pub unchanged: u64,
    /// Assets that left.
    pub departed: u64,
    /// What couldn't be read.
    pub unread: u64,
    /// A listing ended in this page.
    pub snapshot: Option<SnapshotEnd>,
}

/// How a listing of everything ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotEnd {
    /// Everything was told.
    Complete {
        /// Assets that weren't, and that didn't leave with a tombstone either. They are kept.
        unexplained: u64,
    },
    /// Something in it couldn't be read, so that nothing can be said of what wasn't told.
    Incomplete,
}

/// What the index holds of a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SourceRecord {
    pub key: SourceKey,
    /// The newest asset's.
    pub last_seq: u64,
    pub here: u64,
    pub gone: u64,
    /// Counts the listings that began.
    pub snapshot: u32,
    /// The last one that was complete; 0: none.
    pub complete: u32,
    pub running: Listing,
    /// Assets that are here and were told since the listing of number `snapshot` began.
    pub told: u64,
    /// Assets that are here and weren't told since the complete listing began.
    pub unexplained: u64,
}

/// Whether a listing of everything is under way. It goes on after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Listing {
    No,
    Whole,
    /// Something in it couldn't be read.
    WithGaps,
}

impl SourceRecord {
    pub(crate) fn new(key: SourceKey) -> Self {
        Self {
            key,
            last_seq: 0,
            here: 0,
            gone: 0,
            snapshot: 0,
            complete: 0,
            running: Listing::No,
            told: 0,
            unexplained: 0,
        }
    }
}

/// An asset in the index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AssetRecord {
    /// Its first `Seq`, which names it in lanes.
    pub number: u64,
    pub presence: Presence,
    pub asset: Asset,
}

/// What leads from an id to the asset.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct IdRecord {
    pub seq: u64,
    pub number: u64,
    /// In which listing it was last told, or after it.
    pub told: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AlbumRecord {
    pub album: Album,
    pub told: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MemberRecord {
    pub album: String,
    pub attributes: Attributes,
    pub told: u32,
}
