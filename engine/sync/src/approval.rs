//! A plan that a person saw and saved: exactly what it names is done, and its destructive part needs no other word.

use std::collections::{BTreeMap, HashSet};

use camroll_model::{Action, Asset};
use serde::{Deserialize, Serialize};

use crate::preview::{Preview, PreviewAction};

/// The version of the file.
const VERSION: u32 = 1;

/// A saved plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The file's version: 1.
    pub plan: u32,
    /// One for each spec.
    pub plans: Vec<SpecPlan>,
}

/// What would be done for one spec.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecPlan {
    /// The spec's name.
    pub spec: String,
    /// By destination.
    pub destinations: BTreeMap<String, Preview>,
}

impl SavedPlan {
    /// Of these specs.
    pub fn new(plans: Vec<SpecPlan>) -> Self {
        Self { plan: VERSION, plans }
    }

    /// Whether this program understands the file.
    pub fn is_understood(&self) -> bool {
        self.plan == VERSION
    }

    /// What it says of a spec; none where it doesn't speak of it.
    pub fn approval(&self, spec: &str) -> Option<Approval> {
        let plan = self.plans.iter().find(|plan| plan.spec == spec)?;
        let lanes = plan.destinations.iter().map(|(name, preview)| {
            let approved = Approved {
                fingerprint: preview.fingerprint.clone(),
                acts: preview.actions.iter().map(Act::of).collect(),
                has_moves: preview.actions.iter().any(PreviewAction::is_move),
            };
            (name.clone(), approved)
        });
        Some(Approval(lanes.collect()))
    }
}

/// What a person approved for one spec, by destination.
#[derive(Clone, Debug)]
pub struct Approval(pub(crate) BTreeMap<String, Approved>);

/// What a person approved at one destination.
#[derive(Clone, Debug)]
pub(crate) struct Approved {
    pub fingerprint: String,
    acts: HashSet<Act>,
    has_moves: bool,
}

/// What makes two acts the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Act {
    action: String,
    asset: String,
    resource: String,
    version: String,
    path: String,
}

impl Act {
    fn of(action: &PreviewAction) -> Self {
        Self {
            action: action.action.clone(),
            asset: action.asset.clone(),
            resource: action.resource.clone(),
            version: action.version.clone(),
            path: action.path.clone(),
        }
    }
}

impl Approved {
    /// Whether the plan names this very act.
    pub(crate) fn names(&self, action: &Action, asset: &Asset) -> bool {
        self.names_told(&PreviewAction::of(action, asset))
    }

    pub(crate) fn names_told(&self, told: &PreviewAction) -> bool {
        self.acts.contains(&Act::of(told))
    }

    /// Whether it moves files to where the layout wants them.
    pub(crate) fn has_moves(&self) -> bool {
        self.has_moves
    }
}
