//! In which order an asset's files go to a service that joins them: one after another, so that each knows of those before it.

use std::collections::VecDeque;

use camroll_model::{Features, Role};

use crate::transfer::Job;

/// An asset's jobs: those that can go at once, and those that wait, each for the one before it.
pub(super) fn in_turn(features: &Features, jobs: Vec<Job>) -> (Vec<Job>, VecDeque<Job>) {
    let Some(order) = order(features) else {
        return (jobs, VecDeque::new());
    };
    let mut jobs = jobs;
    jobs.sort_by_key(|job| {
        order
            .iter()
            .position(|role| *role == job.file.role)
            .unwrap_or(order.len())
    });
    let mut then: VecDeque<Job> = jobs.into();
    (then.pop_front().into_iter().collect(), then)
}

/// What is made of something comes after it. A half that fails doesn't keep the other one back: it is joined when it comes.
fn order(features: &Features) -> Option<[Role; 5]> {
    if features.has_trait("pairs-video-first") {
        Some([
            Role::PairedVideo,
            Role::Original,
            Role::Alternate,
            Role::EditedPairedVideo,
            Role::Edited,
        ])
    } else if features.has_trait("pairs-still-first") {
        Some([
            Role::Original,
            Role::PairedVideo,
            Role::Alternate,
            Role::Edited,
            Role::EditedPairedVideo,
        ])
    } else {
        None
    }
}
