use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::StateError;

/// One engine a state: held as long as this lives, let go by the system when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(folder: &Path) -> Result<Self, StateError> {
        let path = folder.join("lock");
        let mut file = crate::sign_ins::private_file(&path, Create::Keep)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // A file system that knows no locks is no other engine.
            if error != Errno::WOULDBLOCK {
                return Err(StateError::Io {
                    path,
                    error: error.into(),
                });
            }
            let mut by = String::new();
            let _ = (&file).take(200).read_to_string(&mut by);
            let by = if by.is_empty() {
                "unknown".to_owned()
            } else {
                by.trim().to_owned()
            };
            return Err(StateError::Held {
                path: folder.to_owned(),
                by,
            });
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(StateError::io(&path))?;
        write!(file, "process {}", std::process::id()).map_err(StateError::io(&path))?;
        Ok(Self { _file: file })
    }
}

/// What happens to a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// It is opened as it is.
    Keep,
    /// It is emptied.
    Anew,
}
