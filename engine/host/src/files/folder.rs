use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass, Instant};
use parking_lot::Mutex;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, statat};
use rustix::io::Errno;

use crate::fault;
use crate::files::path::{OWN, RelativePath};
use crate::files::sweep::AtWork;

/// What changes when a file's content may have changed: size and modification time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(pub String);

/// What something in the folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    File,
    Folder,
    Other,
}

/// What is known of something in the folder.
#[derive(Clone, Debug)]
pub(crate) struct FileFacts {
    pub path: String,
    pub id: Option<String>,
    pub kind: FileKind,
    pub size: u64,
    pub modified: Instant,
    pub version: Version,
}

/// The folder of a connection, opened once for all its instances.
#[derive(Clone)]
pub(crate) struct Folder(Arc<Inner>);

struct Inner {
    root: OwnedFd,
    path: PathBuf,
    identity: (u64, u64),
    /// Names of drafts that are open.
    pub(super) open_drafts: Mutex<std::collections::HashSet<String>>,
    at_work: AtWork,
}

impl Folder {
    /// Opens the folder that a person named.
    pub(crate) fn open(path: &Path) -> Result<Self, ConnectorError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT => ConnectorError::new(
                ErrorClass::NotFound,
                "files/no-folder",
                format!("There is no folder {}. Make it, or mount what should be there: camroll doesn't make it, so that an empty mount point isn't taken for an empty archive.", path.display()),
            ),
            Errno::NOTDIR => ConnectorError::new(ErrorClass::NotFound, "files/no-folder", format!("{} isn't a folder.", path.display())),
            other => failed(other, &path.display().to_string()),
        })?;
        let stat = fstat(&root).map_err(|error| failed(error, &path.display().to_string()))?;
        Ok(Self(Arc::new(Inner {
            root,
            path: path.to_owned(),
            identity: (stat.st_dev, stat.st_ino),
            open_drafts: Mutex::default(),
            at_work: AtWork::default(),
        })))
    }

    /// Whether the path still leads to the folder that was opened.
    pub(crate) fn still_there(&self) -> Result<(), ConnectorError> {
        let there = rustix::fs::stat(&self.0.path).map(|stat| (stat.st_dev, stat.st_ino));
        if there == Ok(self.0.identity) {
            return Ok(());
        }
        Err(ConnectorError::new(
            ErrorClass::NotFound,
            "files/vanished",
            format!(
                "{} is no longer the folder that it was when the run began. Was it unmounted? Nothing more is written.",
                self.0.path.display()
            ),
        ))
    }

    pub(crate) fn root(&self) -> &OwnedFd {
        &self.0.root
    }

    pub(crate) fn open_drafts(&self) -> &Mutex<std::collections::HashSet<String>> {
        &self.0.open_drafts
    }

    /// Whether drafts are made here, for those who would sweep.
    pub(super) fn at_work(&self) -> &AtWork {
        &self.0.at_work
    }

    /// Opens a folder inside, part by part, following no link.
    pub(crate) fn folder(&self, path: &str, missing: Missing) -> Result<OwnedFd, ConnectorError> {
        let mut at = openat(
            &self.0.root,
            ".",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|error| failed(error, path))?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let next = match openat(&at, part, flags, Mode::empty()) {
                Err(Errno::NOENT) if missing == Missing::Make => {
                    match mkdirat(&at, part, Mode::from_raw_mode(0o777)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(failed(error, path)),
                    }
                    // The name of the new folder has to outlive a power cut as well.
                    rustix::fs::fsync(&at).map_err(|error| failed(error, path))?;
                    openat(&at, part, flags, Mode::empty())
                }
                other => other,
            };
            at = next.map_err(|error| match error {
                Errno::LOOP | Errno::NOTDIR => ConnectorError::new(
                    ErrorClass::Conflict,
                    "files/not-a-folder",
                    format!("{part:?} in the path {path:?} is a link or a file where a folder should be."),
                ),
                other => failed(other, path),
            })?;
        }
        Ok(at)
    }

    pub(crate) fn drafts(&self) -> Result<OwnedFd, ConnectorError> {
        self.folder(&format!("{OWN}/drafts"), Missing::Make)
    }

    /// What is at a path; none where nothing is.
    pub(crate) fn stat(&self, path: &RelativePath) -> Result<Option<FileFacts>, ConnectorError> {
        let (parent, name) = path.split();
        let folder = match self.folder(parent, Missing::Fail) {
            Ok(folder) => folder,
            Err(error) if error.class == ErrorClass::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(facts(path.as_str(), &stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed(error, path.as_str())),
        }
    }

    /// What is in a folder, in the order of the names, after a name.
    pub(crate) fn read_folder(
        &self,
        path: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<FileFacts>, ConnectorError> {
        let folder = self.folder(path, Missing::Fail)?;
        let mut names: Vec<String> = Vec::new();
        let entries = rustix::fs::Dir::read_from(&folder).map_err(|error| failed(error, path))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(error, path))?;
            // A name that isn't UTF-8 can't be one that camroll gave; it is left alone.
            let Ok(name) = entry.file_name().to_str() else { continue };
            // Nor what has no path here: drafts, and names that other systems may give ("Icon\r"). One of them must not end the listing of all.
            let whole = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}/{name}")
            };
            if after.is_none_or(|after| name > after) && RelativePath::parse(&whole).is_ok() {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.truncate(max);
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let full = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            match statat(&folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => found.push(facts(&full, &stat)),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(error, &full)),
            }
        }
        Ok(found)
    }

    /// Bytes free and in all, and the longest name.
    pub(crate) fn volume(&self) -> Result<(u64, u64), ConnectorError> {
        if let Some(free) = fault::free() {
            return Ok((free, free));
        }
        let facts = rustix::fs::fstatvfs(self.0.root.as_fd()).map_err(|error| failed(error, "."))?;
        Ok((
            facts.f_bavail.saturating_mul(facts.f_frsize),
            facts.f_blocks.saturating_mul(facts.f_frsize),
        ))
    }
}

/// What happens where a folder is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is made.
    Make,
    /// It is an error.
    Fail,
}

pub(crate) fn facts(path: &str, stat: &Stat) -> FileFacts {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        _ => FileKind::Other,
    };
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    FileFacts {
        path: path.to_owned(),
        id: Some(stat.st_ino.to_string()),
        kind,
        size,
        modified: Instant {
            seconds: stat.st_mtime,
            nanoseconds: u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
        },
        version: Version(format!("{size}-{}.{:09}", stat.st_mtime, stat.st_mtime_nsec)),
    }
}

/// What a refusal of the system means.
pub(crate) fn failed(error: Errno, path: &str) -> ConnectorError {
    let (class, code, what) = match error {
        Errno::NOENT => (ErrorClass::NotFound, "files/not-found", "isn't there"),
        Errno::EXIST => (ErrorClass::Conflict, "files/exists", "is taken"),
        Errno::NOSPC | Errno::DQUOT => (
            ErrorClass::Quota,
            "files/full",
            "can't be written: the disk is full. Make room and run it again",
        ),
        Errno::ROFS => (
            ErrorClass::PermissionDenied,
            "files/read-only",
            "can't be written: the folder is read-only. Mount it writable and run it again",
        ),
        Errno::ACCESS | Errno::PERM => (
            ErrorClass::PermissionDenied,
            "files/read-only",
            "can't be written or read: permission denied. Give camroll's user the right to",
        ),
        Errno::NAMETOOLONG => (
            ErrorClass::Unsupported,
            "files/name-too-long",
            "has a name that is too long here",
        ),
        Errno::STALE | Errno::NODEV | Errno::NXIO => {
            (ErrorClass::NotFound, "files/vanished", "is gone: was it unmounted?")
        }
        _ => (ErrorClass::Transient, "files/io", "can't be used"),
    };
    ConnectorError::new(class, code, format!("{path:?} {what} ({error})."))
}
