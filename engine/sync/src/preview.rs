//! What a run would do, for `plan`.

use camroll_model::{Action, Asset, Placement, Proof, Reason};
use camroll_plan::{AssetPlan, RemovesNothing};
use serde::{Deserialize, Serialize};

/// The action of a file that gets another path.
const MOVE: &str = "move";
const REMOVE: &str = "remove";

/// What would be done for one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewAction {
    /// put, replace, remove, move.
    pub action: String,
    /// The asset's id.
    pub asset: String,
    /// Its name.
    pub name: Option<String>,
    /// Which file.
    pub role: String,
    /// Its id within the asset.
    pub resource: String,
    /// Of these bytes.
    pub version: String,
    /// Where.
    pub path: String,
    /// Where it is now, of a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// Why.
    pub reason: Reason,
}

impl PreviewAction {
    pub(crate) fn of(action: &Action, asset: &Asset) -> Self {
        let (name, role, resource, version, path, size, reason) = match action {
            Action::Put { file, reason } | Action::Replace { file, reason, .. } => (
                if matches!(action, Action::Put { .. }) {
                    "put"
                } else {
                    "replace"
                },
                file.role,
                &file.resource,
                &file.version,
                file.path.clone(),
                file.size,
                reason,
            ),
            Action::Remove { placed, reason } => (
                REMOVE,
                placed.role,
                &placed.resource,
                &placed.version,
                placed.path().unwrap_or_default().to_owned(),
                Some(placed.size),
                reason,
            ),
        };
        Self {
            action: name.to_owned(),
            asset: asset.id.to_string(),
            name: asset.name.clone(),
            role: role.name().to_owned(),
            resource: resource.to_string(),
            version: version.clone(),
            path,
            from: None,
            size,
            reason: reason.clone(),
        }
    }

    /// A file that is there, to be given another path.
    pub(crate) fn moved(placed: &Placement, asset: &Asset, path: &str) -> Self {
        Self {
            action: MOVE.to_owned(),
            asset: asset.id.to_string(),
            name: asset.name.clone(),
            role: placed.role.name().to_owned(),
            resource: placed.resource.to_string(),
            version: placed.version.clone(),
            path: path.to_owned(),
            from: placed.path().map(str::to_owned),
            size: Some(placed.size),
            reason: Reason::Relayout,
        }
    }

    /// Whether its bytes would be sent.
    pub fn sends(&self) -> bool {
        matches!(self.action.as_str(), "put" | "replace")
    }

    /// Whether it would be taken away.
    pub fn removes(&self) -> bool {
        self.action == REMOVE
    }

    pub(crate) fn is_move(&self) -> bool {
        self.action == MOVE
    }
}

/// What a run would do at one destination.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// What the plan depends on besides the library: the spec, and what the destination can do.
    pub fingerprint: String,
    /// Assets that were looked at and that the filters take.
    pub in_scope: u64,
    /// Bytes that are free there, where the destination tells.
    pub free: Option<u64>,
    /// The most that the destination proves by itself, where the spec demands more: then each file is read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proves: Option<Proof>,
    /// Why what left the library stays there, though the spec wants it removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removes_nothing: Option<RemovesNothing>,
    /// Files that are there already, found ones included.
    pub already_there: u64,
    /// Files that are there and whose content the source's checksum confirmed just now.
    pub found: u64,
    /// Files that are there and lie elsewhere than the layout says now: a sync leaves them.
    #[serde(default)]
    pub elsewhere: u64,
    /// What would be done.
    pub actions: Vec<PreviewAction>,
}

impl Preview {
    pub(crate) fn count(&mut self, plan: &AssetPlan, found: u64) {
        if plan.scope == camroll_plan::Scope::In {
            self.in_scope += 1;
        }
        self.already_there += plan.already.len() as u64;
        self.found += found;
    }

    /// Bytes that are to be sent and don't fit; none where all fits or the destination doesn't tell.
    pub fn lacking(&self) -> Option<u64> {
        self.bytes().checked_sub(self.free?).filter(|bytes| *bytes > 0)
    }

    /// Bytes that would be sent.
    pub fn bytes(&self) -> u64 {
        self.actions
            .iter()
            .filter(|action| action.sends())
            .filter_map(|action| action.size)
            .sum()
    }
}
