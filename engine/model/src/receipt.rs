use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Proof;

/// What a run proves. The shape that scripts depend on: docs/contract, `schema/receipt.schema.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Version of this shape: 1.
    pub receipt: u32,
    /// The spec's name.
    pub spec: String,
    /// The run's id, in order of time (ULID).
    pub run: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the source's cursor moved on in this run.
    pub cursor_advanced: bool,
    /// Counts of assets: in_scope = settled + pending + failed, at every destination.
    pub assets: AssetCounts,
    /// By the destination's name.
    pub destinations: BTreeMap<String, DestinationReceipt>,
    /// Versions that the spec wants and the source doesn't have bytes for.
    pub missing_versions: MissingVersions,
    /// Requests by connection: "source", and each destination's name.
    pub requests: BTreeMap<String, u64>,
    /// How long the run took.
    pub seconds: f64,
    /// What went wrong, or needs a person.
    pub problems: Vec<Problem>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All in scope is settled.
    Complete,
    /// Some is pending or failed.
    Partial,
    /// A guard stopped it.
    Blocked,
    /// It was interrupted, and goes on with the next run.
    Interrupted,
    /// It could not be done.
    Failed,
}

/// Counts of assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetCounts {
    /// What the spec's filters take.
    pub in_scope: u64,
    /// All that is wanted of it is placed, everywhere.
    pub settled: u64,
    /// Not yet.
    pub pending: u64,
    /// Tried, and failed.
    pub failed: u64,
    /// In the library, and not in the spec's scope.
    pub out_of_scope: u64,
}

/// What a run proves of one destination.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationReceipt {
    /// wanted = put + already_there + pending + failed + skipped.
    pub resources: ResourceCounts,
    /// Placements by level of proof.
    pub proof: ProofCounts,
    /// What stays though it is no longer wanted.
    pub kept: KeptCounts,
    /// Files that took the place of one of ours in this run.
    pub replaced: u64,
    /// Files that got another name in this run.
    pub renamed: u64,
    /// Files that were taken away in this run.
    pub removed: u64,
    /// Bytes that were sent in this run.
    pub bytes: u64,
}

/// Counts of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceCounts {
    /// What the spec wants there.
    pub wanted: u64,
    /// Sent in this run.
    pub put: u64,
    /// Placed before, or found.
    pub already_there: u64,
    /// Not yet.
    pub pending: u64,
    /// Tried, and failed.
    pub failed: u64,
    /// Left out for a reason that is in `problems`.
    pub skipped: u64,
}

/// Placements by level of proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProofCounts {
    /// Read back and compared.
    pub read_back: u64,
    /// The service got our digest and would have refused other bytes.
    pub service_checked: u64,
    /// The service told its digest, and it is ours.
    pub service_reported: u64,
    /// The service said yes.
    pub accepted: u64,
}

impl ProofCounts {
    /// The counter of a level.
    pub fn of(&mut self, proof: Proof) -> &mut u64 {
        match proof {
            Proof::Accepted => &mut self.accepted,
            Proof::ServiceReported => &mut self.service_reported,
            Proof::ServiceChecked => &mut self.service_checked,
            Proof::ReadBack => &mut self.read_back,
        }
    }
}

/// What stays though it is no longer wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptCounts {
    /// Assets that an edited filter no longer takes.
    pub left_scope: u64,
    /// Assets that left the source.
    pub gone_at_source: u64,
}

/// Versions that are wanted and not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingVersions {
    /// Originals without bytes.
    pub original: u64,
    /// Edits without bytes.
    pub edited: u64,
    /// Live videos without bytes.
    pub paired_video: u64,
}

/// What went wrong, or needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The asset's id, where it is about one.
    pub asset: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Which file.
    pub resource: Option<String>,
    /// The destination's name.
    pub destination: Option<String>,
    /// Stable: `camroll explain CODE`.
    pub code: String,
    /// What, where, what to do.
    pub message: String,
    /// Whether the next run tries again by itself.
    pub retry: Retry,
}

/// Whether the next run tries again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// The next run tries again.
    NextRun,
    /// A person must do something first.
    Person,
    /// There is nothing to try.
    Never,
}
