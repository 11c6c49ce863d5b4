//! Secret references: where a secret comes from. The secret itself is read when a run needs it, never when a spec is read.

mod resolve;
mod system;

use std::path::PathBuf;

pub use resolve::*;
pub use system::*;

use crate::text::Place;

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file; relative to the folder of the spec's file.
    File(PathBuf),
    /// A program and its arguments, without a shell; the first line that it writes to standard output.
    Command(Vec<String>),
}

/// A reference, and the setting that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// Where the secret comes from.
    pub reference: SecretRef,
    /// The setting, as a path under `with:`: "password".
    pub setting: String,
    /// The file in which it stands.
    pub file: PathBuf,
    /// Where it stands there.
    pub place: Place,
}
