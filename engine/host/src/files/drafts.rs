//! Files without a name yet. They lie in `.camroll/drafts/`, which only their owner can look into, named so that another process finds them again.

use std::fs::File;
use std::io::{IoSlice, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{ConnectorError, Instant};
use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::failure::{conflict, failure, refused};
use super::folder::Folder;
use super::path::{OWN, Reach};

const DRAFTS: &str = "drafts";
/// Longest name of a draft, bytes.
const NAME_LIMIT: usize = 120;
/// Slices that one call writes at most (IOV_MAX).
const SLICES: usize = 1024;

/// The guest's handle of a draft.
pub struct Draft {
    folder: Arc<Folder>,
    name: String,
    file: Arc<File>,
}

impl Draft {
    /// What a writing thread writes to.
    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Its name, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.folder.drafting.lock().remove(&self.name);
    }
}

impl Folder {
    /// Begins a draft anew; one of that name that a crashed run left goes. While a handle of that name is open: `conflict`.
    pub(crate) fn create_draft(self: &Arc<Self>, name: &str, reach: Reach) -> Result<Draft, ConnectorError> {
        self.check_there()?;
        let stored = draft_name(name, reach)?;
        if !self.drafting.lock().insert(stored.clone()) {
            return Err(conflict(
                "files/draft-open",
                format!("The draft {name:?} is being written already."),
            ));
        }
        match self.open_anew(&stored) {
            Ok(file) => Ok(Draft {
                folder: Arc::clone(self),
                name: stored,
                file: Arc::new(file),
            }),
            Err(error) => {
                self.drafting.lock().remove(&stored);
                Err(failure("Making the draft", name, &error))
            }
        }
    }

    fn open_anew(&self, stored: &str) -> std::io::Result<File> {
        let drafts = self.drafts_made()?;
        // The mode is what the file shall have under its name, less the umask; until then the folder's mode keeps others out.
        let open = || {
            rustix::fs::openat(
                &drafts,
                stored,
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                Mode::from_raw_mode(0o666),
            )
        };
        let file = match open() {
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(&drafts, stored, AtFlags::empty())?;
                open()?
            }
            opened => opened?,
        };
        Ok(file.into())
    }

    /// Takes drafts away that won't be published. One that isn't there is fine.
    pub(crate) fn discard(&self, names: &[String]) -> Result<(), ConnectorError> {
        self.check_there()?;
        let drafts = match self.drafts() {
            Ok(Some(drafts)) => drafts,
            Ok(None) => return Ok(()),
            Err(error) => return Err(failure("Opening", ".camroll/drafts", &error)),
        };
        for name in names {
            for reach in [Reach::Library, Reach::Own] {
                match rustix::fs::unlinkat(&drafts, draft_name(name, reach)?.as_str(), AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(error) => return Err(failure("Discarding the draft", name, &error.into())),
                }
            }
        }
        Ok(())
    }

    /// The drafts' folder, if there is one.
    pub(super) fn drafts(&self) -> std::io::Result<Option<OwnedFd>> {
        match self.open_parents(&[c".camroll".into(), c"drafts".into()]) {
            Ok(drafts) => Ok(Some(drafts)),
            Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn drafts_made(&self) -> std::io::Result<OwnedFd> {
        if let Some(drafts) = self.drafts()? {
            return Ok(drafts);
        }
        for (parents, name, mode) in [(&[][..], OWN, 0o777), (&[c".camroll".into()][..], DRAFTS, 0o700)] {
            let parent = self.open_parents(parents)?;
            match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(mode)) {
                Ok(()) => rustix::fs::fsync(&parent)?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.drafts()?.ok_or_else(|| Errno::NOENT.into())
    }
}

/// The name under which a draft lies. Drafts of the engine's own files have another first letter, and are published below `.camroll/` only.
pub(super) fn draft_name(name: &str, reach: Reach) -> Result<String, ConnectorError> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_LIMIT || !name.chars().all(harmless) {
        return Err(refused(
            "files/bad-draft-name",
            format!(
                "A draft's name has 1 to {NAME_LIMIT} letters, digits, \"-\", \"_\" and \".\"; {:?} hasn't.",
                name.chars().take(NAME_LIMIT).collect::<String>()
            ),
        ));
    }
    Ok(match reach {
        Reach::Library => format!("d-{name}"),
        Reach::Own => format!("o-{name}"),
    })
}

/// Writes all parts at the file's position.
pub(crate) fn write_parts(mut file: &File, name: &str, parts: &[Bytes]) -> Result<(), ConnectorError> {
    for some in parts.chunks(SLICES) {
        let mut slices: Vec<IoSlice<'_>> = some.iter().map(|part| IoSlice::new(part)).collect();
        let mut left = slices.as_mut_slice();
        // Parts without bytes make no progress.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => {
                    return Err(failure(
                        "Writing the draft",
                        name,
                        &std::io::ErrorKind::WriteZero.into(),
                    ));
                }
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failure("Writing the draft", name, &error)),
            }
        }
    }
    Ok(())
}

/// Sets when the file was last changed.
pub(crate) fn set_modified(file: &File, name: &str, time: Instant) -> Result<(), ConnectorError> {
    let stamp = Timespec {
        tv_sec: time.seconds,
        tv_nsec: time.nanoseconds.into(),
    };
    rustix::fs::futimens(
        file,
        &Timestamps {
            last_access: stamp,
            last_modification: stamp,
        },
    )
    .map_err(|error| failure("Setting the time of the draft", name, &error.into()))
}
