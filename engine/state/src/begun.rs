//! Files whose bytes may have begun to go to a destination when a run ended. Each may have left a draft there, of which nobody but this list knows once the next run wants another file in its place.
//!
//! Neither truth nor cache: without it such a draft stays, and takes room.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::record::DestinationId;
use crate::sign_ins::{private_folder, write_durably};
use crate::state::State;

/// Bytes of a list that is read: some hundred files are begun at a time.
const LIMIT: u64 = 4 << 20;

/// A file that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Its idempotency key.
    pub key: String,
    /// Its path there.
    pub path: String,
}

impl State {
    fn begun_folder(&self) -> PathBuf {
        self.folder().join("begun")
    }

    /// What may have begun and wasn't ended. A list that can't be read counts as none.
    pub fn begun(&self, destination: DestinationId) -> Vec<Begun> {
        let path = self.begun_folder().join(destination.0.to_string());
        let is_small = fs::metadata(&path).is_ok_and(|facts| facts.len() <= LIMIT);
        let read = is_small.then(|| fs::read(&path).ok()).flatten();
        read.and_then(|bytes| postcard::from_bytes(&bytes).ok())
            .unwrap_or_default()
    }

    /// Keeps that list. Durable when it returns.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn set_begun(&self, destination: DestinationId, begun: &[Begun]) -> Result<(), StateError> {
        let (folder, name) = (self.begun_folder(), destination.0.to_string());
        if begun.is_empty() {
            return match fs::remove_file(folder.join(&name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StateError::io(&folder)(error)),
                _ => Ok(()),
            };
        }
        private_folder(&folder)?;
        let bytes = postcard::to_stdvec(begun).map_err(|error| StateError::IndexBroken(error.to_string()))?;
        write_durably(&folder, &name, &bytes)
    }
}
