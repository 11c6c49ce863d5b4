//! Bytes to a temporary name: by one STOR, or by several where an upload can go on in the midst.

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass, Instant};
use camroll_connector::{bodies, random, staging, token};
use serde::{Deserialize, Serialize};

use crate::data;
use crate::failures::of_reply;
use crate::folders;
use crate::look::look;
use crate::modified;
use crate::session::Session;
use camroll_connector::paths::{below, draft, STAGING};

/// Bytes of one STOR of a file that can go on in the midst: what is sent again at most when it is cut off.
const CHECKPOINT: u64 = 64 << 20;
/// Bytes that pass through here at a time, of a body whose size nobody knows.
const PIECE: u32 = 1 << 20;

/// What a broken upload goes on from.
#[derive(Serialize, Deserialize)]
struct Reached {
    bytes: u64,
}

/// What is to be brought.
pub struct Upload<'a> {
    pub key: &'a str,
    pub body: &'a bodies::Body,
    pub modified: Option<Instant>,
    pub checkpoint: Option<Vec<u8>>,
}

/// Brings a file's bytes to its temporary name; how many there are.
pub fn upload(session: &mut Session, upload: Upload) -> Result<u64, Error> {
    let path = draft(upload.key)?;
    folders::ensure(session, STAGING)?;
    let size = match upload.body.size() {
        Some(size) => known(session, &path, &upload, size)?,
        None => unknown(session, &path, upload.body)?,
    };
    whole(session, &path, size)?;
    if let Some(time) = upload.modified {
        modified::set(session, &path, time)?;
    }
    Ok(size)
}

/// The host sends the bytes; they don't pass through here.
fn known(session: &mut Session, path: &str, upload: &Upload, size: u64) -> Result<u64, Error> {
    let mut offset = match &upload.checkpoint {
        Some(state) => reached(session, state, path)?,
        None => 0,
    };
    let in_parts = size - offset > CHECKPOINT && goes_on(session)?;
    let mut saves = in_parts;
    loop {
        let length = (in_parts && size - offset > CHECKPOINT).then_some(CHECKPOINT);
        store(session, path, offset, |connection| {
            connection.write_body(upload.body, offset, length)
        })?;
        let Some(length) = length else { return Ok(size) };
        offset += length;
        whole(session, path, offset)?;
        if saves {
            saves = save(offset)?;
        }
    }
}

fn unknown(session: &mut Session, path: &str, body: &bodies::Body) -> Result<u64, Error> {
    let mut size = 0;
    store(session, path, 0, |connection| loop {
        let bytes = body.read(PIECE)?;
        if bytes.is_empty() {
            return Ok(());
        }
        size += bytes.len() as u64;
        connection.write(&bytes)?;
    })?;
    Ok(size)
}

/// One STOR.
pub fn store(
    session: &mut Session,
    path: &str,
    offset: u64,
    write: impl FnOnce(&camroll_connector::tcp::Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let connection = begin(session, path, offset)?;
    if let Err(why) = write(&connection).and_then(|()| connection.shutdown()) {
        // Dropped before its end, it ends for the server as what it is.
        drop(connection);
        if matches!(why.class, ErrorClass::Corrupt) {
            // What the server still writes would be there again after it was taken away: it is done when it says so.
            drop(session.receive());
        }
        return Err(data::reason(session, why, path));
    }
    let stored = data::close(session, connection, path);
    if stored.is_err() {
        // rclone notices only here that the folder is gone: the next time it is made again.
        session.folders.clear();
    }
    stored.map(drop)
}

/// A folder that was there may be gone: then it is made again, once.
fn begin(session: &mut Session, path: &str, offset: u64) -> Result<camroll_connector::tcp::Connection, Error> {
    let words = format!("STOR {}", below(&session.root, path));
    match data::open(session, &words, offset, path) {
        Err(why) if why.class == ErrorClass::PermissionDenied => {
            session.folders.clear();
            folders::ensure(session, STAGING)?;
            data::open(session, &words, offset, path)
        }
        opened => opened,
    }
}

/// A server's yes isn't enough: it must have all of it.
pub fn whole(session: &mut Session, path: &str, size: u64) -> Result<(), Error> {
    let there = look(session, path)?.and_then(|seen| seen.size);
    match there {
        Some(there) if there == size => Ok(()),
        there => Err(error(
            // The end of a data connection is the end of the file: one that was cut off on its way there looks to the server like a shorter file.
            match there {
                Some(there) if there < size => ErrorClass::Transient,
                _ => ErrorClass::Corrupt,
            },
            "ftp/not-stored",
            format!("The server said yes, and has {} of {size} bytes.", there.unwrap_or(0)),
        )),
    }
}

fn reached(session: &mut Session, state: &[u8], path: &str) -> Result<u64, Error> {
    // The engine hands out nothing before the checkpoint any more, so it must hear where it can't go on.
    let lost = || {
        error(
            ErrorClass::Expired,
            "ftp/upload-lost",
            "What was uploaded of it before is gone.",
        )
    };
    let Reached { bytes } = token::read(state)?;
    match look(session, path)?.and_then(|seen| seen.size) {
        Some(size) if size >= bytes && goes_on(session)? => Ok(bytes),
        _ => Err(lost()),
    }
}

/// Tells the engine. False where nobody keeps it.
fn save(offset: u64) -> Result<bool, Error> {
    match staging::save(&token::write(&Reached { bytes: offset }), offset) {
        Ok(()) => Ok(true),
        Err(why) if why.class == ErrorClass::Unsupported => Ok(false),
        Err(why) => Err(why),
    }
}

/// Whether REST before STOR does what it should: tried once on a connection with a few bytes, since servers that offer it can cut the file off or leave a hole.
fn goes_on(session: &mut Session) -> Result<bool, Error> {
    if !session.features.restart {
        return Ok(false);
    }
    if let Some(known) = session.goes_on {
        return Ok(known);
    }
    let mark: String = random::bytes(8).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("{STAGING}/restart-{mark}.part");
    let tried = try_it(session, &path);
    if !session.is_broken() {
        session.ask(&format!("DELE {}", below(&session.root, &path)))?;
    }
    let works = match tried {
        Ok(works) => works,
        Err(why) if session.is_broken() => return Err(why),
        Err(_) => false,
    };
    session.goes_on = Some(works);
    Ok(works)
}

fn try_it(session: &mut Session, path: &str) -> Result<bool, Error> {
    store(session, path, 0, |connection| connection.write(b"first, wrong"))?;
    store(session, path, 7, |connection| connection.write(b"then right"))?;
    let words = format!("RETR {}", below(&session.root, path));
    let connection = data::open(session, &words, 0, path)?;
    let mut there = Vec::new();
    loop {
        let read = connection.read(PIECE);
        let bytes = session.sound(read)?;
        if bytes.is_empty() || there.len() > 100 {
            break;
        }
        there.extend(bytes);
    }
    data::close(session, connection, path)?;
    Ok(there == b"first, then right")
}

/// Takes a temporary file away; one that isn't there is taken away already.
pub fn discard(session: &mut Session, key: &str) -> Result<(), Error> {
    let path = draft(key)?;
    let reply = session.ask(&format!("DELE {}", below(&session.root, &path)))?;
    match reply.is_yes() || look(session, &path)?.is_none() {
        true => Ok(()),
        false => Err(of_reply(&reply, "a temporary file")),
    }
}
