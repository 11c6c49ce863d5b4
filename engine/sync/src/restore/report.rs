//! What `restore` is asked, and what it answers.

use std::sync::Arc;

use camroll_host::Connection;
use camroll_model::Problem;
use camroll_spec::{Destination, NameGlob, Span, Spec};
use serde::Serialize;

use crate::exit::Exit;
use crate::progress::Progress;
use crate::stop::Stop;

/// Where it is known from what is at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// The journal of this machine.
    State,
    /// `.camroll/manifest` at the destination.
    Manifest,
}

/// Which files.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Taken within.
    pub taken: Option<Span>,
    /// The asset's name matches one of these; none: any.
    pub names: Vec<NameGlob>,
    /// Also what the spec's own filters say.
    pub filters: FiltersChoice,
}

/// Whether the spec's own filters count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiltersChoice {
    /// All that is there.
    Everything,
    /// What the spec's filters take now.
    InScope,
}

/// What is to be restored.
pub struct RestoreRequest {
    /// The spec.
    pub spec: Arc<Spec>,
    /// One of its destinations.
    pub destination: Destination,
    /// Its connection.
    pub connection: Connection,
    /// Where the files go: an empty folder, or one where a restore goes on.
    pub into: Connection,
    /// Which files.
    pub choice: Choice,
    /// Where it is to be known from; none: the journal if it knows the destination.
    pub knowledge: Option<Knowledge>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who may stop it.
    pub stop: Stop,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreReport {
    /// The destination's name in the spec.
    pub destination: String,
    /// Where it is known from what is there.
    pub from: Knowledge,
    /// Files that the choice takes: the sum of the following.
    pub chosen: u64,
    /// Brought now.
    pub restored: u64,
    /// Equal files were in the folder.
    pub already_there: u64,
    /// Not brought.
    pub failed: u64,
    /// Bytes that were brought.
    pub bytes: u64,
    /// Files at the destination that the choice doesn't take.
    pub not_chosen: u64,
    /// What wasn't brought, and why.
    pub problems: Vec<Problem>,
    /// Whether any file at the destination isn't what was placed there.
    #[serde(skip)]
    pub(super) mismatch: bool,
}

impl RestoreReport {
    /// For a script.
    pub fn exit(&self) -> Exit {
        if self.mismatch {
            Exit::Mismatch
        } else if self.failed > 0 {
            Exit::SomeFailed
        } else {
            Exit::Done
        }
    }
}
