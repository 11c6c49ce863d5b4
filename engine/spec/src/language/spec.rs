//! A whole spec, as the engine sees it: every default filled in, every value checked.

use std::num::NonZeroU32;
use std::path::PathBuf;

use camroll_model::Proof;

use super::{ConnectionName, ConnectorId, DestinationName, Filter, Layout, Pace, Schedule, SlotName, SpecName};
use crate::secrets::SecretUse;
use crate::text::Position;

/// One valid document.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Unique in what was read together.
    pub name: SpecName,
    /// What is read.
    pub source: Source,
    /// What is written, in the order of the file; never empty. `destination:` is one called "default".
    pub destinations: Vec<Destination>,
    /// Which assets are in scope. Says all there is to say: hidden items are in it as a filter, too.
    pub filters: Filter,
    /// Which of an asset's files are wanted.
    pub versions: Versions,
    /// What becomes of the albums that a person made.
    pub albums: Albums,
    /// What is written beside its files of what the source tells of an asset.
    pub sidecar: Sidecar,
    /// When it runs by itself, and the time zone of everything that has none.
    pub schedule: Schedule,
    /// What bounds a run.
    pub limits: Limits,
    /// The file it was read from.
    pub file: PathBuf,
    /// Where the document begins in it.
    pub position: Position,
}

impl Spec {
    /// Whether its filters or a layout ask in which albums an asset is.
    pub fn asks_for_albums(&self) -> bool {
        let mut layouts = self.destinations.iter().map(|destination| &destination.layout);
        self.filters.asks_for_albums() || layouts.any(Layout::asks_for_albums)
    }

    /// How many files may move at once at one of its destinations.
    pub fn transfers_at(&self, destination: &Destination) -> usize {
        self.transfers_by(&destination.connection)
    }

    /// How many files may move at once from its source.
    pub fn transfers_from_source(&self) -> usize {
        self.transfers_by(&self.source.connection)
    }

    fn transfers_by(&self, connection: &Connection) -> usize {
        let own = self.limits.transfers;
        connection.pace.transfers.map_or(own, |paced| paced.min(own)).get() as usize
    }

    /// All connections that it uses: its source's, and those of its destinations.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        let destinations = self.destinations.iter().map(|destination| &destination.connection);
        std::iter::once(&self.source.connection).chain(destinations)
    }

    pub(crate) fn connections_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        let destinations = self
            .destinations
            .iter_mut()
            .map(|destination| &mut destination.connection);
        std::iter::once(&mut self.source.connection).chain(destinations)
    }
}

/// What is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The account.
    pub connection: Connection,
    /// Which of its libraries; never empty.
    pub libraries: Vec<LibraryChoice>,
}

/// A library of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LibraryChoice {
    /// The person's own.
    Personal,
    /// The one that several people share.
    Shared,
    /// By the name that the service shows.
    Named(String),
}

/// A connector with its settings and secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// The connection's own name, else "source" or the destination's name.
    pub name: ConnectionName,
    /// Whether it was written under `connections:` and so may be used by several specs.
    pub origin: ConnectionOrigin,
    /// Which connector.
    pub connector: ConnectorRef,
    /// `with:`, defaults filled in. Where a secret stands, the text "secret:SLOT".
    pub settings: serde_json::Value,
    /// Where each slot's secret comes from.
    pub secrets: std::collections::BTreeMap<SlotName, SecretUse>,
    /// What a person allows of it: over all specs that were read together, and of each bound the smallest.
    pub pace: Pace,
}

impl Connection {
    /// What it is the same connection by, whatever it is called: connector and settings.
    pub fn account(&self) -> String {
        format!("{}/{}", self.connector.id().as_str(), self.settings)
    }
}

/// Where a connection was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionOrigin {
    /// Under `connections:`, with a name.
    Named,
    /// In place, in a source or a destination.
    InPlace,
}

/// Which connector. Connectors by path or from a registry are refused by the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectorRef {
    /// One that the binary carries.
    Bundled(ConnectorId),
}

impl ConnectorRef {
    /// Its id.
    pub fn id(&self) -> &ConnectorId {
        match self {
            Self::Bundled(id) => id,
        }
    }
}

/// A place that is written, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Unique in its spec.
    pub name: DestinationName,
    /// The place.
    pub connection: Connection,
    /// How files are called there.
    pub layout: Layout,
    /// What happens there to what left the source.
    pub deletions: Deletions,
    /// What is done about files that were there before.
    pub existing: Existing,
    /// The least proof a placement needs to count as settled.
    pub require_proof: Proof,
}

/// What happens at a destination to what left the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletions {
    /// It stays, and is listed.
    Keep,
    /// It goes into the destination's own bin, where it has one.
    Trash,
    /// It goes for good.
    Mirror,
}

impl Deletions {
    /// Its word in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Trash => "trash",
            Self::Mirror => "mirror",
        }
    }
}

/// What is done about files that were there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// A file at the wanted path with equal size is read; equal content is not sent again.
    Skip,
    /// Equal content anywhere in the destination counts.
    Compare,
    /// What is there is never read.
    Ignore,
}

/// Whether something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl Want {
    /// Whether it is wanted.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

/// Which of an asset's files are wanted. RAW alternates and Live videos belong to the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// As the camera made it.
    pub original: Want,
    /// What the person made of it.
    pub edited: Want,
    /// The instructions of the edit.
    pub adjustments: Want,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            original: Want::Yes,
            edited: Want::Yes,
            adjustments: Want::No,
        }
    }
}

/// What becomes of the albums that a person made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Albums {
    /// Nothing.
    #[default]
    Ignore,
    /// They are albums where the destination has such, else lists of files under `.camroll/albums`.
    Keep,
}

/// What is written beside its files of what the source tells of an asset: when and where it was taken, title, caption, keywords, whether it is a favorite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sidecar {
    /// Nothing.
    #[default]
    None,
    /// An XMP file.
    Xmp,
}

/// What bounds a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Files whose bytes move at once.
    pub transfers: NonZeroU32,
    /// Bytes that may wait on this machine's disk for destinations that are behind, or that must know a file whole.
    pub spool: u64,
    /// The brake on replacing, renaming and removing.
    pub destructive: Destructive,
}

impl Limits {
    /// Files whose bytes move at once, when the spec says nothing.
    pub const TRANSFERS: NonZeroU32 = NonZeroU32::new(8).expect("8 is not 0");
    /// Bytes of the spool, when the spec says nothing.
    pub const SPOOL: u64 = 2_000_000_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transfers: Self::TRANSFERS,
            spool: Self::SPOOL,
            destructive: Destructive::default(),
        }
    }
}

/// The brake on replacing, renaming and removing, all together, over seven days. Whichever bound is reached first holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Destructive {
    /// So many acts.
    pub max: u64,
    /// So many percent of what is placed, 0 to 100.
    pub max_percent: f64,
}

impl Default for Destructive {
    fn default() -> Self {
        Self {
            max: 100,
            max_percent: 5.0,
        }
    }
}
