use camroll_model::{DestinationKey, Entry, Instant, Placement};
use serde::{Deserialize, Serialize};

/// A destination's number in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DestinationId(pub u32);

/// What is about to be published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Where.
    pub destination: DestinationId,
    /// The file's idempotency key.
    pub key: String,
    /// What it will be, with the digests of the bytes that passed.
    pub placement: Box<Placement>,
    /// What it takes the place of.
    pub replaces: Option<Entry>,
    /// What `stage` gave, once it did. Encrypted in the journal.
    pub held: Option<Vec<u8>>,
}

/// Why something is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// Another version took its place.
    Replaced,
    /// It got another name.
    Renamed,
    /// It was taken away.
    Removed,
    /// It was looked for, and was gone or damaged. Not by an act of ours: the brake doesn't count it.
    Vanished,
}

/// A record of the journal. New kinds are added at the end; a kind is never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A destination's number.
    Destination {
        /// The number.
        id: DestinationId,
        /// Which it is.
        key: DestinationKey,
    },
    /// A file's bytes passed; it will be published.
    Intent(Intent),
    /// What `stage` gave for it.
    Staged {
        /// Where.
        destination: DestinationId,
        /// The file's idempotency key.
        key: String,
        /// To be committed.
        held: Vec<u8>,
    },
    /// It is there.
    Placed {
        /// Where.
        destination: DestinationId,
        /// The intent that ends with it.
        intent: Option<String>,
        /// The path as the destination compares names.
        folded: String,
        /// What is there.
        placement: Box<Placement>,
    },
    /// It won't be published, and nothing of it is left.
    Dropped {
        /// Where.
        destination: DestinationId,
        /// The intent that ends with it.
        key: String,
    },
    /// Something of ours is no longer there. The brake counts what was an act of ours.
    Lost {
        /// Where.
        destination: DestinationId,
        /// The path as the destination compares names.
        folded: String,
        /// Why.
        why: Loss,
        /// When.
        at: Instant,
    },
    /// Who a place is: what stands in a spec, and whom it led to when it was last written to.
    Place {
        /// The place, in short.
        place: String,
        /// The identity that was found there.
        identity: String,
    },
    /// Something of ours was looked at, and isn't what was placed, or isn't there; or it is again. It counts for nothing until it is.
    Doubted {
        /// Where.
        destination: DestinationId,
        /// The path as the destination compares names.
        folded: String,
        /// The code of what was found; none where all is well again.
        code: Option<String>,
    },
}
