//! The key of the state folder: what may carry a secret is encrypted with keys derived from it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use rustix::fs::FlockOperation;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::dir::{StateDir, make_private, open_private, replace};
use crate::error::{At, StateError};
use crate::notice::Notice;

const NONCE: usize = 12;
/// 32 bytes in hexadecimal and a line's end.
const FILE: usize = 65;

/// Where the key of a state folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file of the state folder, mode 0600; made where there is none. An OS keyring is not used.
    File,
}

/// A key of 256 bits that can't be printed.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; 32]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Reads the key, or makes one; the notice says if it was made.
    pub(crate) fn open(dir: &StateDir, source: KeySource) -> Result<(Self, Option<Notice>), StateError> {
        let KeySource::File = source;
        let folder = dir.sign_ins();
        make_private(&folder)?;
        let path = folder.join("key");
        let guard_path = folder.join("key.lock");
        // Two processes that both find no key must not make two.
        let guard = open_private(&guard_path).at("opening", &guard_path)?;
        rustix::fs::flock(&guard, FlockOperation::LockExclusive).at("locking", &guard_path)?;
        match File::open(&path) {
            Ok(mut file) => {
                let mode = file.metadata().at("looking at", &path)?.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(StateError::KeyExposed { path, mode });
                }
                let mut text = Zeroizing::new(Vec::with_capacity(FILE + 1));
                (&mut file)
                    .take(FILE as u64 + 1)
                    .read_to_end(&mut text)
                    .at("reading", &path)?;
                let mut key = Zeroizing::new([0; 32]);
                match hex::decode_to_slice(text.trim_ascii_end(), key.as_mut_slice()) {
                    Ok(()) => Ok((Self(key), None)),
                    Err(_) => Err(StateError::KeyBroken { path }),
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = Zeroizing::new([0; 32]);
                fill(key.as_mut_slice())?;
                let text = Zeroizing::new(format!("{}\n", Zeroizing::new(hex::encode(key.as_slice())).as_str()));
                replace(&path, text.as_bytes())?;
                Ok((Self(key), Some(Notice::KeyMade { path })))
            }
            Err(error) => Err(error).at("opening", &path),
        }
    }

    /// Another key for one purpose, so that what was encrypted for one can't pass for another.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // HMAC takes a key of any length, so this can't fail; were it to, a random key only makes things unreadable.
        match <Hmac<Sha256> as Mac>::new_from_slice(self.0.as_slice()) {
            Ok(mut mac) => {
                mac.update(purpose.as_bytes());
                key.copy_from_slice(&mac.finalize().into_bytes());
            }
            Err(_) => {
                let _ = fill(key.as_mut_slice());
            }
        }
        Self(key)
    }

    /// Encrypts. `context` must be the same when it is decrypted.
    pub(crate) fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StateError> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let cipher = Aes256Gcm::new(self.0.as_slice().into());
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        let sealed = cipher
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| StateError::TooLarge {
                what: "what shall be encrypted",
                size: plain.len(),
                limit: 1 << 36,
            })?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts; none where it was altered, cut off, or encrypted with another key or for another context.
    pub(crate) fn unseal(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let cipher = Aes256Gcm::new(self.0.as_slice().into());
        let payload = Payload {
            msg: sealed,
            aad: context,
        };
        cipher
            .decrypt(Nonce::from_slice(nonce), payload)
            .ok()
            .map(Zeroizing::new)
    }
}

/// Random bytes of the system.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), StateError> {
    getrandom::fill(bytes).map_err(|error| StateError::Random(error.to_string()))
}
