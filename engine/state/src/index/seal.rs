//! What the index's files were when they were closed. sled reads damaged files with trust; so they are compared before it sees them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::dir::{StateDir, create_private, remove};
use crate::error::{At, StateError};

/// How long sled may need to let go of its files.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest seal that is read, bytes.
const LIMIT: u64 = 1 << 20;

#[derive(Serialize, Deserialize, PartialEq)]
struct Seal {
    files: Vec<Sealed>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Sealed {
    name: String,
    bytes: u64,
    crc32c: u32,
}

/// What a seal says of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are as they were.
    Intact,
    /// They are not.
    Changed,
    /// It wasn't closed; nothing is known.
    Unsealed,
}

/// Writes the seal of a closed index.
pub(super) fn seal(dir: &StateDir) -> Result<(), StateError> {
    let index = dir.index();
    // sled's own threads may still hold it. While we have its lock, nobody writes.
    let db = index.join("db");
    let held = File::open(&db).at("opening", &db)?;
    let begun = Instant::now();
    while let Err(error) = rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive) {
        if begun.elapsed() > PATIENCE {
            return Err(error).at("locking", &db);
        }
        sleep(Duration::from_millis(1));
    }
    let seal = Seal { files: files(&index)? };
    let text = serde_json::to_vec(&seal).map_err(|error| StateError::Encode {
        what: "a seal",
        why: error.to_string(),
    })?;
    let path = dir.index_seal();
    let temporary = path.with_extension("seal.new");
    // Not synced: a seal that a power cut tears says nothing, and then all is looked through.
    create_private(&temporary)
        .and_then(|mut file| io::Write::write_all(&mut file, &text))
        .at("writing", &temporary)?;
    fs::rename(&temporary, &path).at("naming", &path)
}

/// Compares the files with the seal, and takes it away: from now on they change.
pub(super) fn break_seal(dir: &StateDir) -> Result<Verdict, StateError> {
    let path = dir.index_seal();
    let mut text = Vec::new();
    match File::open(&path).and_then(|file| file.take(LIMIT).read_to_end(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Verdict::Unsealed),
        Err(error) => return Err(error).at("reading", &path),
    }
    let verdict = match serde_json::from_slice::<Seal>(&text) {
        Ok(seal) if seal.files == files(&dir.index())? => Verdict::Intact,
        Ok(_) => Verdict::Changed,
        Err(_) => Verdict::Unsealed,
    };
    remove(&path)?;
    Ok(verdict)
}

fn files(folder: &Path) -> Result<Vec<Sealed>, StateError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(one) = folders.pop() {
        for entry in fs::read_dir(&one).at("listing", &one)? {
            let entry = entry.at("listing", &one)?;
            let path = entry.path();
            if entry.file_type().at("looking at", &path)?.is_dir() {
                folders.push(path);
                continue;
            }
            let (bytes, crc32c) = checksum(&path).at("reading", &path)?;
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            found.push(Sealed { name, bytes, crc32c });
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn checksum(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    let (mut bytes, mut sum) = (0, 0);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(block) = buffer.get(..read).filter(|block| !block.is_empty()) else {
            return Ok((bytes, sum));
        };
        bytes += read as u64;
        sum = crc32c::crc32c_append(sum, block);
    }
}
