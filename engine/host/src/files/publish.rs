//! Drafts get their names: all of them durable first, then the names, then the folders that hold them.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use camroll_model::{ConnectorError, ErrorClass};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, fsync, openat, renameat, renameat_with, statat, unlinkat};
use rustix::io::Errno;

use crate::failpoint::failpoint;
use crate::files::draft::check_name;
use crate::files::folder::{FileFacts, Folder, Missing, Version, facts, failed};
use crate::files::path::RelativePath;

/// Threads that wait for fsync at a time. Measured for 1,400 files of 130 kB: one by one 0.8–1.1 s, in parallel 0.3–0.4 s.
const SYNC_THREADS: usize = 16;

/// A draft and the name that it gets.
pub(crate) struct Publication {
    pub draft: String,
    pub path: String,
    pub replaces: Option<Version>,
}

/// Publishes a batch. Blocks; each ends on its own.
pub(crate) fn publish(folder: &Folder, items: &[Publication]) -> Vec<Result<FileFacts, ConnectorError>> {
    if let Err(error) = folder.still_there() {
        return items.iter().map(|_| Err(error.clone())).collect();
    }
    let drafts = match folder.drafts() {
        Ok(drafts) => drafts,
        Err(error) => return items.iter().map(|_| Err(error.clone())).collect(),
    };
    failpoint("publish/before");
    let synced = sync_drafts(&drafts, items);
    let mut touched: BTreeMap<String, OwnedFd> = BTreeMap::new();
    let mut results: Vec<Result<FileFacts, ConnectorError>> = items
        .iter()
        .zip(synced)
        .map(|(item, synced)| synced.and_then(|()| name_it(folder, &drafts, item, &mut touched)))
        .collect();
    failpoint("publish/after");
    for (path, at) in &touched {
        if let Err(error) = fsync(at) {
            let error = failed(error, path);
            for (item, result) in items.iter().zip(&mut results) {
                if result.is_ok() && item.path.rsplit_once('/').map_or("", |(parent, _)| parent) == path {
                    *result = Err(error.clone());
                }
            }
        }
    }
    results
}

fn sync_drafts(drafts: &OwnedFd, items: &[Publication]) -> Vec<Result<(), ConnectorError>> {
    let sync = |item: &Publication| {
        check_name(&item.draft)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(drafts, item.draft.as_str(), flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT => no_draft(&item.draft),
            other => failed(other, &item.draft),
        })?;
        fsync(&file).map_err(|error| failed(error, &item.path))
    };
    if items.len() == 1 {
        return items.iter().map(sync).collect();
    }
    let share = items.len().div_ceil(SYNC_THREADS).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(sync).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .zip(items.chunks(share))
            .flat_map(|(thread, chunk)| {
                thread.join().unwrap_or_else(|_| {
                    let error = ConnectorError::new(
                        ErrorClass::Unexpected,
                        "host/panic",
                        "A thread that waited for the disk panicked.",
                    );
                    chunk.iter().map(|_| Err(error.clone())).collect()
                })
            })
            .collect()
    })
}

fn name_it(
    folder: &Folder,
    drafts: &OwnedFd,
    item: &Publication,
    touched: &mut BTreeMap<String, OwnedFd>,
) -> Result<FileFacts, ConnectorError> {
    let path = RelativePath::parse(&item.path)?;
    let (parent, name) = path.split();
    if !touched.contains_key(parent) {
        touched.insert(parent.to_owned(), folder.folder(parent, Missing::Make)?);
    }
    let Some(at) = touched.get(parent) else {
        return Err(no_draft(&item.draft));
    };
    match &item.replaces {
        None => match renameat_with(drafts, item.draft.as_str(), at, name, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                // No such rename on this file system: a second name can't take the place of anything either.
                rustix::fs::linkat(drafts, item.draft.as_str(), at, name, AtFlags::empty())
                    .map_err(|error| failed(error, &item.path))?;
                unlinkat(drafts, item.draft.as_str(), AtFlags::empty()).map_err(|error| failed(error, &item.path))?;
            }
            Err(error) => return Err(failed(error, &item.path)),
        },
        Some(expected) => {
            let there = statat(at, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| failed(error, &item.path))?;
            if facts(&item.path, &there).version != *expected {
                return Err(changed(&item.path));
            }
            renameat(drafts, item.draft.as_str(), at, name).map_err(|error| failed(error, &item.path))?;
        }
    }
    let stat = statat(at, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| failed(error, &item.path))?;
    Ok(facts(&item.path, &stat))
}

/// Takes drafts away that won't be published.
pub(crate) fn discard(folder: &Folder, names: &[String]) {
    let Ok(drafts) = folder.drafts() else { return };
    for name in names {
        if check_name(name).is_ok() {
            let _ = unlinkat(&drafts, name.as_str(), AtFlags::empty());
        }
    }
}

/// Another name for what is there; nothing is ever replaced by it.
pub(crate) fn rename(
    folder: &Folder,
    from: &RelativePath,
    to: &RelativePath,
    expected: Option<&Version>,
) -> Result<FileFacts, ConnectorError> {
    let (from_parent, from_name) = from.split();
    let (to_parent, to_name) = to.split();
    let (from_at, to_at) = (
        folder.folder(from_parent, Missing::Fail)?,
        folder.folder(to_parent, Missing::Make)?,
    );
    check(&from_at, from_name, from.as_str(), expected)?;
    renameat_with(&from_at, from_name, &to_at, to_name, RenameFlags::NOREPLACE)
        .map_err(|error| failed(error, to.as_str()))?;
    for at in [&from_at, &to_at] {
        fsync(at).map_err(|error| failed(error, to.as_str()))?;
    }
    let stat = statat(&to_at, to_name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| failed(error, to.as_str()))?;
    Ok(facts(to.as_str(), &stat))
}

/// Takes a file away.
pub(crate) fn remove(folder: &Folder, path: &RelativePath, expected: Option<&Version>) -> Result<(), ConnectorError> {
    let (parent, name) = path.split();
    let at = folder.folder(parent, Missing::Fail)?;
    check(&at, name, path.as_str(), expected)?;
    unlinkat(&at, name, AtFlags::empty()).map_err(|error| failed(error, path.as_str()))?;
    fsync(&at).map_err(|error| failed(error, path.as_str()))
}

fn check(at: &OwnedFd, name: &str, path: &str, expected: Option<&Version>) -> Result<(), ConnectorError> {
    let stat = statat(at, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| failed(error, path))?;
    match expected {
        Some(expected) if facts(path, &stat).version != *expected => Err(changed(path)),
        _ => Ok(()),
    }
}

pub(super) fn changed(path: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Conflict,
        "files/changed",
        format!("{path:?} is no longer the file that camroll put there; it stays as it is."),
    )
}

fn no_draft(name: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Expired,
        "files/no-draft",
        format!("There is no draft {name:?}."),
    )
}
