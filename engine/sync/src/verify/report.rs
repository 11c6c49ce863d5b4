//! What `verify` is asked, and what it answers.

use std::sync::Arc;

use camroll_host::Connection;
use camroll_spec::{Destination, Spec};
use serde::Serialize;

use crate::exit::Exit;
use crate::progress::Progress;
use crate::stop::Stop;

/// How closely it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What the destination lists: names, sizes, versions, digests where it tells them.
    Listing,
    /// Every byte is read back.
    Bytes,
}

/// What becomes of assets whose files are missing or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// They are told.
    Tell,
    /// They are made dirty, so that the next sync brings them again.
    MakeDirty,
}

/// What is to be verified.
pub struct VerifyRequest {
    /// The spec.
    pub spec: Arc<Spec>,
    /// One of its destinations.
    pub destination: Destination,
    /// Its connection.
    pub connection: Connection,
    /// How closely.
    pub depth: Depth,
    /// What then.
    pub repair: Repair,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who may stop it.
    pub stop: Stop,
}

/// What was found at a destination.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    /// Its name in the spec.
    pub destination: String,
    /// Files that the journal says are there.
    pub placed: u64,
    /// Those that are there as they were placed, as far as it was looked.
    pub as_placed: u64,
    /// Files that were read back, and were the same.
    pub read_back: u64,
    /// Bytes of them.
    pub bytes_read: u64,
    /// Files there that the journal doesn't know. They are nobody's business.
    pub others: u64,
    /// What isn't as it was placed.
    pub mismatches: Vec<Mismatch>,
    /// Files that couldn't be read, so that nothing is known of them.
    pub unread: Vec<Mismatch>,
}

impl VerifyReport {
    /// For a script.
    pub fn exit(&self) -> Exit {
        if !self.mismatches.is_empty() {
            Exit::Mismatch
        } else if !self.unread.is_empty() {
            Exit::SomeFailed
        } else {
            Exit::Done
        }
    }
}

/// A file that isn't as it was placed.
#[derive(Clone, Debug, Serialize)]
pub struct Mismatch {
    /// Stable: `camroll explain CODE`.
    pub code: String,
    /// Where.
    pub path: String,
    /// Whose file it is.
    pub asset: String,
    /// Which of its files.
    pub role: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
    /// What becomes of it.
    pub mending: Mending,
}

/// What becomes of a file that isn't as it was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mending {
    /// Nothing yet: `--repair` would have it sent again.
    Possible,
    /// The next sync sends it again.
    Planned,
    /// The source no longer has it, or no spec takes it any more: only another copy can help.
    Impossible,
    /// Nothing is known of it, so nothing is done.
    Unknown,
}
