//! Folders, made as they are needed, each once.

use std::collections::BTreeSet;

use camroll_connector::paths::ancestry;
use camroll_connector::refused::Refused;
use camroll_connector::types::{Error, ErrorClass};

use crate::names::on_the_wire;
use crate::requests::{access, close, create, Disposition, Handle, Request, Sort};
use crate::session::{yes, Session};

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
    let mut trying = Vec::new();
    let mut asked = Vec::new();
    for folder in wanted {
        match made(session, folder) {
            Ok(chain) => {
                trying.push(folder);
                asked.push(chain);
            }
            Err(why) => refused.insert(folder, why),
        }
    }
    if asked.is_empty() {
        return Ok(refused);
    }
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    let answers = session.ask_all(asked)?;
    for (folder, answers) in trying.into_iter().zip(answers) {
        match answers.first().map(|answer| yes(answer, folder)) {
            Some(Ok(())) => {
                session.folders.insert(folder.to_string());
            }
            // What it would be in isn't there either.
            Some(Err(why)) if why.class == ErrorClass::NotFound => missing.extend(ancestry(folder)),
            Some(Err(why)) => refused.insert(folder, why),
            None => return Err(crate::failures::garbled(folder)),
        }
    }
    // In the order of their names, so that what holds another one comes first.
    for folder in missing {
        if session.folders.contains(folder) || refused.of(folder).is_err() {
            continue;
        }
        let chain = match made(session, folder) {
            Ok(chain) => chain,
            Err(why) => {
                refused.insert(folder, why);
                continue;
            }
        };
        let answers = session.ask_all(vec![chain])?;
        match answers.iter().flatten().try_for_each(|answer| yes(answer, folder)) {
            Ok(()) => drop(session.folders.insert(folder.to_string())),
            Err(why) => refused.insert(folder, why),
        }
    }
    Ok(refused)
}

/// Makes it where it isn't there yet.
fn made(session: &Session, folder: &str) -> Result<Vec<Request>, Error> {
    let wire = on_the_wire(&session.root, folder)?;
    let create = create(&wire, access::LOOK, Disposition::OpenOrMake, Sort::Folder);
    Ok(vec![create, close(Handle::BEFORE)])
}
