//! What `adopt` is asked, and what it answers.

use std::sync::Arc;

use camroll_host::Connection;
use camroll_model::Problem;
use camroll_spec::{Destination, Spec};
use camroll_state::SignIn;
use serde::Serialize;

use crate::exit::Exit;
use crate::progress::Progress;
use crate::stop::Stop;

/// What is to be taken over.
pub struct AdoptRequest {
    /// The spec.
    pub spec: Arc<Spec>,
    /// One of its destinations.
    pub destination: Destination,
    /// Its connection.
    pub connection: Connection,
    /// The source, for what the manifest doesn't name; none: only what it names.
    pub source: Option<(Connection, SignIn)>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who may stop it.
    pub stop: Stop,
}

/// What was taken over.
#[derive(Clone, Debug, Serialize)]
pub struct AdoptReport {
    /// The destination's name in the spec.
    pub destination: String,
    /// Files that the manifest names and that are what it says.
    pub by_manifest: u64,
    /// Files that are the library's by their content.
    pub by_content: u64,
    /// Files that the journal knew before.
    pub known_before: u64,
    /// Files that the manifest names and that are gone or others; a sync sends them again.
    pub mismatches: u64,
    /// Files there that are nobody's that camroll knows. They stay untouched.
    pub others: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl AdoptReport {
    /// For a script.
    pub fn exit(&self) -> Exit {
        if self.mismatches > 0 {
            Exit::Mismatch
        } else if self.problems.is_empty() {
            Exit::Done
        } else {
            Exit::SomeFailed
        }
    }
}
