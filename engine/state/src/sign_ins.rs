//! What a connection remembers of its sign-in, encrypted in a file of its own. Usable while another engine holds the state.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::dir::{StateDir, open_private, remove, replace, sync_folder};
use crate::error::{At, StateError};
use crate::key::{Key, KeySource};
use crate::notice::Notice;

const MAGIC: &[u8] = b"camroll-sign-in 1\n";
/// The most that a connection may remember, bytes.
const LIMIT: usize = 4 << 20;
/// What encryption adds: nonce and tag.
const ADDED: usize = 12 + 16;

/// Names a connection over runs and specs, such as its connector and the account's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignInKey(pub String);

/// The sign-ins of a state folder.
#[derive(Clone, Debug)]
pub struct SignIns {
    folder: PathBuf,
    key: Key,
    notice: Option<Notice>,
}

impl SignIns {
    /// Opens them, and makes the key where there is none. Takes no lock of the state.
    pub fn open(dir: &StateDir, source: KeySource) -> Result<Self, StateError> {
        let (key, notice) = Key::open(dir, source)?;
        Ok(Self {
            folder: dir.sign_ins(),
            key: key.derive("camroll sign-in"),
            notice,
        })
    }

    /// Says if a key was made now.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The sign-in of one connection, whether there is one or not.
    pub fn of(&self, connection: &SignInKey) -> SignIn {
        let name = hex::encode(&Sha256::digest(connection.0.as_bytes())[..16]);
        SignIn {
            path: self.folder.join(format!("{name}.sealed")),
            lock: self.folder.join(format!("{name}.lock")),
            context: name,
            key: self.key.clone(),
        }
    }
}

/// The sign-in of one connection.
#[derive(Clone)]
pub struct SignIn {
    path: PathBuf,
    lock: PathBuf,
    context: String,
    key: Key,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignIn").field(&self.path).finish()
    }
}

impl SignIn {
    /// What was kept; none where nothing was. What was altered or cut off is an error that says to sign in again.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at("opening", &self.path),
        };
        let limit = MAGIC.len() + LIMIT + ADDED;
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .at("reading", &self.path)?;
        if bytes.len() > limit {
            return Err(self.broken("it is too long"));
        }
        let sealed = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| self.broken("it doesn't begin as one"))?;
        match self.key.unseal(self.context.as_bytes(), sealed) {
            Some(plain) => Ok(Some(plain)),
            None => Err(self.broken("it was altered, cut off, or made with another key")),
        }
    }

    /// Keeps these bytes in the place of what was kept; durable when it returns. 4 MiB at most.
    pub fn write(&self, bytes: &[u8]) -> Result<(), StateError> {
        if bytes.len() > LIMIT {
            return Err(StateError::TooLarge {
                what: "what a connection remembers",
                size: bytes.len(),
                limit: LIMIT,
            });
        }
        let sealed = self.key.seal(self.context.as_bytes(), bytes)?;
        replace(&self.path, &[MAGIC, &sealed].concat())
    }

    /// Forgets it, durably.
    pub fn remove(&self) -> Result<(), StateError> {
        remove(&self.path)?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))
    }

    /// Waits until no other check or sign-in of this connection is under way, in any process, and keeps others away as long as the lock lives.
    pub fn lock(&self) -> Result<SignInLock, StateError> {
        let file = open_private(&self.lock).at("opening", &self.lock)?;
        loop {
            match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(SignInLock { _file: file }),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).at("locking", &self.lock),
            }
        }
    }

    /// The same, without waiting: none where one is under way.
    pub fn try_lock(&self) -> Result<Option<SignInLock>, StateError> {
        let file = open_private(&self.lock).at("opening", &self.lock)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(SignInLock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error).at("locking", &self.lock),
        }
    }

    fn broken(&self, what: &'static str) -> StateError {
        StateError::SignInBroken {
            path: self.path.clone(),
            what,
        }
    }
}

/// Keeps other checks and sign-ins of a connection away as long as it lives.
#[derive(Debug)]
pub struct SignInLock {
    _file: File,
}
