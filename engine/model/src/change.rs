use serde::{Deserialize, Serialize};

use crate::{Asset, AssetId, Attributes, ConnectorError, Digest, Instant, LibraryId, ResourceId};

/// A library of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Library {
    /// Names it within the account.
    pub id: LibraryId,
    /// For people.
    pub name: String,
    /// personal, shared, shared-albums.
    pub kind: String,
    /// Assets, as far as the service says. A hint.
    pub count: Option<u64>,
    /// What else is known.
    pub attributes: Attributes,
}

/// How something left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Departure {
    /// In the library's bin, and may come back.
    Trashed,
    /// Gone for good.
    Expunged,
    /// No longer here, still in the account. Never a deletion.
    Moved,
    /// Said to be gone, without how.
    Unknown,
}

/// An album or folder of albums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Album {
    /// Names it within its library.
    pub id: String,
    /// For people.
    pub name: String,
    /// What holds it.
    pub parent: Option<String>,
    /// folder, smart, shared.
    pub traits: Vec<String>,
    /// What else is known.
    pub attributes: Attributes,
}

/// That an asset is in an album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The album's id.
    pub album: String,
    /// The asset's id.
    pub asset: AssetId,
    /// What else is known.
    pub attributes: Attributes,
}

/// What a source tells. The interface's `source.change`.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// New, changed or restored; whole, whatever changed.
    Asset(Box<Asset>),
    /// Gone, under an id or a key.
    Tombstone {
        /// Only an id is believed; for a key, every asset that has it is described again.
        key: String,
        /// How.
        departure: Departure,
    },
    /// Told in short: held at that version it counts as told, else it is described again.
    Touched {
        /// An id, or without a version also a key.
        key: String,
        /// The asset's version.
        version: Option<String>,
    },
    /// An album.
    Album(Album),
    /// In an album.
    Member(Member),
    /// No longer in an album.
    MemberGone(Member),
    /// What couldn't be read or understood.
    Unread {
        /// What it is about.
        what: String,
        /// Why.
        error: ConnectorError,
    },
    /// From here to the end all that the library holds is told.
    SnapshotBegin,
    /// All was told.
    SnapshotEnd,
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// In order.
    pub changes: Vec<Change>,
    /// Where to go on. Opaque; may carry secrets.
    pub cursor: Vec<u8>,
    /// There is more now.
    pub more: bool,
    /// Assets told so far, for a progress bar.
    pub done: Option<u64>,
    /// Assets in all.
    pub total: Option<u64>,
}

/// Asks where a resource's bytes are.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRef {
    /// The asset.
    pub asset: AssetId,
    /// Its file.
    pub resource: ResourceId,
    /// The version that is wanted.
    pub version: String,
    /// What the connector gave with it.
    pub pointer: Vec<u8>,
}

/// Where a resource's bytes are.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// What `fetch` takes. Never stored.
    pub locator: Vec<u8>,
    /// When it ends to be good.
    pub expires: Option<Instant>,
    /// What these bytes are now.
    pub version: String,
    /// Bytes.
    pub size: Option<u64>,
    /// What the service says of them.
    pub digests: Vec<Digest>,
    /// What else is known.
    pub attributes: Attributes,
}

/// Whose sign-in it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The service's own, never changing id. None where there is none (a folder).
    pub id: Option<String>,
    /// For people.
    pub name: String,
    /// When the sign-in ends, as far as can be known.
    pub expires: Option<Instant>,
    /// "quota-used", "quota-total" (bytes), "region".
    pub attributes: Attributes,
}
