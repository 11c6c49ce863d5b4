//! What is at a path: by MLST; by SIZE and MDTM where the server hasn't got it; by a listing where it hasn't got those.

use camroll_connector::types::Error;

use crate::browse;
use crate::failures::{garbled, of_reply};
use crate::replies::Reply;
use crate::seen::{of_answer, Kind, Seen};
use crate::session::Session;
use crate::times;
use camroll_connector::paths::{below, parent};

/// What is at a path below the root; none where nothing is.
pub fn look(session: &mut Session, path: &str) -> Result<Option<Seen>, Error> {
    if session.features.facts {
        let reply = session.ask(&format!("MLST {}", below(&session.root, path)))?;
        if reply.is_yes() {
            return of_answer(&reply.lines).map(Some).ok_or_else(|| garbled(path));
        }
        if !is_unknown(&reply) {
            return missing(&reply, path).map(|()| None);
        }
        session.features.facts = false;
    }
    by_size(session, path)
}

fn by_size(session: &mut Session, path: &str) -> Result<Option<Seen>, Error> {
    let whole = below(&session.root, path);
    let reply = session.ask(&format!("SIZE {whole}"))?;
    if is_unknown(&reply) {
        return by_listing(session, path);
    }
    if !reply.is_yes() {
        missing(&reply, path)?;
        // Also said of a folder, and of what may not be looked at.
        if !is_there(session, path)? {
            return Ok(None);
        }
        let kind = match is_folder(session, path)? {
            true => Kind::Folder,
            false => Kind::Other,
        };
        return Ok(Some(Seen { kind, ..Seen::folder() }));
    }
    let size = reply.text().trim().parse().map_err(|_| garbled(path))?;
    let mut modified = None;
    if session.features.modified {
        let reply = session.ask(&format!("MDTM {whole}"))?;
        if reply.is_yes() {
            modified = times::read(reply.text().trim());
        }
    }
    Ok(Some(Seen {
        kind: Kind::File,
        size: Some(size),
        modified,
    }))
}

fn by_listing(session: &mut Session, path: &str) -> Result<Option<Seen>, Error> {
    let found = browse::folder_of(session, parent(path).unwrap_or(""))?;
    Ok(found
        .into_iter()
        .find(|found| found.path == path)
        .map(|found| found.seen))
}

/// Whether anything has this name, a file or a folder, told by whoever would rename it. Nothing is renamed: the next RNFR takes this one's place.
pub fn is_there(session: &mut Session, path: &str) -> Result<bool, Error> {
    let reply = session.ask(&format!("RNFR {}", below(&session.root, path)))?;
    if reply.is_halfway() {
        return Ok(true);
    }
    missing(&reply, path).map(|()| false)
}

/// Whether a folder is there.
pub fn is_folder(session: &mut Session, path: &str) -> Result<bool, Error> {
    let reply = session.ask(&format!("CWD {}", below(&session.root, path)))?;
    match reply.code / 100 {
        2 => Ok(true),
        5 if reply.code != 530 => Ok(false),
        _ => Err(of_reply(&reply, path)),
    }
}

/// The command isn't known.
fn is_unknown(reply: &Reply) -> bool {
    matches!(reply.code, 500 | 502 | 504)
}

/// What is said of what isn't there; anything else is an error. rclone says 450 and 551.
fn missing(reply: &Reply, path: &str) -> Result<(), Error> {
    match reply.code {
        450 | 550 | 551 | 553 => Ok(()),
        _ => Err(of_reply(reply, path)),
    }
}
