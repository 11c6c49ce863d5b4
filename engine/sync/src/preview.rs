//! What a run would do, for `plan`.

use camroll_model::{Action, Asset};
use camroll_plan::AssetPlan;
use serde::Serialize;

/// What would be done for one file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewAction {
    /// put, replace, remove.
    pub action: &'static str,
    /// The asset's id.
    pub asset: String,
    /// Its name.
    pub name: Option<String>,
    /// Which file.
    pub role: &'static str,
    /// Where.
    pub path: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// Why.
    pub reason: camroll_model::Reason,
}

impl PreviewAction {
    pub(crate) fn of(action: &Action, asset: &Asset) -> Self {
        let (name, role, path, size, reason) = match action {
            Action::Put { file, reason } => ("put", file.role, file.path.clone(), file.size, reason),
            Action::Replace { file, reason, .. } => ("replace", file.role, file.path.clone(), file.size, reason),
            Action::Remove { placed, reason } => (
                "remove",
                placed.role,
                placed.path().unwrap_or_default().to_owned(),
                Some(placed.size),
                reason,
            ),
        };
        Self {
            action: name,
            asset: asset.id.to_string(),
            name: asset.name.clone(),
            role: role.name(),
            path,
            size,
            reason: reason.clone(),
        }
    }
}

/// What a run would do at one destination.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Preview {
    /// Assets that were looked at and that the filters take.
    pub in_scope: u64,
    /// Bytes that are free there, where the destination tells.
    pub free: Option<u64>,
    /// Files that are there already, found ones included.
    pub already_there: u64,
    /// Files that are there and whose content the source's checksum confirmed just now.
    pub found: u64,
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
        self.actions.iter().filter_map(|action| action.size).sum()
    }
}
