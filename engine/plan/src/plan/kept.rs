//! What stays though it is no longer wanted, and why.

use camroll_model::{Placement, Recipe, Role};

use super::Planning;
use super::decide::Decision;
use super::report::{Kept, KeptWhy};
use crate::files::is_wanted;
use crate::sidecar::is_sidecar;

impl Planning<'_> {
    /// Every placement that neither holds a wanted file nor is replaced.
    pub(super) fn kept(&self, decisions: &[Decision]) -> Vec<Kept> {
        let used = |index: usize| {
            decisions.iter().any(|decision| match decision {
                Decision::Already(placement) | Decision::Replace(placement, _) => *placement == index,
                Decision::Skip(..) | Decision::Wait(_) | Decision::Put(..) => false,
            })
        };
        self.own
            .iter()
            .filter(|(index, _)| !used(*index))
            .map(|(index, placement)| Kept {
                placement: *index,
                why: self.why_kept(*index, placement),
            })
            .collect()
    }

    fn why_kept(&self, index: usize, placement: &Placement) -> KeptWhy {
        let edit = matches!(
            placement.role,
            Role::Edited | Role::EditedPairedVideo | Role::Adjustment | Role::Sidecar
        );
        let sidecar = self.wanted.iter().any(|resource| is_sidecar(&resource.id)) && is_sidecar(&placement.resource);
        let wanted = sidecar || is_wanted(placement.role, &self.wish.spec.versions);
        if placement.recipe != Recipe::as_is() || !wanted {
            return KeptWhy::LeftScope;
        }
        let older = self.matches.iter().any(|matched| matched.older.contains(&index));
        let told = self
            .wanted
            .iter()
            .any(|resource| resource.id == placement.resource || resource.role == placement.role);
        match (older, edit, told) {
            (true, false, _) => KeptWhy::OriginalChanged,
            (_, true, false) => KeptWhy::EditReverted,
            (_, false, false) => KeptWhy::FileGone,
            _ => KeptWhy::Superseded,
        }
    }
}
