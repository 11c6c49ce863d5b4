//! One file a run, with a line for each thing that changed in it. Old ones are dropped.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::dir::{create_private, make_private, remove};
use crate::error::{At, StateError};
use crate::state::State;

/// Files that are kept.
const KEPT: usize = 100;

/// A run's file that is being written: one JSON value a line.
pub struct ReceiptLog {
    path: PathBuf,
    file: BufWriter<File>,
}

impl State {
    /// Begins the file of a run (its ULID) and drops the oldest ones.
    pub fn receipt_log(&self, run: &str) -> Result<ReceiptLog, StateError> {
        let folder = self.inner().dir.receipts();
        make_private(&folder)?;
        if run.is_empty() || run.len() > 64 || !run.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(StateError::Unknown("run: its id is no ULID"));
        }
        drop_old(&folder)?;
        let path = folder.join(format!("{run}.ndjson"));
        let file = BufWriter::new(create_private(&path).at("making", &path)?);
        Ok(ReceiptLog { path, file })
    }
}

fn drop_old(folder: &Path) -> Result<(), StateError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).at("listing", folder)? {
        let path = entry.at("listing", folder)?.path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            names.push(path);
        }
    }
    // ULIDs sort by time.
    names.sort_unstable();
    let over = (names.len() + 1).saturating_sub(KEPT);
    names.iter().take(over).try_for_each(|path| remove(path))
}

impl ReceiptLog {
    /// Writes a line.
    pub fn line<T: Serialize>(&mut self, value: &T) -> Result<(), StateError> {
        serde_json::to_writer(&mut self.file, value)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .at("writing", &self.path)
    }

    /// Ends the file; it is durable when this returns.
    pub fn finish(self) -> Result<PathBuf, StateError> {
        let file = self
            .file
            .into_inner()
            .map_err(|error| error.into_error())
            .at("writing", &self.path)?;
        file.sync_all().at("syncing", &self.path)?;
        Ok(self.path)
    }
}
