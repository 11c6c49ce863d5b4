//! Folders, made as they are needed, each once.

use std::collections::BTreeSet;

use camroll_connector::types::Error;

use crate::failures::{conflict, of_reply};
use crate::packets::{kind, Kind, Reply};
use crate::session::{there, Session};
use camroll_connector::paths::{ancestry, below};

/// Sees that these folders are there.
pub fn ensure<'a>(session: &mut Session, folders: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let wanted: BTreeSet<&str> = folders
        .filter(|folder| !folder.is_empty() && !session.folders.contains(*folder))
        .collect();
    if wanted.is_empty() {
        return Ok(());
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
        match there(reply, folder)? {
            Some(attributes) if attributes.kind() == Kind::Folder => {
                session.folders.insert((*folder).to_string());
            }
            Some(_) => return Err(conflict(folder, "a file is where a folder should be")),
            None => missing.extend(ancestry(folder)),
        }
    }
    // In the order of their names, so that what holds another one comes first.
    for folder in missing {
        make(session, folder)?;
    }
    Ok(())
}

fn make(session: &mut Session, folder: &str) -> Result<(), Error> {
    if session.folders.contains(folder) {
        return Ok(());
    }
    let path = below(&session.root, folder);
    let packet = session.packet(kind::MKDIR).text(&path).no_attributes();
    let reply = session.ask(packet)?;
    if !matches!(reply, Reply::Status { code: 0, .. }) {
        // Version 3 has no word for "it is there already".
        let packet = session.packet(kind::STAT).text(&path);
        match session.ask(packet)? {
            Reply::Attributes(attributes) if attributes.kind() == Kind::Folder => {}
            Reply::Attributes(_) => return Err(conflict(folder, "a file is where a folder should be")),
            _ => return Err(of_reply(reply, folder)),
        }
    }
    session.folders.insert(folder.to_string());
    Ok(())
}
