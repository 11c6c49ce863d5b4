use std::fmt;

use camroll_model::{AssetId, DestinationKey, Entry, Instant, Placement, Recipe, ResourceId, SourceKey, Target};
use serde::{Deserialize, Serialize};

/// A destination's number in this state. The journal gives it out; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DestinationId(pub(crate) u32);

/// Where a record is in the journal: segment and byte. Later records have larger ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
}

impl Position {
    /// As a key that sorts like the journal.
    pub(crate) fn to_be_bytes(self) -> [u8; 8] {
        ((u64::from(self.segment) << 32) | u64::from(self.offset)).to_be_bytes()
    }

    pub(crate) fn from_be_bytes(bytes: [u8; 8]) -> Self {
        let number = u64::from_be_bytes(bytes);
        Self {
            segment: (number >> 32) as u32,
            offset: number as u32,
        }
    }
}

/// What shall be published: journalled before the last of its bytes leaves.
#[derive(Clone, PartialEq)]
pub struct Intent {
    /// Where.
    pub destination: DestinationId,
    /// The idempotency key that it is staged under.
    pub key: String,
    /// What it will be once it is published: path, size and digests are right, the entry's rest is not known yet.
    pub placement: Box<Placement>,
    /// What it takes the place of. Counts as a destructive act once it is placed.
    pub replaces: Option<Entry>,
    /// What `stage` gave. May carry secrets: encrypted in the journal.
    pub held: Option<Vec<u8>>,
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent")
            .field("destination", &self.destination)
            .field("key", &self.key)
            .field("placement", &self.placement)
            .field("replaces", &self.replaces)
            .field("held", &self.held.as_ref().map(|_| "…"))
            .finish()
    }
}

/// What is written straight into the journal. What changes placements goes through `State`, so that the index hears of it.
#[derive(Clone, PartialEq)]
pub enum Record {
    /// A file is about to be published.
    Intent(Intent),
    /// Its bytes are at the destination, and nobody sees them yet.
    Staged {
        /// Where.
        destination: DestinationId,
        /// The intent's key.
        key: String,
        /// What `stage` gave. May carry secrets: encrypted in the journal.
        held: Vec<u8>,
    },
    /// An intent came to nothing, and what was staged for it is gone.
    Dropped {
        /// Where.
        destination: DestinationId,
        /// The intent's key.
        key: String,
    },
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intent(intent) => f.debug_tuple("Intent").field(intent).finish(),
            Self::Staged { destination, key, .. } => write!(f, "Staged({destination:?}, {key:?}, …)"),
            Self::Dropped { destination, key } => write!(f, "Dropped({destination:?}, {key:?})"),
        }
    }
}

/// Why something of ours was taken from a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Why {
    /// It was taken away.
    Removed,
    /// Another file took its place.
    Replaced,
    /// It has another name now.
    Renamed,
}

/// Which placement: one rendition of one asset at one place of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacementKey {
    pub source: SourceKey,
    pub asset: AssetId,
    pub resource: ResourceId,
    pub recipe: Recipe,
    pub target: Target,
}

impl PlacementKey {
    pub(crate) fn of(placement: &Placement) -> Self {
        Self {
            source: placement.source.clone(),
            asset: placement.asset.clone(),
            resource: placement.resource.clone(),
            recipe: placement.recipe.clone(),
            target: placement.entry.target.clone(),
        }
    }
}

/// Whatever stands in the journal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// A destination got its number.
    Destination {
        id: DestinationId,
        key: DestinationKey,
    },
    Record(Record),
    /// A file is published. Takes the place of what had the same `PlacementKey`.
    Placed {
        destination: DestinationId,
        intent: Option<String>,
        folded: Option<String>,
        at: Instant,
        placement: Box<Placement>,
    },
    /// A placement is gone.
    Removed {
        destination: DestinationId,
        key: Box<PlacementKey>,
    },
    /// The brake counts one.
    Destructive {
        destination: DestinationId,
        why: Why,
        at: Instant,
    },
    /// What the engine noted under a name; none: forgotten.
    Memo {
        name: String,
        text: Option<String>,
    },
}
