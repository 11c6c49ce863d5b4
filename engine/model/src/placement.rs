use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AssetId, Digest, Entry, ResourceId, Role};

/// How well it is known that a destination holds the bytes; a later one is worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The service said yes.
    Accepted,
    /// The service told its digest afterwards, and it is ours.
    ServiceReported,
    /// The service got our digest with the bytes and would have refused others.
    ServiceChecked,
    /// The bytes were read back from there and compared.
    ReadBack,
}

impl Proof {
    /// All levels, the weakest first.
    pub const ALL: [Self; 4] = [
        Self::Accepted,
        Self::ServiceReported,
        Self::ServiceChecked,
        Self::ReadBack,
    ];

    /// Its name in specs and receipts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::ServiceReported => "service-reported",
            Self::ServiceChecked => "service-checked",
            Self::ReadBack => "read-back",
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose a placement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ownership {
    /// We wrote it.
    Ours,
    /// The person said: take it over.
    Adopted,
    /// Equal content was there.
    Found,
}

/// What a destination gets of a resource: the bytes themselves, or a conversion of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipe(pub String);

impl Recipe {
    /// The bytes themselves.
    pub fn as_is() -> Self {
        Self(String::new())
    }
}

/// Which account's which library an asset belongs to. Written in journals: the connector's id, the service's own account id, the library's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceKey {
    /// The connector's id.
    pub connector: String,
    /// The service's own id of the account.
    pub account: String,
    /// The library's id.
    pub library: String,
}

/// Which destination it is: the connector's id and the place's own never changing id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DestinationKey {
    /// The connector's id.
    pub connector: String,
    /// From `probe`, else the UUID in `.camroll/id` there.
    pub identity: String,
}

/// A rendition at a path or id in one destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Where the asset comes from.
    pub source: SourceKey,
    /// The asset.
    pub asset: AssetId,
    /// Its file.
    pub resource: ResourceId,
    /// Which file it is.
    pub role: Role,
    /// What was made of it.
    pub recipe: Recipe,
    /// The resource's version whose bytes these are.
    pub version: String,
    /// What is there, as the connector last told it.
    pub entry: Entry,
    /// Bytes.
    pub size: u64,
    /// Ours (SHA-256 always) and the source's.
    pub digests: Vec<Digest>,
    /// How well it is known.
    pub proof: Proof,
    /// Whose it is.
    pub ownership: Ownership,
}

impl Placement {
    /// Whether its digests are only what an archive's manifest claims: it was taken over by one, and neither was it read nor did the service tell a digest that no other file can have.
    pub fn is_only_claimed(&self) -> bool {
        self.ownership == Ownership::Adopted && self.proof == Proof::Accepted
    }

    /// Its path, where the destination has paths.
    pub fn path(&self) -> Option<&str> {
        self.entry.target.path.as_deref()
    }
}
