use serde::{Deserialize, Serialize};

use crate::{Algorithm, Asset, Attributes, Digest, Instant, Proof, Role};

/// Something at a destination: by path, by id or both, as its features say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Relative, "/" between parts.
    pub path: Option<String>,
    /// The service's id.
    pub id: Option<String>,
}

impl Target {
    /// By path.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            id: None,
        }
    }
}

/// What is there. Kept whole and given back, attributes included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Where.
    pub target: Target,
    /// A folder.
    pub folder: bool,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Instant>,
    /// For conditional calls.
    pub version: Option<String>,
    /// What the service says of the bytes.
    pub digests: Vec<Digest>,
    /// What else the connector wants back.
    pub attributes: Attributes,
}

/// What names can be in a place. The interface's `types.name-rules`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NameRules {
    /// Characters that can't be in a name.
    pub forbidden: String,
    /// Nor at its beginning.
    pub forbidden_first: String,
    /// Nor at its end.
    pub forbidden_last: String,
    /// Names that can't be, without regard to case or extension.
    pub reserved: Vec<String>,
    /// "A" and "a" are two names.
    pub case_sensitive: bool,
    /// How the place writes composed characters.
    pub unicode: UnicodeForm,
    /// Longest name.
    pub name_limit: u32,
    /// Longest path.
    pub path_limit: u32,
    /// What the limits count.
    pub limits_in: LimitUnit,
    /// Two things of one name can be in a folder.
    pub duplicates: bool,
}

/// How a place writes composed characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnicodeForm {
    /// Composed; names in both forms are one name.
    Nfc,
    /// Decomposed; names in both forms are one name.
    Nfd,
    /// As given; names in two forms are two names.
    Keep,
}

/// What the length of a name is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitUnit {
    /// Bytes of UTF-8.
    Bytes,
    /// UTF-16 units.
    Utf16,
}

/// What a destination must know of a file before `stage`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// For files of at least so many bytes.
    pub from: u64,
    /// The size.
    pub size: bool,
    /// Digests of the whole.
    pub digests: Vec<String>,
    /// Bytes behind the furthest asked for that can be asked for again.
    pub window: u64,
    /// A preview will be asked for.
    pub preview: bool,
    /// Digests of the whole that `entry` tells or the service compares at this size; none: all that the features name.
    #[serde(default)]
    pub of_use: Option<Vec<String>>,
}

/// What a destination can do. The interface's `destination.features`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// What it must know beforehand.
    pub needs: Vec<Needs>,
    /// None: things have no path, only an id.
    pub names: Option<NameRules>,
    /// Digests that `entry` tells.
    pub digests: Vec<String>,
    /// Digests that the service compares with what arrived.
    pub checked_digests: Vec<String>,
    /// Largest file, bytes.
    pub max_size: Option<u64>,
    /// Most of what `commit` takes at once.
    pub commit_batch: u32,
    /// set-modified, replace, conditional-create, trash, immutable, shows-heic …
    pub traits: Vec<String>,
    /// "media-types", "modified-precision" (seconds), "held-for" (seconds).
    pub attributes: Attributes,
}

impl Features {
    /// What it must know of a file of so many bytes; none where nothing.
    pub fn needs_of(&self, size: u64) -> Option<&Needs> {
        self.needs.iter().rev().find(|needs| needs.from <= size)
    }

    /// Digests of the whole that say something of a file of so many bytes: those it must know, `entry` tells or the service compares. Where it doesn't say which those are at a size, and where the size
    /// isn't known, all that it names anywhere.
    pub fn digests_of(&self, size: Option<u64>) -> Vec<&str> {
        let needs = size.and_then(|size| self.needs_of(size));
        let names: Vec<&String> = match needs.and_then(|needs| Some((needs, needs.of_use.as_ref()?))) {
            Some((needs, of_use)) => of_use.iter().chain(&needs.digests).collect(),
            None => {
                let needed = self.needs.iter().flat_map(|needs| &needs.digests);
                self.digests.iter().chain(&self.checked_digests).chain(needed).collect()
            }
        };
        names.into_iter().map(String::as_str).collect()
    }

    /// The most that the service itself proves of what it got, without being read. Of a large file it may be less.
    pub fn proves(&self) -> Proof {
        if !self.checked_digests.is_empty() {
            Proof::ServiceChecked
        } else if !self.digests.is_empty() {
            Proof::ServiceReported
        } else {
            Proof::Accepted
        }
    }

    /// Whether it has that trait.
    pub fn has_trait(&self, name: &str) -> bool {
        self.traits.iter().any(|known| known == name)
    }
}

/// Who a destination is and what it can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Never changing and unique in the world; none: the engine keeps one there.
    pub id: Option<String>,
    /// What it can do.
    pub features: Features,
    /// Bytes free.
    pub free: Option<u64>,
    /// Bytes in all.
    pub total: Option<u64>,
    /// What else is known.
    pub attributes: Attributes,
}

/// A file of the same asset that is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Which file it is.
    pub role: Role,
    /// Where.
    pub target: Target,
}

/// What `stage` is told of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StageFile {
    /// None for the engine's own files under ".camroll/".
    pub asset: Option<Asset>,
    /// Which file of the asset.
    pub role: Option<Role>,
    /// Where it shall be.
    pub path: String,
    /// IANA media type.
    pub media_type: String,
    /// The time to set.
    pub modified: Option<Instant>,
    /// Other files of the asset that are there.
    pub related: Vec<Related>,
    /// What it takes the place of.
    pub replaces: Option<Entry>,
    /// The same whenever this very file is staged again, unlike any other file's or engine's.
    pub idempotency_key: String,
    /// What was saved when this was cut off before.
    pub checkpoint: Option<Vec<u8>>,
}

/// What the service says of what it stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// What is there now.
    pub entry: Entry,
    /// Digests that the service compared with the bytes that arrived.
    pub checked: Vec<Algorithm>,
    /// This very object was there before.
    pub already_there: bool,
}

/// What a file's first bytes were: an upload goes on only with a file that begins so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix {
    /// How many bytes.
    pub length: u64,
    /// What was computed over them. Means something to the same version of camroll alone.
    pub check: u64,
}

/// Where `stage` left the bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Staged {
    /// There, and seen by nobody before `commit`.
    Held(Vec<u8>),
    /// Visible at once.
    Stored(Box<Stored>),
}

/// What was staged and will not be committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Orphan {
    /// Where it would have been.
    pub path: String,
    /// As it was staged.
    pub idempotency_key: String,
    /// What `stage` gave.
    pub held: Option<Vec<u8>>,
    /// What was saved.
    pub checkpoint: Option<Vec<u8>>,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries {
    /// What is there.
    pub entries: Vec<Entry>,
    /// None at the end.
    pub next: Option<Vec<u8>>,
}
