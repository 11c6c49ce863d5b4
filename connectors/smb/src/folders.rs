//! Folders, made as they are needed, each once.

use std::collections::BTreeSet;

use camroll_connector::paths::ancestry;
use camroll_connector::types::{Error, ErrorClass};

use crate::names::on_the_wire;
use crate::requests::{access, close, create, Disposition, Handle, Request, Sort};
use crate::session::{yes, Session};

/// Sees that these folders are there.
pub fn ensure<'a>(session: &mut Session, folders: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let wanted: BTreeSet<&str> = folders
        .filter(|folder| !folder.is_empty() && !session.folders.contains(*folder))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut asked = Vec::new();
    for folder in &wanted {
        asked.push(made(session, folder)?);
    }
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    let answers = session.ask_all(asked)?;
    for (folder, answers) in wanted.iter().zip(answers) {
        match answers.first().map(|answer| yes(answer, folder)) {
            Some(Ok(())) => {
                session.folders.insert((*folder).to_string());
            }
            // What it would be in isn't there either.
            Some(Err(why)) if why.class == ErrorClass::NotFound => missing.extend(ancestry(folder)),
            Some(Err(why)) => return Err(why),
            None => return Err(crate::failures::garbled(folder)),
        }
    }
    // In the order of their names, so that what holds another one comes first.
    for folder in missing {
        if session.folders.contains(folder) {
            continue;
        }
        let chain = made(session, folder)?;
        let answers = session.ask_all(vec![chain])?;
        for answer in answers.iter().flatten() {
            yes(answer, folder)?;
        }
        session.folders.insert(folder.to_string());
    }
    Ok(())
}

/// Makes it where it isn't there yet.
fn made(session: &Session, folder: &str) -> Result<Vec<Request>, Error> {
    let wire = on_the_wire(&session.root, folder)?;
    let create = create(&wire, access::LOOK, Disposition::OpenOrMake, Sort::Folder);
    Ok(vec![create, close(Handle::BEFORE)])
}
