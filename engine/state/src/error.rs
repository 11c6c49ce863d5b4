use std::io;
use std::path::{Path, PathBuf};

use crate::lock::Holder;

/// Why the state can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file couldn't be read or written.
    #[error("{doing} {} failed: {source}", path.display())]
    Io {
        /// What was done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another engine has the state. Exit code 11.
    #[error("another camroll holds this state: {by}; wait for it to end, or use another --state")]
    Held {
        /// Who.
        by: Holder,
    },
    /// The index can't be trusted. It is moved aside and rebuilt when the state is opened again; nothing of the journal is touched.
    #[error(
        "the index of the state is broken ({what}); run the command again: it is rebuilt from the journal, and nothing is sent twice"
    )]
    IndexBroken {
        /// How it was noticed.
        what: String,
    },
    /// The journal can't be read where it must be whole.
    #[error("the journal is broken in {} at byte {offset}: {what}; restore it from a backup, or move the folder {} away: files that are already at the destinations are then recognised by reading them", segment.display(), segment.parent().unwrap_or(segment).display())]
    JournalBroken {
        /// The segment's file.
        segment: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A newer camroll wrote the journal.
    #[error("the journal {} has format {format}, and this camroll knows formats up to {known}; use the newer camroll that wrote it", segment.display())]
    JournalNewer {
        /// The segment's file.
        segment: PathBuf,
        /// Its format.
        format: u32,
        /// The newest that is known.
        known: u32,
    },
    /// A write to the journal failed before, so that nothing more can be promised.
    #[error("the journal can't be written any more since: {0}; free some space or mend the disk, and run again")]
    JournalStopped(String),
    /// Something is larger than the state takes.
    #[error("{what} is {size} bytes long; the state takes {limit} at most")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// An id that this state didn't give out.
    #[error("the state knows no such {0}; it was asked with an id of another time")]
    Unknown(&'static str),
    /// The key's file can be read by others.
    #[error("the key {} can be read by others (mode {mode:o}); run: chmod 600 {}", path.display(), path.display())]
    KeyExposed {
        /// The key's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key's file isn't a key.
    #[error("the key {} is not one that camroll made; restore it from a backup, or remove it together with the other files there and sign in again: camroll login NAME", path.display())]
    KeyBroken {
        /// The key's file.
        path: PathBuf,
    },
    /// A sign-in can't be read: cut off, altered, or made with another key.
    #[error("the sign-in kept in {} can't be read ({what}); sign in again: camroll login NAME", path.display())]
    SignInBroken {
        /// Its file.
        path: PathBuf,
        /// How it was noticed.
        what: &'static str,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(String),
    /// Something couldn't be written in the state's format.
    #[error("{what} can't be written: {why}")]
    Encode {
        /// What it is.
        what: &'static str,
        /// Why.
        why: String,
    },
}

/// Says of an I/O error what was done, and with what.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, StateError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, StateError> {
        self.map_err(|source| StateError::Io {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}

impl<T> At<T> for rustix::io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, StateError> {
        self.map_err(io::Error::from).at(doing, path)
    }
}
