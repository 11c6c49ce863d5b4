//! Names for what has none yet, and other names: nothing that stands there is ever replaced unless that very version was to be.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::paths::{draft, parent};
use camroll_connector::types::{Error, ErrorClass};
use serde::{Deserialize, Serialize};

use crate::answers::Attributes;
use crate::failures::conflict;
use crate::folders;
use crate::names::on_the_wire;
use crate::requests::{self, Handle, Request, Standing};
use crate::session::Session;

/// What `stage` leaves for `commit`.
#[derive(Serialize, Deserialize)]
pub struct Held {
    pub key: String,
    pub path: String,
    pub size: u64,
    /// The version that it takes the place of.
    pub replaces: Option<String>,
}

/// Gives files their names, each or not on its own; what is there then.
pub fn publish(session: &mut Session, items: &[Held]) -> Result<Vec<Result<Attributes, Error>>, Error> {
    let refused = folders::ensure_all(session, items.iter().filter_map(|held| parent(&held.path)))?;
    let drafts = items
        .iter()
        .map(|held| draft(&held.key))
        .collect::<Result<Vec<_>, _>>()?;
    let mut paths = Vec::new();
    for (held, draft) in items.iter().zip(&drafts) {
        paths.extend([draft.as_str(), held.path.as_str()]);
    }
    let mut found = session.look_all(&paths)?.into_iter();
    let mut results: Vec<Result<(), Error>> = Vec::new();
    for held in items {
        let (Some(from), Some(to)) = (found.next(), found.next()) else {
            return Err(unexpected("smb/garbled", "An answer is missing."));
        };
        let folder = refused.of(parent(&held.path).unwrap_or_default());
        results.push(folder.and_then(|()| may_take_place(held, from, to)));
    }
    let mut changes = Vec::new();
    for ((held, draft), result) in items.iter().zip(&drafts).zip(&results) {
        if result.is_ok() {
            let standing = match held.replaces {
                Some(_) => Standing::Goes,
                None => Standing::Stays,
            };
            changes.push((draft.as_str(), renamed(session, &held.path, standing)?));
        }
    }
    let mut changed = session.change_all(&changes)?.into_iter();
    for result in &mut results {
        if result.is_ok() {
            *result = changed.next().unwrap_or(Ok(()));
        }
    }
    looked_at(session, items, results)
}

fn renamed(session: &Session, to: &str, standing: Standing) -> Result<Request, Error> {
    let wire = on_the_wire(&session.root, to)?;
    Ok(requests::rename(Handle::BEFORE, &wire, standing))
}

fn may_take_place(
    held: &Held,
    from: Result<Option<Attributes>, Error>,
    to: Result<Option<Attributes>, Error>,
) -> Result<(), Error> {
    match from? {
        Some(draft) if draft.size == held.size => {}
        _ => {
            return Err(error(
                ErrorClass::Expired,
                "smb/not-held",
                "Nothing is held under that mark any more.",
            ))
        }
    }
    match (to?, &held.replaces) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(conflict(&held.path, "something is there already")),
        (None, Some(_)) => Err(conflict(&held.path, "what was to be replaced isn't there")),
        (Some(found), Some(expected)) if found.version() == *expected => Ok(()),
        (Some(_), Some(_)) => Err(conflict(&held.path, "it is another one than was to be replaced")),
    }
}

/// What is at the names now.
fn looked_at(
    session: &mut Session,
    items: &[Held],
    results: Vec<Result<(), Error>>,
) -> Result<Vec<Result<Attributes, Error>>, Error> {
    let paths: Vec<&str> = items.iter().map(|held| held.path.as_str()).collect();
    let found = session.look_all(&paths)?;
    // A folder that was there may be gone.
    if results.iter().any(Result::is_err) {
        session.folders.clear();
    }
    let told = items.iter().zip(results).zip(found);
    Ok(told
        .map(|((held, result), now)| {
            result?;
            match now? {
                Some(now) if now.size == held.size => Ok(now),
                _ => Err(error(
                    ErrorClass::Corrupt,
                    "smb/not-stored",
                    format!(
                        "{}: the server said yes, and what is there isn't what was sent.",
                        held.path
                    ),
                )),
            }
        })
        .collect())
}

/// Renames what is there, in that version, to where nothing is.
pub fn rename(session: &mut Session, from: &str, version: &str, to: &str) -> Result<Attributes, Error> {
    expect(session, from, version)?;
    folders::ensure(session, parent(to).unwrap_or_default())?;
    let request = renamed(session, to, Standing::Stays)?;
    change(session, from, request)?;
    session.look(to)?.ok_or_else(|| {
        unexpected(
            "smb/not-stored",
            format!("{to}: the server said yes, and nothing is there."),
        )
    })
}

/// Takes away what is there, in that version.
pub fn remove(session: &mut Session, path: &str, version: &str) -> Result<(), Error> {
    expect(session, path, version)?;
    change(session, path, requests::remove(Handle::BEFORE))
}

fn change(session: &mut Session, path: &str, request: Request) -> Result<(), Error> {
    let changed = session.change_all(&[(path, request)])?;
    changed.into_iter().next().unwrap_or(Ok(()))
}

/// Sees that what is there is what was expected.
fn expect(session: &mut Session, path: &str, version: &str) -> Result<(), Error> {
    match session.look(path)? {
        Some(found) if found.version() == version => Ok(()),
        Some(_) => Err(conflict(path, "it is another one than was expected")),
        None => Err(error(
            ErrorClass::NotFound,
            "smb/not-found",
            format!("{path} isn't there."),
        )),
    }
}
