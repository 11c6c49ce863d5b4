//! Folders, made as they are needed, each once.

use camroll_connector::types::Error;

use crate::failures::{conflict, of_reply};
use crate::look::{is_folder, look};
use crate::session::Session;
use camroll_connector::paths::{ancestry, below};

/// Sees that a folder is there.
pub fn ensure(session: &mut Session, folder: &str) -> Result<(), Error> {
    if folder.is_empty() || session.folders.contains(folder) {
        return Ok(());
    }
    if is_folder(session, folder)? {
        session.folders.insert(folder.to_string());
        return Ok(());
    }
    for folder in ancestry(folder) {
        make(session, folder)?;
    }
    Ok(())
}

fn make(session: &mut Session, folder: &str) -> Result<(), Error> {
    if session.folders.contains(folder) {
        return Ok(());
    }
    let reply = session.ask(&format!("MKD {}", below(&session.root, folder)))?;
    // 550 is also what is said of one that is there; some say 521.
    if !reply.is_yes() && !is_folder(session, folder)? {
        return match look(session, folder)? {
            Some(_) => Err(conflict(folder, "a file is where a folder should be")),
            None => Err(of_reply(&reply, folder)),
        };
    }
    session.folders.insert(folder.to_string());
    Ok(())
}
