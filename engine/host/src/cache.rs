//! Keeps compiled connectors between runs. What is in there is machine code that will run in this process, so nothing is taken from it that this
//! installation didn't put there itself: the folder is its owner's alone, and each file stands under a MAC with a key that is kept elsewhere.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;
use zeroize::Zeroizing;

use crate::error::{HostError, LoadError};

const MAGIC: &[u8; 8] = b"camroll1";
const MAC_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
/// Largest compiled connector that is read back, bytes.
const ARTIFACT_LIMIT: u64 = 512 << 20;

/// Where compiled connectors are kept.
#[derive(Clone, Debug)]
pub struct CodeCacheDir {
    /// The folder; made with mode 0700.
    pub folder: PathBuf,
    /// The file of the key that its content is authenticated with; made with mode 0600. Not in the folder itself.
    pub key: PathBuf,
}

pub(crate) struct CodeCache {
    folder: PathBuf,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl CodeCache {
    /// Opens the folder, making it and its key if there are none.
    pub(crate) fn open(dir: &CodeCacheDir) -> Result<Self, HostError> {
        let failed = |path: &Path, reason: String| HostError::CodeCache {
            path: path.to_owned(),
            reason,
        };
        own_folder(&dir.folder).map_err(|error| failed(&dir.folder, error.to_string()))?;
        let key = own_key(&dir.key).map_err(|error| failed(&dir.key, error.to_string()))?;
        Ok(Self {
            folder: dir.folder.clone(),
            key,
        })
    }

    /// The component, compiled before or now.
    pub(crate) fn component(&self, engine: &Engine, digest: &[u8; 32], wasm: &[u8]) -> Result<Component, LoadError> {
        let name = artifact_name(engine, digest);
        let path = self.folder.join(&name);
        match self.read(&path, &name) {
            Ok(Some(artifact)) => match deserialize(engine, &artifact) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!(path = %path.display(), "a compiled connector doesn't fit this build and is made anew: {error:#}")
                }
            },
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), "a compiled connector was not used and is made anew: {error}")
            }
        }
        let component = compile(engine, wasm)?;
        match component.serialize() {
            Ok(artifact) => {
                if let Err(error) = self.write(&path, &name, &artifact) {
                    tracing::warn!(path = %path.display(), "a compiled connector could not be kept: {error}");
                }
            }
            Err(error) => tracing::warn!("a compiled connector could not be kept: {error:#}"),
        }
        Ok(component)
    }

    fn read(&self, path: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        if size > ARTIFACT_LIMIT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large"));
        }
        let mut head = [0; MAGIC.len() + MAC_BYTES];
        file.read_exact(&mut head)?;
        let (magic, mac) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it isn't one of camroll's"));
        }
        let mut artifact = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(ARTIFACT_LIMIT).read_to_end(&mut artifact)?;
        self.mac(name, &artifact).verify_slice(mac).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "its authentication code is wrong: somebody else changed it",
            )
        })?;
        Ok(Some(artifact))
    }

    fn write(&self, path: &Path, name: &str, artifact: &[u8]) -> io::Result<()> {
        let fresh = self.folder.join(format!("{name}.{}.new", std::process::id()));
        // One that a crashed process of the same id left.
        let _ = fs::remove_file(&fresh);
        let written = (|| {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(MAGIC)?;
            file.write_all(&self.mac(name, artifact).finalize().into_bytes())?;
            file.write_all(artifact)?;
            fs::rename(&fresh, path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        written
    }

    fn mac(&self, name: &str, artifact: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length.
        #[allow(clippy::expect_used, reason = "a key of 32 bytes is never refused")]
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(self.key.as_slice()).expect("HMAC takes a key of any length");
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(artifact);
        mac
    }
}

/// Compiles a component that was looked at before.
pub(crate) fn compile(engine: &Engine, wasm: &[u8]) -> Result<Component, LoadError> {
    Component::from_binary(engine, wasm).map_err(|error| LoadError::Invalid {
        reason: format!("{error:#}"),
    })
}

#[allow(unsafe_code, reason = "machine code is loaded; see SAFETY")]
fn deserialize(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Component::serialize` gave: their MAC was just checked, over this very buffer, with a key that only this user
    // can read. wasmtime itself checks that version and settings are the engine's.
    unsafe { Component::deserialize(engine, artifact) }
}

/// Names component, wasmtime's version, the engine's settings and the processor's features.
fn artifact_name(engine: &Engine, digest: &[u8; 32]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut name = Sha256::new();
    name.update(digest);
    name.update(settings.finish().to_le_bytes());
    hex::encode(&name.finalize()[..20])
}

fn own_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let facts = fs::symlink_metadata(folder)?;
    if !facts.is_dir() {
        return Err(io::Error::other("it isn't a folder"));
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    if facts.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn own_key(path: &Path) -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    match File::open(path) {
        Ok(mut file) => {
            let facts = file.metadata()?;
            if facts.mode() & 0o077 != 0 || facts.uid() != rustix::process::geteuid().as_raw() {
                return Err(io::Error::other(
                    "others can read it or own it: remove it, and a new one is made",
                ));
            }
            file.read_exact(key.as_mut_slice())?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            getrandom::fill(key.as_mut_slice()).map_err(|error| io::Error::other(error.to_string()))?;
            if let Some(parent) = path.parent() {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            // Whole under its name at once: another process never reads half a key. Who comes second takes the first one's.
            let fresh = path.with_extension(format!("{}.new", std::process::id()));
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(key.as_slice())?;
            file.sync_all()?;
            let linked = fs::hard_link(&fresh, path);
            fs::remove_file(&fresh)?;
            match linked {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return own_key(path),
                Err(error) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    }
    Ok(key)
}
