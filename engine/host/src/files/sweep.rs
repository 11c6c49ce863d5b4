//! Drafts that nobody will publish: a run that was killed while it fetched leaves one, and where its photo changed since, no later run asks for it by that name again.

use std::collections::HashSet;
use std::os::fd::OwnedFd;

use camroll_model::ConnectorError;
use parking_lot::Mutex;
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, flock, statat, unlinkat};

use crate::files::draft::check_name;
use crate::files::folder::{Folder, Missing, failed};
use crate::files::path::OWN;

/// The lock on the folder of drafts: shared by all who make drafts in it, in whatever process and for whatever state, so that nobody sweeps away what another is writing.
#[derive(Default)]
pub(super) struct AtWork(Mutex<Option<OwnedFd>>);

impl AtWork {
    /// Says that drafts are made here. A file system without locks has nobody to tell.
    pub(super) fn say(&self, folder: &Folder) -> Result<(), ConnectorError> {
        let mut held = self.0.lock();
        if held.is_none() {
            let drafts = folder.drafts()?;
            // Waits only for a sweep, which is short.
            let _ = flock(&drafts, FlockOperation::LockShared);
            *held = Some(drafts);
        }
        Ok(())
    }

    /// Does something while nobody else makes drafts here; nothing where somebody does, or where that can't be known.
    fn alone<T>(&self, drafts: OwnedFd, work: impl FnOnce(&OwnedFd) -> T) -> Option<T> {
        let mut held = self.0.lock();
        let drafts = held.take().unwrap_or(drafts);
        let done = flock(&drafts, FlockOperation::NonBlockingLockExclusive)
            .is_ok()
            .then(|| work(&drafts));
        let _ = flock(&drafts, FlockOperation::LockShared);
        *held = Some(drafts);
        done
    }
}

/// Takes away all drafts but those of these names and those that are open. How many.
pub(crate) fn sweep(folder: &Folder, kept: &HashSet<String>) -> Result<u64, ConnectorError> {
    folder.still_there()?;
    let drafts = match folder.folder(&format!("{OWN}/drafts"), Missing::Fail) {
        Ok(drafts) => drafts,
        Err(error) if error.class == camroll_model::ErrorClass::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let swept = folder.at_work().alone(drafts, |drafts| -> Result<u64, ConnectorError> {
        let open = folder.open_drafts().lock().clone();
        let mut swept = 0;
        for entry in Dir::read_from(drafts).map_err(|error| failed(error, "drafts"))? {
            let entry = entry.map_err(|error| failed(error, "drafts"))?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if check_name(name).is_err() || kept.contains(name) || open.contains(name) {
                continue;
            }
            let file = statat(drafts, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
            // What can't be taken away (a folder that is read-only) is only in the way of a run that writes, and that one says so.
            if file && unlinkat(drafts, name, AtFlags::empty()).is_ok() {
                swept += 1;
            }
        }
        Ok(swept)
    });
    match swept {
        Some(swept) => swept,
        None => {
            tracing::debug!("another run makes drafts in this folder: nothing is swept");
            Ok(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Draft;

    fn names(folder: &std::path::Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder.join(".camroll/drafts"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_nobody_wants_goes() {
        let there = tempfile::tempdir().unwrap();
        let folder = Folder::open(there.path()).unwrap();
        assert_eq!(sweep(&folder, &HashSet::new()).unwrap(), 0);
        assert!(!there.path().join(".camroll").exists(), "a sweep makes nothing");
        for name in ["orphan", "intended", "open"] {
            drop(Draft::create(&folder, name).unwrap());
        }
        let open = Draft::create(&folder, "open").unwrap();
        std::fs::create_dir(there.path().join(".camroll/drafts/a-folder")).unwrap();
        assert_eq!(sweep(&folder, &HashSet::from(["intended".to_owned()])).unwrap(), 1);
        assert_eq!(names(there.path()), ["a-folder", "intended", "open"]);
        drop(open);
    }

    #[test]
    fn what_another_run_is_writing_stays() {
        let there = tempfile::tempdir().unwrap();
        let (folder, other) = (Folder::open(there.path()).unwrap(), Folder::open(there.path()).unwrap());
        // Staged and not yet published: no longer open, and no intent of this state's.
        drop(Draft::create(&other, "theirs").unwrap());
        assert_eq!(sweep(&folder, &HashSet::new()).unwrap(), 0);
        assert_eq!(names(there.path()), ["theirs"]);
        // The other one ended.
        drop(other);
        assert_eq!(sweep(&folder, &HashSet::new()).unwrap(), 1);
    }
}
