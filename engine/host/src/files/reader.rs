//! A file being read: a thread reads ahead, so that reading, hashing and whatever takes the bytes go on at the same time.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::ConnectorError;
use tokio::sync::mpsc::{Receiver, channel};

use super::failure::{conflict, failure};
use crate::bodies::BLOCK;

/// Blocks that are read ahead.
const AHEAD: usize = 2;

/// A regular file, from a position on.
pub(crate) struct FileReader {
    file: Arc<File>,
    path: Arc<str>,
    size: u64,
    position: u64,
    ahead: Option<Receiver<Result<Bytes, ConnectorError>>>,
}

impl FileReader {
    pub(super) fn new(file: File, size: u64, path: String) -> Self {
        Self {
            file: Arc::new(file),
            path: path.into(),
            size,
            position: 0,
            ahead: None,
        }
    }

    /// Bytes, as they were when it was opened.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Moves the reading position anywhere.
    pub(crate) fn seek(&mut self, offset: u64) {
        self.position = offset;
        self.ahead = None;
    }

    /// The next bytes; none at the end. A file that became shorter or longer meanwhile is a `conflict`.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        let ahead = match &mut self.ahead {
            Some(ahead) => ahead,
            None => {
                let (into, ahead) = channel(AHEAD);
                let (file, path, mut position, size) =
                    (Arc::clone(&self.file), Arc::clone(&self.path), self.position, self.size);
                tokio::task::spawn_blocking(move || {
                    loop {
                        let read = read_block(&file, &path, position, size);
                        let ended = !matches!(&read, Ok(bytes) if !bytes.is_empty());
                        position += read.as_ref().map_or(0, |bytes| bytes.len() as u64);
                        if into.blocking_send(read).is_err() || ended {
                            return;
                        }
                    }
                });
                self.ahead.insert(ahead)
            }
        };
        match ahead.recv().await {
            Some(Ok(bytes)) if bytes.is_empty() => Ok(None),
            Some(Ok(bytes)) => {
                self.position += bytes.len() as u64;
                Ok(Some(bytes))
            }
            Some(Err(error)) => Err(error),
            None => Ok(None),
        }
    }
}

fn read_block(file: &File, path: &str, position: u64, size: u64) -> Result<Bytes, ConnectorError> {
    let mut block = vec![0; BLOCK];
    let read = loop {
        match file.read_at(&mut block, position) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => break read.map_err(|error| failure("Reading", path, &error))?,
        }
    };
    let reached = position + read as u64;
    if reached > size || (read == 0 && position < size) {
        return Err(conflict(
            "files/changed",
            format!("{path:?} changed its length while it was read."),
        ));
    }
    block.truncate(read);
    Ok(block.into())
}
