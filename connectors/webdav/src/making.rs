//! Makes folders: with as few answers waited for as it takes.

use std::collections::HashMap;

use camroll_connector::http::{Answer, Builder};
use camroll_connector::types::{Error, ErrorClass};

use crate::folders::Known;
use crate::wire::Session;

/// What a server's 409 is taken for: that what is above isn't there (RFC 4918, 9.3.1), though some say it of a folder that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The next try, when what is above was made, shows it: that saves a look for each new folder.
    Believed,
    LookedAt,
}

/// What came of some folders, and the answers to what was asked beside them.
pub struct Made {
    /// In the folders' order.
    pub folders: Vec<Result<(), Error>>,
    /// In the requests' order.
    pub beside: Vec<Result<Answer, Error>>,
}

impl Session {
    /// Makes a folder below the destination's, and what is above it.
    pub fn ensure(&self, folder: &str) -> Result<(), Error> {
        self.ensure_all(&[folder], Vec::new()).folders.pop().unwrap_or(Ok(()))
    }

    /// Makes some, and sends other requests that don't need them with the first of these.
    pub fn ensure_all(&self, folders: &[&str], beside: Vec<Builder<'_>>) -> Made {
        let chains: Vec<Vec<String>> = folders
            .iter()
            .map(|folder| self.destination.place.chain(folder))
            .collect();
        let mut failed = HashMap::new();

        let first = self.folders.borrow().first(&chains);
        let requests = first.iter().map(|url| self.request("MKCOL", url)).chain(beside);
        let mut answers = self.ask_all(requests.collect());
        let beside = answers.split_off(first.len());
        self.take(&first, answers, &mut failed);

        // What is above some of them isn't there: all of it at once. A server that takes them up in another order says 409 to what came too early.
        let open: Vec<Vec<String>> = chains
            .iter()
            .filter(|chain| failure_of(chain, &failed).is_none())
            .cloned()
            .collect();
        let second = self.folders.borrow().unknown(&open);
        let requests = second.iter().map(|url| self.request("MKCOL", url)).collect();
        self.take(&second, self.ask_all(requests), &mut failed);

        let folders = chains.iter().map(|chain| self.finish(chain, &failed)).collect();
        Made { folders, beside }
    }

    /// Forgets that a folder is there: somebody took it away.
    pub fn forget_folders(&self) {
        let base = self.destination.place.base();
        let mut folders = self.folders.borrow_mut();
        folders.clear();
        folders.insert(base, Known::There);
    }

    /// What two rounds left open, one after the other.
    fn finish(&self, chain: &[String], failed: &HashMap<String, Error>) -> Result<(), Error> {
        let Some(folder) = chain.last() else { return Ok(()) };
        if self.folders.borrow().holds(folder) {
            return Ok(());
        }
        if let Some(failed) = failure_of(chain, failed) {
            return Err(failed.clone());
        }
        for url in chain {
            if self.folders.borrow().holds(url) {
                continue;
            }
            let answer = self.ask(self.request("MKCOL", url))?;
            match self.known(url, &answer, Missing::LookedAt)? {
                Some(known) => self.folders.borrow_mut().insert(url.clone(), known),
                None => return Err(self.failed(&answer, "MKCOL")),
            }
        }
        Ok(())
    }

    fn take(&self, urls: &[String], answers: Vec<Result<Answer, Error>>, failed: &mut HashMap<String, Error>) {
        for (url, answer) in urls.iter().zip(answers) {
            let known = match answer {
                // A kept connection may close in the moment that it is used: asked again with the next round.
                Err(broken) if broken.class == ErrorClass::Transient => continue,
                answer => answer.and_then(|answer| self.known(url, &answer, Missing::Believed)),
            };
            match known {
                Ok(Some(known)) => self.folders.borrow_mut().insert(url.clone(), known),
                Ok(None) => {}
                Err(error) => drop(failed.insert(url.clone(), error)),
            }
        }
    }

    /// What an answer to MKCOL says; none where what is above it isn't there. Servers answer in many ways where it is there already (405, 409, 403, 301): then it is looked.
    fn known(&self, url: &str, answer: &Answer, missing: Missing) -> Result<Option<Known>, Error> {
        match answer.status {
            200..=299 => Ok(Some(Known::New)),
            405 => Ok(Some(Known::There)),
            409 if missing == Missing::Believed => Ok(None),
            401 | 429 | 500..=599 => Err(self.failed(answer, "MKCOL")),
            status => match self.look(url)? {
                Some(there) if there.folder => Ok(Some(Known::There)),
                _ if matches!(status, 404 | 409) => Ok(None),
                _ => Err(self.failed(answer, "MKCOL")),
            },
        }
    }
}

/// Why one of these can't be had.
fn failure_of<'f>(chain: &[String], failed: &'f HashMap<String, Error>) -> Option<&'f Error> {
    chain.iter().find_map(|url| failed.get(url))
}
