//! Folders are made once: the instance remembers which are there.

use camroll_connector::types::Error;

use crate::address::parent;
use crate::wire::Session;

/// What a server's 409 is taken for: that what is above isn't there (RFC 4918, 9.3.1), though some say it of a folder that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The next try, when what is above was made, shows it: that saves a look for each new folder.
    Believed,
    LookedAt,
}

impl Session {
    /// Makes a folder below the destination's, and what is above it.
    pub fn ensure(&self, folder: &str) -> Result<(), Error> {
        if self.folders.borrow().contains(folder) {
            return Ok(());
        }
        if folder.is_empty() {
            self.ensure_root()?;
        } else if !self.make(&self.destination.place.folder(folder), Missing::Believed)? {
            self.ensure(parent(folder).unwrap_or_default())?;
            self.made(folder)?;
        }
        self.folders.borrow_mut().insert(folder.to_owned());
        Ok(())
    }

    /// Forgets that a folder is there: somebody took it away.
    pub fn forget_folders(&self) {
        self.folders.borrow_mut().clear();
    }

    fn made(&self, folder: &str) -> Result<(), Error> {
        let url = self.destination.place.folder(folder);
        match self.make(&url, Missing::LookedAt)? {
            true => Ok(()),
            // What is above it was just made.
            false => Err(self.failed(&self.ask(self.request("MKCOL", &url))?, "MKCOL")),
        }
    }

    fn ensure_root(&self) -> Result<(), Error> {
        for url in self.destination.place.above() {
            if !self.make(&url, Missing::LookedAt)? {
                return Err(self.failed(&self.ask(self.request("MKCOL", &url))?, "MKCOL"));
            }
        }
        Ok(())
    }

    /// Makes one folder; false where what is above it isn't there. Servers answer in many ways where it is there already (405, 409, 403, 301): then it is looked.
    fn make(&self, url: &str, missing: Missing) -> Result<bool, Error> {
        let answer = self.ask(self.request("MKCOL", url))?;
        match answer.status {
            200..=299 | 405 => Ok(true),
            409 if missing == Missing::Believed => Ok(false),
            401 | 429 | 500..=599 => Err(self.failed(&answer, "MKCOL")),
            status => match self.look(url)? {
                Some(there) if there.folder => Ok(true),
                _ if matches!(status, 404 | 409) => Ok(false),
                _ => Err(self.failed(&answer, "MKCOL")),
            },
        }
    }
}
