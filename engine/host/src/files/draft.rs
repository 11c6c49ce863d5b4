use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass, Instant};
use rustix::fs::{Mode, OFlags, Timespec, Timestamps, futimens, openat};

use crate::failpoint::failpoint;
use crate::fault;
use crate::files::folder::{Folder, failed};
use crate::files::path::OWN;

/// A file without a name yet.
pub struct Draft {
    folder: Folder,
    name: String,
    file: Arc<File>,
}

/// A draft's name: an idempotency key, which is no path.
pub(crate) fn check_name(name: &str) -> Result<(), ConnectorError> {
    let fine = (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.');
    if fine {
        return Ok(());
    }
    Err(ConnectorError::new(
        ErrorClass::PermissionDenied,
        "files/bad-draft",
        format!("{name:?} isn't a draft's name."),
    ))
}

/// Where a person finds a draft: its name alone says nothing.
fn path_of(name: &str) -> String {
    format!("{OWN}/drafts/{name}")
}

impl Draft {
    /// Begins anew, whatever an earlier run left under that name.
    pub(crate) fn create(folder: &Folder, name: &str) -> Result<Self, ConnectorError> {
        check_name(name)?;
        folder.still_there()?;
        if !folder.open_drafts().lock().insert(name.to_owned()) {
            return Err(ConnectorError::new(
                ErrorClass::Conflict,
                "files/draft-open",
                format!("The draft {name:?} is open already."),
            ));
        }
        let made = || -> Result<OwnedFd, ConnectorError> {
            fault::create().map_err(|error| failed(error, &path_of(name)))?;
            folder.at_work().say(folder)?;
            let drafts = folder.drafts()?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            openat(&drafts, name, flags, Mode::from_raw_mode(0o666)).map_err(|error| failed(error, &path_of(name)))
        };
        failpoint("draft/before");
        match made() {
            Ok(file) => Ok(Self {
                folder: folder.clone(),
                name: name.to_owned(),
                file: Arc::new(File::from(file)),
            }),
            Err(error) => {
                folder.open_drafts().lock().remove(name);
                Err(error)
            }
        }
    }

    /// What writes into it, apart from the draft itself.
    pub(crate) fn writer(&self) -> Writer {
        Writer {
            file: Arc::clone(&self.file),
            name: self.name.clone(),
        }
    }

    /// Sets the file's modification time.
    pub(crate) fn set_modified(&self, time: Instant) -> Result<(), ConnectorError> {
        let to = Timespec {
            tv_sec: time.seconds,
            tv_nsec: i64::from(time.nanoseconds.min(999_999_999)),
        };
        // A file system that can't hold the date keeps its own: the bytes matter more.
        if let Err(error) = futimens(
            &self.file,
            &Timestamps {
                last_access: to,
                last_modification: to,
            },
        ) {
            tracing::debug!(name = self.name, %error, "the date could not be set");
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        failpoint("draft/after");
        self.folder.open_drafts().lock().remove(&self.name);
    }
}

/// Writes into a draft.
pub(crate) struct Writer {
    file: Arc<File>,
    name: String,
}

impl Writer {
    /// Writes at the end. Leaves the async threads for it.
    pub(crate) async fn write(&self, bytes: Bytes) -> Result<(), ConnectorError> {
        let (file, name) = (Arc::clone(&self.file), self.name.clone());
        tokio::task::spawn_blocking(move || fault::write(bytes.len()).and_then(|()| (&*file).write_all(&bytes)))
            .await
            .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "host/panic", panic.to_string()))?
            .map_err(|error| match rustix::io::Errno::from_io_error(&error) {
                Some(errno) => failed(errno, &path_of(&name)),
                None => ConnectorError::new(ErrorClass::Transient, "files/io", error.to_string()),
            })
    }
}
