//! Opening the index: what is not surely intact is moved aside, and an empty one takes its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread::sleep;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::guard::guard;
use super::seal::{Verdict, break_seal};
use super::{Counted, Index, keys};
use crate::dir::{StateDir, make_private, remove, sync_folder};
use crate::error::{At, StateError};

/// Version of all that is in the index. Another one is moved aside; so every change of what is written there, the vocabulary's types included, needs a new one.
const FORMAT: u32 = 1;
/// Memory for sled's cache, bytes.
const CACHE: u64 = 16 << 20;
/// How long a process before us may need to let go of the files.
const PATIENCE: Duration = Duration::from_secs(5);

/// An index that can be used.
pub(crate) struct OpenedIndex {
    pub index: Index,
    /// Why it is an empty one, and where the one before is; none where the one that was there is used.
    pub anew: Option<(String, Option<PathBuf>)>,
}

/// Opens the index of a state, or begins one. `stamp` names what is moved aside; `said` is for looking through one that wasn't closed.
pub(crate) fn open(
    dir: &StateDir,
    stamp: &str,
    said: impl Fn(&Index, &[u8], &[u8], &mut Counted) -> Result<(), StateError>,
) -> Result<OpenedIndex, StateError> {
    let path = dir.index();
    if !path.try_exists().at("looking for", &path)? {
        remove(&dir.index_mark())?;
        remove(&dir.index_seal())?;
        return Ok(OpenedIndex {
            index: begin(dir)?,
            anew: Some(("there was none".to_owned(), None)),
        });
    }
    let why = match existing(dir, said) {
        Ok(index) => return Ok(OpenedIndex { index, anew: None }),
        Err(StateError::IndexBroken { what }) => what,
        Err(other) => return Err(other),
    };
    let aside = set_aside(dir, stamp)?;
    Ok(OpenedIndex {
        index: begin(dir)?,
        anew: Some((why, Some(aside))),
    })
}

fn existing(
    dir: &StateDir,
    said: impl Fn(&Index, &[u8], &[u8], &mut Counted) -> Result<(), StateError>,
) -> Result<Index, StateError> {
    let broken = |what: &str| StateError::IndexBroken { what: what.to_owned() };
    let mark = dir.index_mark();
    if mark.try_exists().at("looking for", &mark)? {
        let what = fs::read(&mark).unwrap_or_default();
        return Err(broken(&String::from_utf8_lossy(what.get(..200).unwrap_or(&what))));
    }
    let verdict = break_seal(dir)?;
    if verdict == Verdict::Changed {
        return Err(broken("its files are not as they were left"));
    }
    let index = sled(dir)?;
    match index.get::<u32>(&keys::format())? {
        Some(FORMAT) => {}
        Some(_) => return Err(broken("another version of camroll wrote it")),
        None => return Err(broken("it doesn't say who wrote it")),
    }
    if verdict == Verdict::Unsealed {
        index.walk(|key, value, counted| said(&index, key, value, counted))?;
    }
    Ok(index)
}

fn begin(dir: &StateDir) -> Result<Index, StateError> {
    make_private(&dir.index())?;
    let index = sled(dir)?;
    let mut transaction = index.begin();
    transaction.put(keys::format(), &FORMAT)?;
    transaction.commit()?;
    index.flush()?;
    Ok(index)
}

/// Moves the index aside, and what goes with it.
pub(crate) fn set_aside(dir: &StateDir, stamp: &str) -> Result<PathBuf, StateError> {
    let path = dir.index();
    let mut aside = dir.path().join(format!("index.broken-{stamp}"));
    let mut again = 1;
    while aside.try_exists().at("looking for", &aside)? {
        again += 1;
        aside = dir.path().join(format!("index.broken-{stamp}-{again}"));
    }
    fs::rename(&path, &aside).at("moving aside", &path)?;
    remove(&dir.index_mark())?;
    remove(&dir.index_seal())?;
    sync_folder(dir.path())?;
    Ok(aside)
}

/// A full or forbidden disk is no damage of the index; whatever else sled meets is.
pub(super) fn refusal(error: sled::Error, path: &Path) -> StateError {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error {
        sled::Error::Io(source)
            if matches!(
                source.kind(),
                PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull
            ) =>
        {
            StateError::Io {
                doing: "using the index",
                path: path.to_owned(),
                source,
            }
        }
        other => StateError::IndexBroken {
            what: other.to_string(),
        },
    }
}

fn sled(dir: &StateDir) -> Result<Index, StateError> {
    let path = dir.index();
    let begun = Instant::now();
    let db = loop {
        // In a thread of its own: what sled leaves behind when it panics there is gone with it.
        let config = sled::Config::new()
            .path(&path)
            .cache_capacity(CACHE)
            .flush_every_ms(None);
        let opened = std::thread::Builder::new()
            .name("camroll-index".to_owned())
            .spawn(move || guard(|| config.open()))
            .at("starting a thread for", &path)?
            .join();
        match opened {
            Ok(Ok(Ok(db))) => break db,
            Ok(Ok(Err(sled::Error::Io(error)))) => {
                // sled says "could not acquire lock" with whatever kind the system gave.
                let locked = error.to_string().contains("lock") && begun.elapsed() < PATIENCE;
                if !locked {
                    return Err(refusal(sled::Error::Io(error), &path));
                }
                sleep(Duration::from_millis(10));
            }
            Ok(Ok(Err(error))) => return Err(refusal(error, &path)),
            Ok(Err(panic)) => return Err(StateError::IndexBroken { what: panic }),
            Err(_) => {
                return Err(StateError::IndexBroken {
                    what: "sled panicked".to_owned(),
                });
            }
        }
    };
    Ok(Index {
        db: Some(db),
        dir: dir.clone(),
        path,
        write: Mutex::new(()),
        unflushed: AtomicU64::new(0),
        distrusted: AtomicBool::new(false),
    })
}
