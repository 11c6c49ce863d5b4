//! Folders, made as they are needed, each once.

use std::collections::BTreeSet;

use camroll_connector::types::Error;

use crate::failures::{conflict, of_reply};
use crate::packets::{kind, Kind, Reply};
use crate::session::{there, Session};
use camroll_connector::paths::{ancestry, below};
use camroll_connector::refused::Refused;

/// Sees that a folder is there.
pub fn ensure(session: &mut Session, folder: &str) -> Result<(), Error> {
    ensure_all(session, [folder].into_iter())?.of(folder)
}

/// Sees that these folders are there; which of them couldn't be made. What fails for all is a connection's end.
pub fn ensure_all<'a>(session: &mut Session, folders: impl Iterator<Item = &'a str>) -> Result<Refused, Error> {
    let mut refused = Refused::default();
    let wanted: BTreeSet<&str> = folders
        .filter(|folder| !folder.is_empty() && !session.folders.contains(*folder))
        .collect();
    if wanted.is_empty() {
        return Ok(refused);
    }
    let asked: Vec<_> = wanted
        .iter()
        .map(|folder| {
            let path = below(&session.root, folder);
            session.packet(kind::STAT).text(path)
        })
        .collect();
    let replies = session.ask_all(asked)?;
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    for (folder, reply) in wanted.iter().zip(replies) {
        match there(reply, folder) {
            Ok(Some(attributes)) if attributes.kind() == Kind::Folder => {
                session.folders.insert((*folder).to_string());
            }
            Ok(Some(_)) => refused.insert(folder, in_the_way(folder)),
            // Below a file some servers say this of what isn't there: what it would be in tells.
            Ok(None) | Err(_) => missing.extend(ancestry(folder)),
        }
    }
    // In the order of their names, so that what holds another one comes first.
    for folder in missing {
        if refused.of(folder).is_ok() {
            if let Err(why) = make(session, folder)? {
                refused.insert(folder, why);
            }
        }
    }
    Ok(refused)
}

fn in_the_way(folder: &str) -> Error {
    conflict(folder, "a file is where a folder should be")
}

fn make(session: &mut Session, folder: &str) -> Result<Result<(), Error>, Error> {
    if session.folders.contains(folder) {
        return Ok(Ok(()));
    }
    let path = below(&session.root, folder);
    let packet = session.packet(kind::MKDIR).text(&path).no_attributes();
    let reply = session.ask(packet)?;
    if !matches!(reply, Reply::Status { code: 0, .. }) {
        // Version 3 has no word for "it is there already".
        let packet = session.packet(kind::STAT).text(&path);
        match session.ask(packet)? {
            Reply::Attributes(attributes) if attributes.kind() == Kind::Folder => {}
            Reply::Attributes(_) => return Ok(Err(in_the_way(folder))),
            _ => return Ok(Err(of_reply(reply, folder))),
        }
    }
    session.folders.insert(folder.to_string());
    Ok(Ok(()))
}
