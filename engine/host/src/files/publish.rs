//! Gives drafts their names, many at a time: first the bytes are made durable, then the names are given, then the names are made durable. A crash
//! in between leaves a file whole under its name or whole as a draft.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use camroll_model::{ConnectorError, ErrorClass};
use parking_lot::Mutex;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::drafts::draft_name;
use super::failure::{conflict, failure};
use super::folder::{FileFacts, Folder, identity};
use super::path::{Reach, RelativePath};
use crate::failpoint::failpoint;

/// Threads that wait for the disk at a time.
const SYNCING: usize = 16;

/// A draft and the name that it shall have.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    pub(crate) draft: String,
    pub(crate) path: String,
    /// The version that it takes the place of.
    pub(crate) replaces: Option<String>,
}

struct Ready {
    path: RelativePath,
    stored: String,
    draft: OwnedFd,
}

/// Folders that got a new entry and aren't durable yet.
#[derive(Default)]
pub(super) struct Touched(BTreeMap<(u64, u64), OwnedFd>);

impl Touched {
    pub(super) fn add(&mut self, folder: &OwnedFd) -> std::io::Result<()> {
        let key = identity(&rustix::fs::fstat(folder)?);
        if let std::collections::btree_map::Entry::Vacant(slot) = self.0.entry(key) {
            slot.insert(folder.try_clone()?);
        }
        Ok(())
    }

    /// Makes all of them durable.
    pub(super) fn sync(self) -> Result<(), ConnectorError> {
        let folders: Vec<OwnedFd> = self.0.into_values().collect();
        sync_all(&folders)
            .into_iter()
            .find_map(Result::err)
            .map_or(Ok(()), |error| Err(failure("Making names durable", "", &error.into())))
    }
}

impl Folder {
    /// Publishes each, or says why not; the others go on.
    pub(crate) fn publish(&self, items: &[Publication]) -> Vec<Result<FileFacts, ConnectorError>> {
        if let Err(error) = self.check_there() {
            return vec![Err(error); items.len()];
        }
        let drafts = match self.drafts() {
            Ok(drafts) => drafts,
            Err(error) => return vec![Err(failure("Opening", ".camroll/drafts", &error)); items.len()],
        };
        let Some(drafts) = drafts else {
            return items.iter().map(|item| Err(no_draft(&item.draft))).collect();
        };
        let ready: Vec<Result<Ready, ConnectorError>> = items.iter().map(|item| ready(&drafts, item)).collect();
        failpoint("files/draft-before");
        let mut durable = sync_all(
            &ready
                .iter()
                .flatten()
                .map(|ready| ready.draft.as_fd())
                .collect::<Vec<_>>(),
        )
        .into_iter();
        failpoint("files/draft-after");
        failpoint("files/publish-before");
        let mut touched = Touched::default();
        let mut results = Vec::with_capacity(items.len());
        for (item, ready) in items.iter().zip(ready) {
            results.push(ready.and_then(|ready| {
                match durable.next() {
                    Some(Ok(())) => {}
                    Some(Err(error)) => return Err(failure("Making the bytes durable of", &item.path, &error.into())),
                    None => return Err(no_draft(&item.draft)),
                }
                self.name(&drafts, &ready, item.replaces.as_deref(), &mut touched)
            }));
        }
        if touched.add(&drafts).is_ok()
            && let Err(error) = touched.sync()
        {
            // The names are there, and may be gone after a power cut.
            for result in &mut results {
                if result.is_ok() {
                    *result = Err(error.clone());
                }
            }
        }
        failpoint("files/publish-after");
        results
    }

    fn name(
        &self,
        drafts: &OwnedFd,
        ready: &Ready,
        replaces: Option<&str>,
        touched: &mut Touched,
    ) -> Result<FileFacts, ConnectorError> {
        let path = &ready.path;
        let failed = |error: std::io::Error| failure("Publishing", path.as_str(), &error);
        let Some((parents, name)) = path.split_last() else {
            return Err(failed(Errno::ISDIR.into()));
        };
        let parent = self
            .make_parents(parents, |folder| touched.add(folder))
            .map_err(failed)?;
        touched.add(&parent).map_err(failed)?;
        match replaces {
            None => match rename_to_nothing(drafts, ready.stored.as_str(), &parent, name) {
                Ok(()) => {}
                Err(Errno::EXIST) => {
                    return Err(conflict(
                        "files/exists",
                        format!("Something is at {:?} already.", path.as_str()),
                    ));
                }
                Err(error) => return Err(failed(error.into())),
            },
            Some(expected) => {
                let found = match rustix::fs::statat(&parent, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(found) => found,
                    Err(Errno::NOENT) => {
                        return Err(conflict(
                            "files/changed",
                            format!("Nothing is at {:?}, where a file was to be replaced.", path.as_str()),
                        ));
                    }
                    Err(error) => return Err(failed(error.into())),
                };
                // Between this look and the rename another program could still change it; no file system has one call for both.
                self.expect(path, &found, Some(expected))?;
                rustix::fs::renameat(drafts, ready.stored.as_str(), &parent, name.as_c_str())
                    .map_err(|error| failed(error.into()))?;
            }
        }
        let facts = rustix::fs::fstat(&ready.draft).map_err(|error| failed(error.into()))?;
        Ok(self.facts(path.as_str().to_owned(), &facts))
    }
}

fn ready(drafts: &OwnedFd, item: &Publication) -> Result<Ready, ConnectorError> {
    // In `commit` the engine's own files and the library's come together: a draft's kind says which of the two its path must be.
    let reach = Reach::of(&item.path);
    let named = draft_name(&item.draft, reach)?;
    let path = RelativePath::write(&item.path, reach)?;
    let opened = rustix::fs::openat(
        drafts,
        named.as_str(),
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    );
    let draft = match opened {
        Ok(draft) => draft,
        Err(Errno::NOENT) => return Err(no_draft(&item.draft)),
        Err(error) => return Err(failure("Opening the draft", &item.draft, &error.into())),
    };
    let facts =
        rustix::fs::fstat(&draft).map_err(|error| failure("Looking at the draft", &item.draft, &error.into()))?;
    if FileType::from_raw_mode(facts.st_mode) != FileType::RegularFile {
        return Err(conflict(
            "files/not-a-file",
            format!("The draft {:?} is not a regular file.", item.draft),
        ));
    }
    Ok(Ready {
        path,
        stored: named,
        draft,
    })
}

/// Renames where nothing may be at the new name.
pub(super) fn rename_to_nothing(
    from_folder: &OwnedFd,
    from: impl rustix::path::Arg + Copy,
    to_folder: &OwnedFd,
    to: &std::ffi::CString,
) -> Result<(), Errno> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    match rustix::fs::renameat_with(from_folder, from, to_folder, to.as_c_str(), RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        done => return done,
    }
    // NFS, and file systems without that flag: a link fails if something is there.
    match rustix::fs::linkat(from_folder, from, to_folder, to.as_c_str(), AtFlags::empty()) {
        Ok(()) => return rustix::fs::unlinkat(from_folder, from, AtFlags::empty()),
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK) => {}
        Err(error) => return Err(error),
    }
    // Without links either (FAT over FUSE): a look and a rename, with an instant in between.
    match rustix::fs::statat(to_folder, to.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => rustix::fs::renameat(from_folder, from, to_folder, to.as_c_str()),
        Err(error) => Err(error),
    }
}

/// Makes files or folders durable, several at a time: a disk takes many waits in one go.
fn sync_all<F: AsFd + Sync>(files: &[F]) -> Vec<Result<(), Errno>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Ok(()); files.len()]);
    let work = || {
        while let Some((index, file)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            files.get(index).map(|file| (index, file))
        } {
            let synced = sync_one(file.as_fd());
            if let Some(slot) = results.lock().get_mut(index) {
                *slot = synced;
            }
        }
    };
    std::thread::scope(|scope| {
        // This thread works too.
        for _ in 1..files.len().min(SYNCING) {
            scope.spawn(work);
        }
        work();
    });
    results.into_inner()
}

fn sync_one(file: impl AsFd) -> Result<(), Errno> {
    // On macOS fsync only reaches the drive's cache.
    #[cfg(target_os = "macos")]
    if rustix::fs::fcntl_fullfsync(&file).is_ok() {
        return Ok(());
    }
    match rustix::fs::fsync(file) {
        // File systems that can't sync a folder have nothing to sync there.
        Err(Errno::INVAL) => Ok(()),
        synced => synced,
    }
}

fn no_draft(name: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Expired,
        "files/no-draft",
        format!("There is no draft {name:?}: it was published, discarded or lost."),
    )
}
