//! Bytes of files that can't stay in memory: in a nameless file, encrypted with a key that only this process has, all of them together within a bound.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use parking_lot::Mutex;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Where bytes wait for destinations that aren't ready for them.
pub struct Spool {
    folder: PathBuf,
    bound: u64,
    used: Arc<AtomicU64>,
}

impl Spool {
    /// In a folder (made when it is first needed), `bound` bytes at most.
    pub fn new(folder: PathBuf, bound: u64) -> Arc<Self> {
        Arc::new(Self {
            folder,
            bound,
            used: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Bytes that lie in it now.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether there is room for more files to wait.
    pub fn has_room(&self) -> bool {
        self.used() < self.bound / 4 * 3
    }

    /// Whether a file of so many bytes could ever lie in it.
    pub fn holds(&self, bytes: u64) -> bool {
        bytes <= self.bound
    }

    pub(crate) fn reserve(&self, bytes: usize) -> Option<Share> {
        let bytes = bytes as u64;
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= self.bound)
            })
            .ok()?;
        Some(Share {
            used: Arc::clone(&self.used),
            bytes,
        })
    }

    pub(crate) async fn file(&self) -> Result<SpoolFile, ConnectorError> {
        let folder = self.folder.clone();
        let file = blocking(move || {
            std::fs::create_dir_all(&folder)?;
            tempfile::tempfile_in(&folder)
        })
        .await?;
        let mut key = Zeroizing::new([0u8; 32]);
        getrandom::fill(key.as_mut_slice())
            .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "host/random", error.to_string()))?;
        let cipher = UnboundKey::new(&AES_256_GCM, key.as_slice())
            .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "host/spool", error.to_string()))?;
        Ok(SpoolFile {
            file: Arc::new(file),
            cipher: Arc::new(LessSafeKey::new(cipher)),
            places: Arc::new(Mutex::new(Places::default())),
        })
    }
}

/// A part of the bound, given back when dropped.
pub(crate) struct Share {
    used: Arc<AtomicU64>,
    bytes: u64,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// One flow's part of the spool. It has no name, so that nothing is left of it however the process ends.
pub(crate) struct SpoolFile {
    file: Arc<File>,
    cipher: Arc<LessSafeKey>,
    places: Arc<Mutex<Places>>,
}

/// Which parts of the file are free. All blocks but the last of a flow are equally long, so a part fits the next.
#[derive(Default)]
struct Places {
    free: Vec<(u64, usize)>,
    end: u64,
    /// Never twice under a key: it is the nonce.
    next: u64,
    used: std::collections::HashMap<u64, (u64, usize)>,
}

/// A block in the file; its part is free again when this is dropped.
pub(crate) struct Slot {
    number: u64,
    places: Arc<Mutex<Places>>,
    _share: Share,
}

impl Slot {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut places = self.places.lock();
        if let Some(place) = places.used.remove(&self.number) {
            places.free.push(place);
        }
    }
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

impl SpoolFile {
    pub(crate) async fn write(&self, bytes: Bytes, share: Share) -> Result<Slot, ConnectorError> {
        let (file, cipher, places) = (
            Arc::clone(&self.file),
            Arc::clone(&self.cipher),
            Arc::clone(&self.places),
        );
        blocking(move || {
            let number = {
                let mut places = places.lock();
                places.next += 1;
                places.next
            };
            let mut sealed = Vec::with_capacity(bytes.len() + AES_256_GCM.tag_len());
            sealed.extend_from_slice(&bytes);
            cipher
                .seal_in_place_append_tag(nonce(number), Aad::empty(), &mut sealed)
                .map_err(|_| std::io::Error::other("a block of the spool can't be encrypted"))?;
            let offset = {
                let mut places = places.lock();
                let fitting = places.free.iter().position(|(_, length)| *length >= sealed.len());
                let offset = match fitting {
                    Some(index) => places.free.swap_remove(index).0,
                    None => {
                        let offset = places.end;
                        places.end += sealed.len() as u64;
                        offset
                    }
                };
                places.used.insert(number, (offset, sealed.len()));
                offset
            };
            let slot = Slot {
                number,
                places: Arc::clone(&places),
                _share: share,
            };
            file.write_all_at(&sealed, offset)?;
            Ok(slot)
        })
        .await
    }

    pub(crate) async fn read(&self, number: u64) -> Result<Bytes, ConnectorError> {
        let (file, cipher, places) = (
            Arc::clone(&self.file),
            Arc::clone(&self.cipher),
            Arc::clone(&self.places),
        );
        blocking(move || {
            let place = places.lock().used.get(&number).copied();
            let (offset, length) = place.ok_or_else(|| std::io::Error::other("a block of the spool is gone"))?;
            let mut sealed = vec![0; length];
            file.read_exact_at(&mut sealed, offset)?;
            let length = cipher
                .open_in_place(nonce(number), Aad::empty(), &mut sealed)
                .map_err(|_| std::io::Error::other("a block of the spool isn't what was written"))?
                .len();
            sealed.truncate(length);
            Ok(Bytes::from(sealed))
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ConnectorError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "host/panic", panic.to_string()))?
        .map_err(|error| {
            ConnectorError::new(
                ErrorClass::Quota,
                "host/spool",
                format!("The spool can't be used: {error}. `--state` names the folder that it lies in."),
            )
        })
}
