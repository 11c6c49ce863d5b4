//! Nextcloud's chunked upload v2, which is ownCloud's as well: chunks beside the files' tree, put together by a MOVE under the temporary name.

use camroll_connector::staging;
use camroll_connector::token;
use camroll_connector::types::Error;
use serde::{Deserialize, Serialize};

use crate::address::{decoded, name, Place};
use crate::failures::wrong_size;
use crate::upload::Going;
use crate::wire::Session;

/// From so many bytes on; as many a chunk at least.
pub const CHUNK: u64 = 10 << 20;
/// Most chunks of a file. The protocol allows 10,000.
const CHUNKS: u64 = 9_000;

/// What is saved: where it goes on.
#[derive(Serialize, Deserialize)]
struct Saved {
    chunk: u64,
    done: u64,
}

/// Names of five digits are in order by number and by text.
fn chunk_name(number: u64) -> String {
    format!("{:05}", number + 1)
}

/// The folder of an upload.
fn folder(uploads: &Place, key: &str) -> String {
    uploads.url(&format!("camroll-{key}"))
}

/// Brings a file's chunks and has them put together.
pub fn bring(session: &Session, uploads: &Place, going: &Going<'_>) -> Result<(), Error> {
    let folder = folder(uploads, going.name);
    let destination = session.staging(going.name);
    let (chunk, begin) = match resumed(session, &folder, going)? {
        Some(saved) => (saved.chunk, saved.done),
        None => {
            begin(session, &folder, &destination)?;
            (CHUNK.max(going.size.div_ceil(CHUNKS)), 0)
        }
    };
    if begin > 0 {
        going.body.seek((begin * chunk).min(going.size))?;
    }
    // Asked for before the first byte, it is known after the last.
    going.body.digest("sha1", None)?;
    for number in begin..going.size.div_ceil(chunk) {
        let offset = number * chunk;
        let length = chunk.min(going.size - offset);
        let request = session
            .content("PUT", &format!("{folder}/{}", chunk_name(number)))
            .header("Destination", destination.clone())
            .header("OC-Total-Length", going.size.to_string())
            .header("Content-Type", "application/octet-stream")
            .range(going.body, offset, Some(length));
        let answer = session.ask(request)?;
        if !(200..=299).contains(&answer.status) {
            return Err(session.failed(&answer, "PUT of a chunk"));
        }
        let saved = Saved {
            chunk,
            done: number + 1,
        };
        staging::save(&token::write(&saved), offset + length)?;
    }
    let request = session
        .request("MOVE", &format!("{folder}/.file"))
        .header("Destination", destination)
        .header("Overwrite", "T")
        .header("OC-Total-Length", going.size.to_string());
    let answer = session.ask(going.described(session, request)?)?;
    match answer.status {
        200..=299 => Ok(()),
        _ => Err(session.failed(&answer, "MOVE of the chunks")),
    }
}

fn begin(session: &Session, folder: &str, destination: &str) -> Result<(), Error> {
    let make = || {
        let request = session.request("MKCOL", &format!("{folder}/"));
        session.ask(request.header("Destination", destination))
    };
    let mut answer = make()?;
    if answer.status == 405 {
        // Of an earlier try that saved nothing: what is in it is of no use.
        session.ask(session.request("DELETE", folder))?;
        answer = make()?;
    }
    match answer.status {
        200..=299 => Ok(()),
        _ => Err(session.failed(&answer, "MKCOL of an upload")),
    }
}

/// Where an upload that was cut off goes on: what was saved, if the server still has all of it.
fn resumed(session: &Session, folder: &str, going: &Going<'_>) -> Result<Option<Saved>, Error> {
    let Some(saved) = going
        .checkpoint
        .as_deref()
        .and_then(|state| token::read::<Saved>(state).ok())
    else {
        return Ok(None);
    };
    let count = going.size.div_ceil(saved.chunk.max(1));
    if saved.chunk == 0 || saved.done > count {
        return Ok(None);
    }
    let Some(items) = session.members(&format!("{folder}/"))? else {
        return Ok(None);
    };
    for number in 0..saved.done {
        let expected = saved.chunk.min(going.size - number * saved.chunk);
        let there = items
            .iter()
            .find(|item| name(&decoded(&item.href)) == chunk_name(number))
            .and_then(|item| item.properties.size);
        if there != Some(expected) {
            return Ok(None);
        }
    }
    Ok(Some(saved))
}

/// Takes an upload away.
pub fn clear(session: &Session, uploads: &Place, key: &str) -> Result<(), Error> {
    let answer = session.ask(session.request("DELETE", &folder(uploads, key)))?;
    match answer.status {
        200..=206 | 404 | 410 => Ok(()),
        _ => Err(session.failed(&answer, "DELETE of an upload")),
    }
}

/// Whether what was put together has all bytes.
pub fn whole(size: u64, found: Option<u64>) -> Result<(), Error> {
    match found {
        Some(found) if found != size => Err(wrong_size(size, found)),
        _ => Ok(()),
    }
}
