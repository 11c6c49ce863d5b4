use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use rustix::fs::{Advice, Mode, OFlags, fadvise, fstat, openat};
use rustix::io::Errno;

use crate::files::folder::{FileKind, Folder, Missing, Version, facts, failed};
use crate::files::path::RelativePath;

/// Bytes that are read at a time.
const BLOCK: usize = 256 << 10;

fn not_a_file(path: &RelativePath) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "files/not-a-file",
        format!("{:?} isn't a file.", path.as_str()),
    )
}

/// A file that is read.
pub(crate) struct OpenFile {
    file: Arc<File>,
    path: String,
    size: u64,
}

impl OpenFile {
    /// Opens a regular file, of that version if one is given. What the page cache holds of it is dropped, so that what is read comes from the disk.
    pub(crate) fn open(
        folder: &Folder,
        path: &RelativePath,
        expected: Option<&Version>,
    ) -> Result<Self, ConnectorError> {
        let (parent, name) = path.split();
        let parent = folder.folder(parent, Missing::Fail)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&parent, name, flags, Mode::empty()).map_err(|error| match error {
            // A link isn't followed, now or later: no try after this one opens it.
            Errno::LOOP => not_a_file(path),
            other => failed(other, path.as_str()),
        })?;
        let stat = fstat(&file).map_err(|error| failed(error, path.as_str()))?;
        let facts = facts(path.as_str(), &stat);
        if facts.kind != FileKind::File {
            return Err(not_a_file(path));
        }
        if expected.is_some_and(|expected| *expected != facts.version) {
            return Err(super::publish::changed(path.as_str()));
        }
        // Best effort: a file system without it only reads from memory.
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
        Ok(Self {
            file: Arc::new(File::from(file)),
            path: path.as_str().to_owned(),
            size: facts.size,
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes at an offset; none at the end.
    pub(crate) async fn next(&self, offset: u64) -> Result<Option<Bytes>, ConnectorError> {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        let block = BLOCK.min(
            usize::try_from(self.size.saturating_sub(offset))
                .unwrap_or(BLOCK)
                .max(1),
        );
        tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; block];
            let read = file.read_at(&mut bytes, offset)?;
            bytes.truncate(read);
            std::io::Result::Ok(bytes)
        })
        .await
        .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "host/panic", panic.to_string()))?
        .map(|bytes| (!bytes.is_empty()).then(|| Bytes::from(bytes)))
        .map_err(|error| {
            ConnectorError::new(
                ErrorClass::Transient,
                "files/io",
                format!("{path:?} can't be read ({error})."),
            )
        })
    }
}
