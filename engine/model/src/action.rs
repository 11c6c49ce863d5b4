use serde::{Deserialize, Serialize};

use crate::{AssetId, Placement, Recipe, ResourceId, Role};

/// Why an action is wanted, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "because")]
pub enum Reason {
    /// It isn't there yet.
    New,
    /// The edited version changed at the source.
    Reedited,
    /// The edit was taken back at the source.
    EditReverted,
    /// The original has other bytes now; the one that is there stays.
    OriginalChanged,
    /// What the source tells of the asset changed, and with it the sidecar.
    MetadataChanged,
    /// It left the library with a tombstone, and the spec mirrors that.
    Departed,
    /// The layout gives it another path than it has.
    Relayout,
}

/// What shall be done for one file at one destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    /// Bring it.
    Put {
        /// Which file.
        file: WantedFile,
        /// Why.
        reason: Reason,
    },
    /// Bring it in the place of what we put there before. Destructive.
    Replace {
        /// Which file.
        file: WantedFile,
        /// What is there now.
        placed: Box<Placement>,
        /// Why.
        reason: Reason,
    },
    /// Take away what we put there before. Destructive.
    Remove {
        /// What is there now.
        placed: Box<Placement>,
        /// Why.
        reason: Reason,
    },
}

impl Action {
    /// Whether something that is there goes away with it, so that the brake counts it.
    pub fn is_destructive(&self) -> bool {
        !matches!(self, Self::Put { .. })
    }
}

/// A file that a destination shall hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedFile {
    /// The asset.
    pub asset: AssetId,
    /// Its file.
    pub resource: ResourceId,
    /// Which file it is.
    pub role: Role,
    /// What is made of it.
    pub recipe: Recipe,
    /// The version that is wanted.
    pub version: String,
    /// Where it shall be, under the destination's name rules.
    pub path: String,
    /// Bytes, where known.
    pub size: Option<u64>,
}
