//! How facts are written. These types are the journal's format: they stay as they are, whatever becomes of the vocabulary, and a variant is only ever added at
//! the end. A change that old readers would take wrongly needs a new `FORMAT`.

use camroll_model::{
    Algorithm, AssetId, Attributes, DestinationKey, Digest, Entry, Instant, Ownership, Placement, Proof, Recipe,
    ResourceId, Role, SourceKey, Target, Value,
};
use serde::{Deserialize, Serialize};

use super::record::{DestinationId, Fact, Intent, PlacementKey, Record, Why};
use crate::error::StateError;
use crate::key::Key;

/// Version of what is in this file.
pub(crate) const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
enum DiskFact {
    Destination {
        id: u32,
        connector: String,
        identity: String,
    },
    Intent {
        destination: u32,
        key: String,
        placement: DiskPlacement,
        replaces: Option<DiskEntry>,
        held: Option<Vec<u8>>,
    },
    Staged {
        destination: u32,
        key: String,
        held: Vec<u8>,
    },
    Dropped {
        destination: u32,
        key: String,
    },
    Placed {
        destination: u32,
        intent: Option<String>,
        folded: Option<String>,
        at: DiskInstant,
        placement: DiskPlacement,
    },
    Removed {
        destination: u32,
        source: DiskSource,
        asset: String,
        resource: String,
        recipe: String,
        target: DiskTarget,
    },
    Destructive {
        destination: u32,
        why: DiskWhy,
        at: DiskInstant,
    },
    Memo {
        name: String,
        text: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
struct DiskPlacement {
    source: DiskSource,
    asset: String,
    resource: String,
    role: DiskRole,
    recipe: String,
    version: String,
    entry: DiskEntry,
    size: u64,
    digests: Vec<DiskDigest>,
    proof: DiskProof,
    ownership: DiskOwnership,
}

#[derive(Serialize, Deserialize)]
struct DiskSource {
    connector: String,
    account: String,
    library: String,
}

#[derive(Serialize, Deserialize)]
struct DiskTarget {
    path: Option<String>,
    id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct DiskEntry {
    target: DiskTarget,
    folder: bool,
    size: Option<u64>,
    modified: Option<DiskInstant>,
    version: Option<String>,
    digests: Vec<DiskDigest>,
    attributes: Vec<(String, DiskValue)>,
}

#[derive(Serialize, Deserialize)]
struct DiskInstant {
    seconds: i64,
    nanoseconds: u32,
}

#[derive(Serialize, Deserialize)]
struct DiskDigest {
    algorithm: String,
    value: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
enum DiskValue {
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
    Real(f64),
    Flag(bool),
    Time(DiskInstant),
    Bytes(Vec<u8>),
}

/// Two enums of the same words, and the way from one to the other.
macro_rules! mirrored {
    ($disk:ident, $model:ident: $($word:ident),+) => {
        #[derive(Serialize, Deserialize)]
        enum $disk { $($word),+ }

        impl From<$model> for $disk {
            fn from(value: $model) -> Self {
                match value { $($model::$word => Self::$word),+ }
            }
        }

        impl From<$disk> for $model {
            fn from(value: $disk) -> Self {
                match value { $($disk::$word => Self::$word),+ }
            }
        }
    };
}

mirrored!(DiskRole, Role: Original, PairedVideo, Alternate, Edited, EditedPairedVideo, Adjustment, Sidecar, Preview, Rendition, Other);
mirrored!(DiskProof, Proof: Accepted, ServiceReported, ServiceChecked, ReadBack);
mirrored!(DiskOwnership, Ownership: Ours, Adopted, Found);
mirrored!(DiskWhy, Why: Removed, Replaced, Renamed);

/// The bytes of a fact. `held` is encrypted with the key; the fact's own idempotency key is bound to it.
pub(crate) fn encode(fact: &Fact, key: &Key) -> Result<Vec<u8>, StateError> {
    let disk = match fact.clone() {
        Fact::Destination { id, key } => DiskFact::Destination {
            id: id.0,
            connector: key.connector,
            identity: key.identity,
        },
        Fact::Record(Record::Intent(intent)) => DiskFact::Intent {
            destination: intent.destination.0,
            held: intent
                .held
                .map(|held| key.seal(intent.key.as_bytes(), &held))
                .transpose()?,
            key: intent.key,
            placement: (*intent.placement).into(),
            replaces: intent.replaces.map(Into::into),
        },
        Fact::Record(Record::Staged {
            destination,
            key: intent,
            held,
        }) => DiskFact::Staged {
            destination: destination.0,
            held: key.seal(intent.as_bytes(), &held)?,
            key: intent,
        },
        Fact::Record(Record::Dropped { destination, key }) => DiskFact::Dropped {
            destination: destination.0,
            key,
        },
        Fact::Placed {
            destination,
            intent,
            folded,
            at,
            placement,
        } => DiskFact::Placed {
            destination: destination.0,
            intent,
            folded,
            at: at.into(),
            placement: (*placement).into(),
        },
        Fact::Removed { destination, key } => DiskFact::Removed {
            destination: destination.0,
            source: key.source.into(),
            asset: key.asset.0,
            resource: key.resource.0,
            recipe: key.recipe.0,
            target: key.target.into(),
        },
        Fact::Destructive { destination, why, at } => DiskFact::Destructive {
            destination: destination.0,
            why: why.into(),
            at: at.into(),
        },
        Fact::Memo { name, text } => DiskFact::Memo { name, text },
    };
    postcard::to_stdvec(&disk).map_err(|error| StateError::Encode {
        what: "a record of the journal",
        why: error.to_string(),
    })
}

/// The fact that these bytes are; none where they are none. What was `held` and can't be decrypted is as if it weren't there: it is looked for at the destination.
pub(crate) fn decode(bytes: &[u8], key: &Key) -> Option<Fact> {
    let (disk, rest) = postcard::take_from_bytes(bytes).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let unseal = |intent: &str, held: Vec<u8>| key.unseal(intent.as_bytes(), &held).map(|held| held.to_vec());
    Some(match disk {
        DiskFact::Destination {
            id,
            connector,
            identity,
        } => Fact::Destination {
            id: DestinationId(id),
            key: DestinationKey { connector, identity },
        },
        DiskFact::Intent {
            destination,
            key,
            placement,
            replaces,
            held,
        } => Fact::Record(Record::Intent(Intent {
            destination: DestinationId(destination),
            held: held.and_then(|held| unseal(&key, held)),
            key,
            placement: Box::new(placement.try_into().ok()?),
            replaces: replaces.map(TryInto::try_into).transpose().ok()?,
        })),
        DiskFact::Staged { destination, key, held } => Fact::Record(Record::Staged {
            destination: DestinationId(destination),
            held: unseal(&key, held).unwrap_or_default(),
            key,
        }),
        DiskFact::Dropped { destination, key } => Fact::Record(Record::Dropped {
            destination: DestinationId(destination),
            key,
        }),
        DiskFact::Placed {
            destination,
            intent,
            folded,
            at,
            placement,
        } => Fact::Placed {
            destination: DestinationId(destination),
            intent,
            folded,
            at: at.into(),
            placement: Box::new(placement.try_into().ok()?),
        },
        DiskFact::Removed {
            destination,
            source,
            asset,
            resource,
            recipe,
            target,
        } => Fact::Removed {
            destination: DestinationId(destination),
            key: Box::new(PlacementKey {
                source: source.into(),
                asset: AssetId(asset),
                resource: ResourceId(resource),
                recipe: Recipe(recipe),
                target: target.into(),
            }),
        },
        DiskFact::Destructive { destination, why, at } => Fact::Destructive {
            destination: DestinationId(destination),
            why: why.into(),
            at: at.into(),
        },
        DiskFact::Memo { name, text } => Fact::Memo { name, text },
    })
}

/// A word that this camroll doesn't know.
struct Foreign;

impl From<Placement> for DiskPlacement {
    fn from(placement: Placement) -> Self {
        Self {
            source: placement.source.into(),
            asset: placement.asset.0,
            resource: placement.resource.0,
            role: placement.role.into(),
            recipe: placement.recipe.0,
            version: placement.version,
            entry: placement.entry.into(),
            size: placement.size,
            digests: digests_out(placement.digests),
            proof: placement.proof.into(),
            ownership: placement.ownership.into(),
        }
    }
}

impl TryFrom<DiskPlacement> for Placement {
    type Error = Foreign;

    fn try_from(disk: DiskPlacement) -> Result<Self, Foreign> {
        Ok(Self {
            source: disk.source.into(),
            asset: AssetId(disk.asset),
            resource: ResourceId(disk.resource),
            role: disk.role.into(),
            recipe: Recipe(disk.recipe),
            version: disk.version,
            entry: disk.entry.try_into()?,
            size: disk.size,
            digests: digests_in(disk.digests)?,
            proof: disk.proof.into(),
            ownership: disk.ownership.into(),
        })
    }
}

impl From<Entry> for DiskEntry {
    fn from(entry: Entry) -> Self {
        Self {
            target: entry.target.into(),
            folder: entry.folder,
            size: entry.size,
            modified: entry.modified.map(Into::into),
            version: entry.version,
            digests: digests_out(entry.digests),
            attributes: entry
                .attributes
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
        }
    }
}

impl TryFrom<DiskEntry> for Entry {
    type Error = Foreign;

    fn try_from(disk: DiskEntry) -> Result<Self, Foreign> {
        Ok(Self {
            target: disk.target.into(),
            folder: disk.folder,
            size: disk.size,
            modified: disk.modified.map(Into::into),
            version: disk.version,
            digests: digests_in(disk.digests)?,
            attributes: disk
                .attributes
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect::<Attributes>(),
        })
    }
}

fn digests_out(digests: Vec<Digest>) -> Vec<DiskDigest> {
    digests
        .into_iter()
        .map(|digest| DiskDigest {
            algorithm: digest.algorithm.name().to_owned(),
            value: digest.value,
        })
        .collect()
}

fn digests_in(digests: Vec<DiskDigest>) -> Result<Vec<Digest>, Foreign> {
    digests
        .into_iter()
        .map(|digest| {
            let algorithm = Algorithm::from_name(&digest.algorithm).ok_or(Foreign)?;
            Ok(Digest {
                algorithm,
                value: digest.value,
            })
        })
        .collect()
}

impl From<SourceKey> for DiskSource {
    fn from(key: SourceKey) -> Self {
        Self {
            connector: key.connector,
            account: key.account,
            library: key.library,
        }
    }
}

impl From<DiskSource> for SourceKey {
    fn from(disk: DiskSource) -> Self {
        Self {
            connector: disk.connector,
            account: disk.account,
            library: disk.library,
        }
    }
}

impl From<Target> for DiskTarget {
    fn from(target: Target) -> Self {
        Self {
            path: target.path,
            id: target.id,
        }
    }
}

impl From<DiskTarget> for Target {
    fn from(disk: DiskTarget) -> Self {
        Self {
            path: disk.path,
            id: disk.id,
        }
    }
}

impl From<Instant> for DiskInstant {
    fn from(instant: Instant) -> Self {
        Self {
            seconds: instant.seconds,
            nanoseconds: instant.nanoseconds,
        }
    }
}

impl From<DiskInstant> for Instant {
    fn from(disk: DiskInstant) -> Self {
        Self {
            seconds: disk.seconds,
            nanoseconds: disk.nanoseconds,
        }
    }
}

impl From<Value> for DiskValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Texts(texts) => Self::Texts(texts),
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Flag(flag) => Self::Flag(flag),
            Value::Time(time) => Self::Time(time.into()),
            Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl From<DiskValue> for Value {
    fn from(disk: DiskValue) -> Self {
        match disk {
            DiskValue::Text(text) => Self::Text(text),
            DiskValue::Texts(texts) => Self::Texts(texts),
            DiskValue::Integer(number) => Self::Integer(number),
            DiskValue::Real(number) => Self::Real(number),
            DiskValue::Flag(flag) => Self::Flag(flag),
            DiskValue::Time(time) => Self::Time(time.into()),
            DiskValue::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}
