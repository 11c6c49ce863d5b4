//! A segment's file: a header that vouches for the segment before, then records.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::StateError;

pub(super) const MAGIC: &[u8; 16] = b"camroll journal1";
/// Magic and the digest of the segment before.
pub(super) const HEADER: u64 = 16 + 32;
/// A segment is sealed when it has grown over this.
pub(super) const SEGMENT: u64 = 16 << 20;

pub(super) fn path_of(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("{segment:08}.log"))
}

pub(super) fn create(folder: &Path, segment: u32, previous: &[u8; 32]) -> Result<File, StateError> {
    let path = path_of(folder, segment);
    let mut file = crate::sign_ins::private_file(&path, crate::lock::Create::Anew)?;
    file.write_all(MAGIC)
        .and_then(|()| file.write_all(previous))
        .and_then(|()| file.sync_all())
        .map_err(StateError::io(&path))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StateError::io(folder))?;
    OpenOptions::new()
        .append(true)
        .open(&path)
        .map_err(StateError::io(&path))
}

pub(super) fn digest_of(path: &Path) -> Result<[u8; 32], StateError> {
    let mut file = File::open(path).map_err(StateError::io(path))?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(StateError::io(path))?;
    Ok(hash.finalize().into())
}

/// What a segment's header says of the one before it.
pub(super) fn digest_before(folder: &Path, segment: u32) -> Result<[u8; 32], StateError> {
    match segment {
        0 | 1 => Ok([0; 32]),
        _ => digest_of(&path_of(folder, segment - 1)),
    }
}
