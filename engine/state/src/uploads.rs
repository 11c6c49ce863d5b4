//! Uploads that were cut off and can go on: what the connector saved, with where it was going. One encrypted file each, gone when the upload is placed or taken away.
//!
//! Neither truth nor cache: without them an upload begins anew. They are durable because a service may keep, and charge for, what nobody remembers.

use std::fs;
use std::path::PathBuf;

use camroll_model::Prefix;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::StateError;
use crate::record::DestinationId;
use crate::sign_ins::{private_folder, write_durably};
use crate::state::State;

/// Uploads that are listed at most.
const LISTED: usize = 10_000;
/// Bytes of one that is read.
const LIMIT: u64 = 1 << 20;

/// An upload that was cut off.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Where it was going.
    pub destination: DestinationId,
    /// The file's idempotency key.
    pub key: String,
    /// Its path there.
    pub path: String,
    /// What the connector saved. May carry secrets.
    pub checkpoint: Vec<u8>,
    /// What was uploaded, as far as it was marked.
    pub prefix: Option<Prefix>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("destination", &self.destination)
            .field("key", &self.key)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl State {
    fn uploads_folder(&self) -> PathBuf {
        self.folder().join("uploads")
    }

    fn upload_name(destination: DestinationId, key: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(destination.0.to_le_bytes());
        hash.update(key.as_bytes());
        hex::encode(&hash.finalize()[..20])
    }

    /// Remembers where an upload can go on. Durable when it returns.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn save_upload(&self, upload: &Upload) -> Result<(), StateError> {
        let folder = self.uploads_folder();
        private_folder(&folder)?;
        let plain = postcard::to_stdvec(upload).map_err(|error| StateError::IndexBroken(error.to_string()))?;
        let sealed = self.cipher().seal(&plain)?;
        write_durably(&folder, &Self::upload_name(upload.destination, &upload.key), &sealed)
    }

    /// What is remembered of an upload. One that can't be read counts as none.
    pub fn upload(&self, destination: DestinationId, key: &str) -> Option<Upload> {
        let path = self.uploads_folder().join(Self::upload_name(destination, key));
        self.read_upload(&path).filter(|upload| upload.key == key)
    }

    fn read_upload(&self, path: &std::path::Path) -> Option<Upload> {
        if fs::metadata(path).ok()?.len() > LIMIT {
            return None;
        }
        let sealed = fs::read(path).ok()?;
        let plain = self.cipher().open(&sealed)?;
        postcard::from_bytes(&plain).ok()
    }

    /// Forgets an upload that is placed or was taken away.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn forget_upload(&self, destination: DestinationId, key: &str) -> Result<(), StateError> {
        let path = self.uploads_folder().join(Self::upload_name(destination, key));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StateError::io(&path)(error)),
            _ => Ok(()),
        }
    }

    /// All uploads to a destination that were cut off.
    pub fn uploads(&self, destination: DestinationId) -> Vec<Upload> {
        let Ok(entries) = fs::read_dir(self.uploads_folder()) else {
            return Vec::new();
        };
        entries
            .take(LISTED)
            .filter_map(|entry| self.read_upload(&entry.ok()?.path()))
            .filter(|upload| upload.destination == destination)
            .collect()
    }
}
