//! An asset's status out of its plan and its placements.

use camroll_model::{Action, Placement, Problem};
use camroll_plan::AssetPlan;
use camroll_state::{AssetStatus, StatusScope, StatusState};

use super::PROBLEMS_AN_ASSET;

pub(super) fn push_problem(problems: &mut Vec<Problem>, said: Problem) {
    if problems.len() < PROBLEMS_AN_ASSET {
        problems.push(said);
    }
}

pub(super) fn state_of(status: &AssetStatus) -> StatusState {
    if status.failed > 0 {
        StatusState::Failed
    } else if status.pending > 0 {
        StatusState::Pending
    } else {
        StatusState::Settled
    }
}

/// The same of an asset whose plan isn't carried out yet: what is to go isn't wanted, and counts nowhere, and isn't done either.
pub(super) fn state_by(plan: &AssetPlan, status: &AssetStatus) -> StatusState {
    let leaves = plan
        .actions
        .iter()
        .any(|action| matches!(action, Action::Remove { .. }));
    match state_of(status) {
        StatusState::Settled if leaves => StatusState::Pending,
        state => state,
    }
}

pub(super) fn status_of(plan: &AssetPlan, placements: &[Placement]) -> AssetStatus {
    let sends = plan
        .actions
        .iter()
        .filter(|action| !matches!(action, Action::Remove { .. }))
        .count();
    let mut status = AssetStatus {
        scope: match &plan.scope {
            camroll_plan::Scope::In => StatusScope::In,
            camroll_plan::Scope::Out(reason) => StatusScope::Out(reason.code().to_owned()),
            camroll_plan::Scope::Gone => StatusScope::Gone,
        },
        wanted: u32::try_from(sends + plan.already.len() + plan.waiting.len() + plan.skipped.len()).unwrap_or(u32::MAX),
        pending: u32::try_from(sends + plan.waiting.len()).unwrap_or(u32::MAX),
        skipped: u32::try_from(plan.skipped.len()).unwrap_or(u32::MAX),
        missing: plan.missing,
        kept_left_scope: plan.kept_left_scope(),
        kept_gone: plan.kept_gone(),
        ..AssetStatus::default()
    };
    for index in &plan.already {
        if let Some(placement) = placements.get(*index)
            && let Some(count) = status.placed.get_mut(placement.proof as usize)
        {
            *count += 1;
        }
    }
    status.state = state_by(plan, &status);
    status
}
