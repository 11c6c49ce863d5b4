//! Names for what has none yet, and other names. RNTO replaces whatever has the name, on every server that was looked at, and FTP has no word for "only if nothing is there":
//! so it is looked before, by two commands, and again afterwards. Who else writes the same name between the two is overwritten.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Error, ErrorClass};
use serde::{Deserialize, Serialize};

use crate::failures::{conflict, not_found, of_reply};
use crate::folders;
use crate::look::{is_there, look};
use crate::seen::Seen;
use crate::session::Session;
use camroll_connector::paths::{below, draft, parent};
use camroll_connector::replacing::Files;

/// What `stage` leaves for `commit`.
pub type Held = camroll_connector::replacing::Held<Expected>;

/// What is expected to be there.
#[derive(Clone, Serialize, Deserialize)]
pub struct Expected {
    pub version: Option<String>,
    pub size: Option<u64>,
    pub modified: Option<i64>,
}

impl Expected {
    /// By its version; without one by what else is known of it.
    fn is(&self, seen: &Seen) -> bool {
        match (&self.version, seen.version()) {
            (Some(expected), Some(there)) => *expected == there,
            _ => {
                let same_time = match (self.modified, seen.modified) {
                    (Some(expected), Some(there)) => expected == there,
                    _ => true,
                };
                self.size == seen.size && same_time
            }
        }
    }
}

impl Files for Session {
    type Seen = Seen;
    type Replaced = Expected;

    fn is(seen: &Seen, replaced: &Expected) -> bool {
        replaced.is(seen)
    }

    fn look(&mut self, path: &str) -> Result<Option<Seen>, Error> {
        look(self, path)
    }

    fn size(seen: &Seen) -> Option<u64> {
        seen.size
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        rename(self, from, to)
    }

    fn remove(&mut self, path: &str) -> Result<(), Error> {
        self.done(&format!("DELE {}", below(&self.root, path)), "a file that was replaced")
            .map(drop)
    }
}

/// Gives a file its name; what is there then.
pub fn publish(session: &mut Session, held: &Held) -> Result<Seen, Error> {
    let from = draft(&held.key)?;
    match look(session, &from)?.and_then(|seen| seen.size) {
        Some(size) if size == held.size => {}
        _ => {
            held.mend(session)?;
            return Err(error(
                ErrorClass::Expired,
                "ftp/not-held",
                "Nothing is held under that mark any more.",
            ));
        }
    }
    if let Some(folder) = parent(&held.path) {
        folders::ensure(session, folder)?;
    }
    let moved = match &held.replaces {
        None => {
            free(session, &held.path)?;
            rename(session, &from, &held.path)
        }
        Some(expected) => {
            let there = match expect(session, &held.path, expected) {
                Err(why) if why.class == ErrorClass::NotFound => {
                    held.mend(session)?;
                    expect(session, &held.path, expected)
                }
                there => there,
            };
            there.map_err(|why| match why.class {
                ErrorClass::NotFound => conflict(&held.path, "what was to be replaced isn't there"),
                _ => why,
            })?;
            replace(session, &from, held)
        }
    };
    if moved.is_err() {
        // A folder that was there may be gone.
        session.folders.clear();
    }
    moved?;
    match look(session, &held.path)? {
        Some(seen) if seen.size == Some(held.size) => Ok(seen),
        _ => Err(not_stored(&held.path)),
    }
}

/// Nothing has this name.
fn free(session: &mut Session, path: &str) -> Result<(), Error> {
    match look(session, path)?.is_some() || is_there(session, path)? {
        true => Err(conflict(path, "something is there already")),
        false => Ok(()),
    }
}

fn rename(session: &mut Session, from: &str, to: &str) -> Result<(), Error> {
    let reply = session.ask(&format!("RNFR {}", below(&session.root, from)))?;
    if !reply.is_halfway() {
        return Err(of_reply(&reply, from));
    }
    session
        .done(&format!("RNTO {}", below(&session.root, to)), to)
        .map(drop)
}

/// RNTO alone does it nearly everywhere. Where it doesn't, the old one goes aside first.
fn replace(session: &mut Session, from: &str, held: &Held) -> Result<(), Error> {
    match rename(session, from, &held.path) {
        Err(why) if why.class == ErrorClass::PermissionDenied => held.replacement().replace(session),
        done => done,
    }
}

/// Renames what is there, as it is expected, to where nothing is.
pub fn move_to(session: &mut Session, from: &str, expected: &Expected, to: &str) -> Result<Seen, Error> {
    let seen = expect(session, from, expected)?;
    if let Some(folder) = parent(to) {
        folders::ensure(session, folder)?;
    }
    free(session, to)?;
    rename(session, from, to)?;
    match look(session, to)? {
        Some(there) if there.size == seen.size => Ok(there),
        _ => Err(not_stored(to)),
    }
}

/// Sees that what is there is what was expected.
pub fn expect(session: &mut Session, path: &str, expected: &Expected) -> Result<Seen, Error> {
    match look(session, path)? {
        Some(seen) if expected.is(&seen) => Ok(seen),
        Some(_) => Err(conflict(path, "it is another one than was expected")),
        None => Err(not_found(path)),
    }
}

fn not_stored(path: &str) -> Error {
    unexpected(
        "ftp/not-stored",
        format!("{path}: the server said yes, and what is there isn't what was sent."),
    )
}
