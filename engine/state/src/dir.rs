//! Where things are in a state folder, and how files in it are made: for the owner only, and replaced as a whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{At, StateError};

/// A state folder. It is made when it is opened, with mode 0700; files in it have 0600.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// The folder at this path. Nothing is touched yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    /// What the index's files were when it was last closed.
    pub(crate) fn index_seal(&self) -> PathBuf {
        self.0.join("index.seal")
    }

    /// There while an index is known to be broken and not yet moved aside.
    pub(crate) fn index_mark(&self) -> PathBuf {
        self.0.join("index.distrusted")
    }

    pub(crate) fn receipts(&self) -> PathBuf {
        self.0.join("receipts")
    }

    pub(crate) fn sign_ins(&self) -> PathBuf {
        self.0.join("sign-ins")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
}

/// Makes a folder and those above it, for the owner only. One that is there stays as it is.
pub(crate) fn make_private(path: &Path) -> Result<(), StateError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .at("making the folder", path)
}

/// Opens a file for reading and writing, makes it where it isn't there, for the owner only.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Makes a new, empty file for the owner only; what a crash left under the name goes away.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StateError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .at("syncing the folder", path)
}

/// Puts these bytes in the place of what the file held: durable, and whole or not at all.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    create_private(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .at("writing", &temporary)?;
    fs::rename(&temporary, path).at("replacing", path)?;
    sync_folder(folder)
}

/// Removes a file; one that isn't there is no error.
pub(crate) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.at("removing", path),
    }
}
