//! The folder itself: opened once, kept by its handle, and known by device and inode, so that an unmounted disk is noticed before anything is written.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass, Instant};
use parking_lot::Mutex;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::failure::{conflict, failure, refused};
use super::path::{Reach, RelativePath, escaped, is_own};
use super::reader::FileReader;
use super::volume::Volume;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Other,
}

/// What is known of a file without opening it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileFacts {
    pub(crate) path: String,
    pub(crate) id: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    pub(crate) modified: Instant,
    pub(crate) version: String,
}

/// The one folder of a connection, shared by all its instances.
pub(crate) struct Folder {
    pub(super) root: OwnedFd,
    path: PathBuf,
    identity: (u64, u64),
    pub(super) volume: Volume,
    /// Names of drafts that a handle is open for.
    pub(super) drafting: Mutex<HashSet<String>>,
}

impl Folder {
    /// Opens it. Nothing there: `files/no-folder`.
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, ConnectorError> {
        let missing = |why: &str| {
            ConnectorError::new(
                ErrorClass::InvalidSetting,
                "files/no-folder",
                format!(
                    "The folder {} {why}. Make it, or mount what it is on; camroll never makes it.",
                    path.display()
                ),
            )
        };
        let root = match rustix::fs::open(
            path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(root) => root,
            Err(Errno::NOENT) => return Err(missing("isn't there")),
            Err(Errno::NOTDIR) => return Err(missing("is not a folder")),
            Err(error) => return Err(failure("Opening", &path.display().to_string(), &error.into())),
        };
        let facts = rustix::fs::fstat(&root)
            .map_err(|error| failure("Looking at", &path.display().to_string(), &error.into()))?;
        let volume = Volume::of(&root);
        Ok(Arc::new(Self {
            identity: identity(&facts),
            root,
            path: path.to_owned(),
            volume,
            drafting: Mutex::new(HashSet::new()),
        }))
    }

    /// Whether the folder that stands under its path is still the one that was opened.
    pub(crate) fn check_there(&self) -> Result<(), ConnectorError> {
        match rustix::fs::stat(&self.path) {
            Ok(facts) if identity(&facts) == self.identity => Ok(()),
            Ok(_) => Err(self.vanished("is another folder than it was")),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(self.vanished("is gone")),
            Err(error) => Err(failure("Looking at", &self.path.display().to_string(), &error.into())),
        }
    }

    fn vanished(&self, why: &str) -> ConnectorError {
        refused(
            "files/vanished",
            format!(
                "The folder {} {why}. Nothing more is written there; is its disk still mounted?",
                self.path.display()
            ),
        )
    }

    /// What is at a path, links not followed; none if nothing is.
    pub(crate) fn stat(&self, path: &str, reach: Reach) -> Result<Option<FileFacts>, ConnectorError> {
        self.check_there()?;
        let path = RelativePath::read(path, reach)?;
        let Some((parents, name)) = path.split_last() else {
            let facts = rustix::fs::fstat(&self.root).map_err(|error| failure("Looking at", "", &error.into()))?;
            return Ok(Some(self.facts(String::new(), &facts)));
        };
        let parent = match self.open_parents(parents) {
            Ok(parent) => parent,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failure("Looking at", path.as_str(), &error)),
        };
        match rustix::fs::statat(&parent, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(facts) => Ok(Some(self.facts(path.as_str().to_owned(), &facts))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(failure("Looking at", path.as_str(), &error.into())),
        }
    }

    /// At most `max` entries of a folder in the order of their names, after the name `after`.
    pub(crate) fn read(
        &self,
        path: &str,
        after: Option<&str>,
        max: usize,
        reach: Reach,
    ) -> Result<Vec<FileFacts>, ConnectorError> {
        self.check_there()?;
        let path = RelativePath::read(path, reach)?;
        let failed = |error: io::Error| failure("Reading the folder", path.as_str(), &error);
        let folder = self.open_parents(path.parts()).map_err(failed)?;
        // The first names only: a folder may hold more than fits in memory.
        let mut first = std::collections::BinaryHeap::new();
        for entry in Dir::read_from(&folder).map_err(|error| failed(error.into()))? {
            let entry = entry.map_err(|error| failed(error.into()))?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") || (path.parts().is_empty() && is_own(name)) {
                continue;
            }
            let name = escaped(OsStr::from_bytes(name));
            if after.is_some_and(|after| name.as_str() <= after) {
                continue;
            }
            first.push((name, CString::from(entry.file_name())));
            if first.len() > max {
                first.pop();
            }
        }
        let mut facts = Vec::with_capacity(first.len());
        for (shown, name) in first.into_sorted_vec() {
            match rustix::fs::statat(&folder, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => facts.push(self.facts(path.below(&shown), &found)),
                // Gone since it was listed.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(error.into())),
            }
        }
        Ok(facts)
    }

    /// Opens a regular file for reading. Its pages in the cache are dropped first, so that what is read back is what the disk has.
    pub(crate) fn open_file(
        &self,
        path: &str,
        expected: Option<&str>,
        reach: Reach,
    ) -> Result<FileReader, ConnectorError> {
        self.check_there()?;
        let path = RelativePath::read(path, reach)?;
        let failed = |error: io::Error| failure("Opening", path.as_str(), &error);
        let Some((parents, name)) = path.split_last() else {
            return Err(failed(Errno::ISDIR.into()));
        };
        let parent = self.open_parents(parents).map_err(failed)?;
        let found = rustix::fs::statat(&parent, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| failed(error.into()))?;
        self.expect(&path, &found, expected)?;
        // NONBLOCK: should a pipe have come in between, opening it must not wait for a writer.
        let file = rustix::fs::openat(
            &parent,
            name.as_c_str(),
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|error| failed(error.into()))?;
        let opened = rustix::fs::fstat(&file).map_err(|error| failed(error.into()))?;
        if identity(&opened) != identity(&found) {
            return Err(conflict(
                "files/changed",
                format!("{:?} was replaced while it was opened.", path.as_str()),
            ));
        }
        #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        Ok(FileReader::new(file.into(), size(&opened), path.as_str().to_owned()))
    }

    /// Fails unless this is a regular file of the expected version.
    pub(super) fn expect(
        &self,
        path: &RelativePath,
        found: &Stat,
        expected: Option<&str>,
    ) -> Result<(), ConnectorError> {
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(conflict(
                "files/not-a-file",
                format!(
                    "{:?} is not a regular file; links, devices and the like are never opened.",
                    path.as_str()
                ),
            ));
        }
        match expected {
            Some(expected) if expected != self.version(found) => Err(conflict(
                "files/changed",
                format!(
                    "{:?} is not what was expected there: somebody changed it.",
                    path.as_str()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The folder at these parts; no link on the way is followed.
    pub(super) fn open_parents(&self, parts: &[CString]) -> io::Result<OwnedFd> {
        open_below(&self.root, parts)
    }

    /// As `open_parents`, making folders that aren't there. Calls `made` with each folder in which a new one was made.
    pub(super) fn make_parents(
        &self,
        parts: &[CString],
        mut made: impl FnMut(&OwnedFd) -> io::Result<()>,
    ) -> io::Result<OwnedFd> {
        match self.open_parents(parts) {
            Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => {}
            opened_or_failed => return opened_or_failed,
        }
        let mut folder = open_below(&self.root, &[])?;
        for part in parts {
            folder = match open_folder(&folder, part) {
                Ok(next) => next,
                Err(Errno::NOENT) => {
                    match rustix::fs::mkdirat(&folder, part.as_c_str(), Mode::from_raw_mode(0o777)) {
                        Ok(()) | Err(Errno::EXIST) => made(&folder)?,
                        Err(error) => return Err(error.into()),
                    }
                    open_folder(&folder, part)?
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(folder)
    }

    pub(super) fn facts(&self, path: String, found: &Stat) -> FileFacts {
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            _ => Kind::Other,
        };
        FileFacts {
            path,
            id: self.volume.stable_inodes().then(|| format!("{}", found.st_ino)),
            kind,
            size: if kind == Kind::File { size(found) } else { 0 },
            modified: Instant {
                seconds: found.st_mtime,
                nanoseconds: found.st_mtime_nsec as u32,
            },
            version: self.version(found),
        }
    }

    /// Size and time, and the inode where it is stable.
    pub(super) fn version(&self, found: &Stat) -> String {
        let inode = if self.volume.stable_inodes() {
            format!("-{:x}", found.st_ino)
        } else {
            String::new()
        };
        format!(
            "{:x}-{:x}.{:09}{inode}",
            found.st_size, found.st_mtime, found.st_mtime_nsec
        )
    }
}

/// The folder below an open one. The kernel resolves it in one go where it can promise not to leave; else part by part.
#[cfg(target_os = "linux")]
fn open_below(root: &OwnedFd, parts: &[CString]) -> io::Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let mut path = Vec::new();
    for part in parts {
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(part.as_bytes());
    }
    if path.is_empty() {
        path.push(b'.');
    }
    let opened = rustix::fs::openat2(
        root,
        CString::new(path)?,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
    );
    match opened {
        // Kernels before 5.6, and sandboxes that don't know the call.
        Err(Errno::NOSYS | Errno::PERM) => walk(root, parts),
        opened => Ok(opened?),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_below(root: &OwnedFd, parts: &[CString]) -> io::Result<OwnedFd> {
    walk(root, parts)
}

fn walk(root: &OwnedFd, parts: &[CString]) -> io::Result<OwnedFd> {
    let mut folder = open_folder(root, c".")?;
    for part in parts {
        folder = open_folder(&folder, part)?;
    }
    Ok(folder)
}

fn open_folder(parent: impl AsFd, name: &CStr) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(
        parent,
        name,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

#[allow(clippy::unnecessary_cast, reason = "their types differ between systems")]
pub(super) fn identity(facts: &Stat) -> (u64, u64) {
    (facts.st_dev as u64, facts.st_ino as u64)
}

pub(super) fn size(facts: &Stat) -> u64 {
    u64::try_from(facts.st_size).unwrap_or(0)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw_os_error),
        Some(Errno::NOENT | Errno::NOTDIR)
    )
}
