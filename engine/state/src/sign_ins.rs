//! What connections remember of their sign-ins: AES-256-GCM, one file each, the key in a 0600 file beside them.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::StateError;
use crate::lock::Create;

/// The largest sign-in that is read: a session of 1 MiB, cookies and slots.
const LIMIT: u64 = 8 << 20;
const NONCE: usize = 12;

/// Seals and opens what may carry secrets.
#[derive(Clone)]
pub struct Cipher(Arc<Aes256Gcm>);

impl Cipher {
    /// From the key of the sign-ins.
    fn new(key: &[u8; 32]) -> Self {
        Self(Arc::new(Aes256Gcm::new(key.into())))
    }

    /// Nonce and ciphertext.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, StateError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| StateError::NoRandomness)?;
        let sealed = self
            .0
            .encrypt(Nonce::from_slice(&nonce), plain)
            .map_err(|_| StateError::TooLarge(plain.len()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed; none where it was sealed under another key or changed since.
    pub fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        self.0.decrypt(Nonce::from_slice(nonce), sealed).ok()
    }
}

/// The folder of sign-ins.
#[derive(Clone)]
pub struct SignIns {
    folder: PathBuf,
    cipher: Cipher,
    engine: String,
}

impl SignIns {
    /// What this state is told apart from all others by.
    pub(crate) fn engine(&self) -> &str {
        &self.engine
    }

    /// Opens `sign-ins` in a state folder, and makes its key where there is none.
    pub fn open(state: &Path) -> Result<Self, StateError> {
        private_folder(state)?;
        let folder = state.join("sign-ins");
        private_folder(&folder)?;
        let path = folder.join("key");
        let mut key = Zeroizing::new([0; 32]);
        let mut made = false;
        match File::open(&path) {
            Ok(mut file) => file.read_exact(key.as_mut()).map_err(StateError::io(&path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                getrandom::fill(key.as_mut()).map_err(|_| StateError::NoRandomness)?;
                made = true;
            }
            Err(error) => return Err(StateError::Io { path, error }),
        }
        if made {
            write_durably(&folder, "key", key.as_slice())?;
        }
        // Made of the key, so that it is another state's in no case and this one's as long as there is one. Nothing leads back to the key.
        let engine = Sha256::new()
            .chain_update(b"camroll engine\0")
            .chain_update(key.as_slice())
            .finalize();
        Ok(Self {
            folder,
            cipher: Cipher::new(&key),
            engine: hex::encode(&engine[..16]),
        })
    }

    /// What seals the rest of the state's secrets.
    pub fn cipher(&self) -> Cipher {
        self.cipher.clone()
    }

    /// A key for purposes beside the sign-ins, such as the MAC of compiled code: never the key itself.
    pub fn derived_key(&self, purpose: &str) -> Result<[u8; 32], StateError> {
        use hmac::Mac as _;
        let path = self.folder.join("key");
        let key = Zeroizing::new(fs::read(&path).map_err(StateError::io(&path))?);
        let mut mac = <hmac::Hmac<Sha256> as hmac::Mac>::new_from_slice(&key).map_err(|_| StateError::NoRandomness)?;
        mac.update(purpose.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    /// The sign-in of a connector for an identity, such as an account's name and its server.
    pub fn of(&self, connector: &str, identity: &str) -> SignIn {
        let mut hash = Sha256::new();
        for part in [connector, identity] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let name = format!("{connector}-{}", &hex::encode(hash.finalize())[..24]);
        SignIn {
            folder: self.folder.clone(),
            name,
            cipher: self.cipher.clone(),
        }
    }
}

/// One connection's sign-in.
#[derive(Clone)]
pub struct SignIn {
    folder: PathBuf,
    name: String,
    cipher: Cipher,
}

impl SignIn {
    /// What was kept; none where nothing is.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let path = self.folder.join(&self.name);
        let mut sealed = Vec::new();
        match File::open(&path) {
            Ok(file) => file
                .take(LIMIT + 1)
                .read_to_end(&mut sealed)
                .map_err(StateError::io(&path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::Io { path, error }),
        };
        if sealed.len() as u64 > LIMIT {
            return Err(StateError::SignInBroken {
                path,
                what: "it is too large",
            });
        }
        match self.cipher.open(&sealed) {
            Some(plain) => Ok(Some(Zeroizing::new(plain))),
            None => Err(StateError::SignInBroken {
                path,
                what: "it was changed, or written under another key",
            }),
        }
    }

    /// Keeps it; durable when it returns.
    pub fn write(&self, plain: &[u8]) -> Result<(), StateError> {
        write_durably(&self.folder, &self.name, &self.cipher.seal(plain)?)
    }

    /// Forgets it.
    pub fn remove(&self) -> Result<(), StateError> {
        let path = self.folder.join(&self.name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StateError::Io { path, error }),
        }
    }

    /// Waits until no other process checks or signs in on this connection, and keeps others waiting as long as the guard lives.
    pub fn lock(&self) -> Result<SignInGuard, StateError> {
        let path = self.folder.join(format!("{}.lock", self.name));
        let file = private_file(&path, Create::Keep)?;
        flock(&file, FlockOperation::LockExclusive).map_err(|error| StateError::Io {
            path,
            error: error.into(),
        })?;
        Ok(SignInGuard { _file: file })
    }
}

/// Held while a connection checks or signs in.
#[derive(Debug)]
pub struct SignInGuard {
    _file: File,
}

pub(crate) fn private_folder(path: &Path) -> Result<(), StateError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(StateError::io(path))
}

pub(crate) fn private_file(path: &Path, create: Create) -> Result<File, StateError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(create == Create::Anew)
        .mode(0o600)
        .open(path)
        .map_err(StateError::io(path))
}

/// Written beside, synced, then put in its place: a crash leaves the old one or the new one.
pub(crate) fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StateError> {
    let (beside, path) = (folder.join(format!(".{name}.new")), folder.join(name));
    let mut file = private_file(&beside, Create::Anew)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(StateError::io(&beside))?;
    fs::rename(&beside, &path).map_err(StateError::io(&path))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StateError::io(folder))
}
