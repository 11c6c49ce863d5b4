use std::io;
use std::path::PathBuf;

/// What can be wrong with a state folder.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another engine has it.
    #[error("another camroll works with the state in {path} ({by}). Wait until it is done.")]
    Held {
        /// The folder.
        path: PathBuf,
        /// Who, as far as the lock says.
        by: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The journal is damaged before its end, where no crash of ours can damage it.
    #[error(
        "the journal is damaged in {path} at byte {offset}: {what}. Restore the folder from a backup; the index alone can't tell what was placed."
    )]
    JournalDamaged {
        /// The segment.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What was found.
        what: String,
    },
    /// A record is larger than a record may be.
    #[error("a record of {0} bytes is too large for the journal")]
    TooLarge(usize),
    /// The index holds what was never written there.
    #[error(
        "the index is broken ({0}). Run `camroll state rebuild`: it is made anew from the journal, and nothing is sent again."
    )]
    IndexBroken(String),
    /// A sign-in can't be read.
    #[error("the sign-in in {path} can't be read ({what}). Sign in again with `camroll login`.")]
    SignInBroken {
        /// Its file.
        path: PathBuf,
        /// Why.
        what: &'static str,
    },
    /// No randomness to make a key or a nonce of.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl StateError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }
}

impl From<sled::Error> for StateError {
    fn from(error: sled::Error) -> Self {
        Self::IndexBroken(error.to_string())
    }
}
