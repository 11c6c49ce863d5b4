//! One engine a state: a lock that the system gives back when the process ends, however it ends.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::dir::open_private;
use crate::error::{At, StateError};

/// Longest lock file that is read, bytes.
const LIMIT: u64 = 4096;

/// Who holds a state, as it said when it took it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its machine: a state may lie on a share.
    pub host: String,
    /// The name of its program. Never its arguments.
    pub command: String,
    /// When it took the state, in UTC.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return f.write_str("a process that didn't say who it is");
        }
        write!(
            f,
            "{:?}, process {} on {:?}, since {:?}",
            self.command, self.pid, self.host, self.since
        )
    }
}

/// The state is ours as long as this lives.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(path: &Path, now: camroll_model::Instant) -> Result<Self, StateError> {
        let mut file = open_private(path).at("opening the lock", path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(StateError::Held { by: read(&mut file) }),
            Err(error) => return Err(error).at("locking", path),
        }
        let us = Holder {
            pid: std::process::id(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            command: std::env::args_os()
                .next()
                .and_then(|program| Some(Path::new(&program).file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_default(),
            since: now
                .to_timestamp()
                .map(|time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
                .unwrap_or_default(),
        };
        let text = serde_json::to_vec(&us).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(&text))
            .at("writing", path)?;
        Ok(Self { _file: file })
    }
}

/// Who says to hold it. The holder may be just writing it, so nothing of it is needed.
fn read(file: &mut File) -> Holder {
    let mut text = Vec::new();
    match file.take(LIMIT).read_to_end(&mut text) {
        Ok(_) => serde_json::from_slice(&text).unwrap_or_default(),
        Err(_) => Holder::default(),
    }
}
