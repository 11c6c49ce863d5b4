//! Nextcloud's chunked upload v2, which ownCloud 10 understands as well: chunks beside the files' tree, put together by a MOVE under the temporary name.

use camroll_connector::types::{Error, ErrorClass};
use camroll_connector::{clock, staging, token};

use crate::address::{decoded, name, Place};
use crate::chunks::{self, Reached, CHUNK};
use crate::failures::{lost, other_upload, wrong_size};
use crate::upload::Going;
use crate::wire::Session;

/// Seconds of the longest pause while a server puts chunks together. All pauses are twice as long.
const PATIENCE: u32 = 32;

/// Where an upload stands at the server.
enum Standing {
    /// Nothing of it is there.
    Nothing,
    /// So far.
    At(Reached),
    /// It is one file already, of all that was reached: the answer to that was lost.
    Whole(Reached),
}

/// The folder of an upload.
fn folder(uploads: &Place, key: &str) -> String {
    uploads.url(&format!("camroll-{key}"))
}

/// Brings a file's chunks and has them put together.
pub fn bring(session: &Session, uploads: &Place, going: &Going<'_>) -> Result<(), Error> {
    let folder = folder(uploads, going.name);
    let destination = session.staging(going.name);
    // Asked for before the first byte, it is known after the last.
    going.body.digest("sha1", None)?;
    let mut reached = match standing(session, &folder, going)? {
        Standing::At(reached) => sent_before(session, uploads, going, reached)?,
        Standing::Whole(reached) => return sent_before(session, uploads, going, reached).map(drop),
        Standing::Nothing => {
            begin(session, &folder, &destination)?;
            Reached::nothing(going.size)
        }
    };
    while reached.done < reached.count(going.size) {
        let (offset, length) = (reached.done * reached.chunk, reached.length(reached.done, going.size));
        let digest = going.body.digest("sha1", Some((offset, length)))?;
        let request = session
            .content("PUT", &format!("{folder}/{}", chunks::name(reached.done)))
            .header("Destination", destination.clone())
            .header("OC-Total-Length", going.size.to_string())
            .header("Content-Type", "application/octet-stream")
            .range(going.body, offset, Some(length));
        let answer = session.ask(request)?;
        match answer.status {
            200..=299 => {}
            // Its folder is gone, or what the server remembered of it: a day has passed.
            404 | 409 | 412 => return Err(lost(session.destination.preset.title)),
            _ => return Err(session.failed(&answer, "PUT of a chunk")),
        }
        reached = reached.and(&digest.unwrap_or_default());
        // Of larger chunks (files of more than 90 GB) no digest is known before they are sent: what can't be compared isn't gone on from.
        if reached.chunk <= CHUNK {
            staging::save(&token::write(&reached), offset + length)?;
        }
    }
    put_together(session, &folder, going)
}

/// Goes by what was sent before. If it isn't what the source gives now, it is taken away: a source that was wrong once may have been found out only when its last byte came.
fn sent_before(session: &Session, uploads: &Place, going: &Going<'_>, saved: Reached) -> Result<Reached, Error> {
    let mut reached = Reached {
        chunk: saved.chunk,
        ..Reached::nothing(going.size)
    };
    while reached.done < saved.done {
        let range = (reached.done * reached.chunk, reached.length(reached.done, going.size));
        let digest = going.body.digest("sha1", Some(range))?;
        reached = reached.and(&digest.unwrap_or_default());
    }
    if reached == saved {
        return Ok(reached);
    }
    clear(session, uploads, going.name)?;
    session.clear(going.name)?;
    Err(other_upload(session.destination.preset.title))
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

/// Where an upload that was cut off goes on: from what was saved, if the server still has all of it.
fn standing(session: &Session, folder: &str, going: &Going<'_>) -> Result<Standing, Error> {
    let saved = going.checkpoint.as_deref();
    let Some(reached) = saved.and_then(|state| token::read::<Reached>(state).ok()) else {
        return Ok(Standing::Nothing);
    };
    if !reached.is_of(going.size) {
        return Ok(Standing::Nothing);
    }
    let Some(items) = session.members(&format!("{folder}/"))? else {
        let all = reached.done == reached.count(going.size);
        return Ok(match all && is_whole(session, going)? {
            true => Standing::Whole(reached),
            false => Standing::Nothing,
        });
    };
    let members: Vec<(String, Option<u64>)> = items
        .iter()
        .map(|item| (name(&decoded(&item.href)).to_owned(), item.properties.size))
        .collect();
    Ok(match reached.is_there(going.size, &members) {
        true => Standing::At(reached),
        false => Standing::Nothing,
    })
}

/// Whether a file of that size lies under the temporary name. Its name is this content's alone.
fn is_whole(session: &Session, going: &Going<'_>) -> Result<bool, Error> {
    let there = session.look(&session.staging(going.name))?;
    Ok(there.and_then(|there| there.size) == Some(going.size))
}

/// Has the chunks made one file. That takes a server as long as copying the file does: it says that it is locked meanwhile, or a proxy before it gives up waiting. Then it is looked at what came of it.
fn put_together(session: &Session, folder: &str, going: &Going<'_>) -> Result<(), Error> {
    let mut pause = 1;
    loop {
        let request = session
            .request("MOVE", &format!("{folder}/.file"))
            .header("Destination", session.staging(going.name))
            .header("Overwrite", "T")
            .header("OC-Total-Length", going.size.to_string());
        let failed = match session.ask(going.described(session, request)?) {
            Ok(answer) => match answer.status {
                200..=299 => return Ok(()),
                404 | 408 | 423 | 502 | 504 => session.failed(&answer, "MOVE of the chunks"),
                _ => return Err(session.failed(&answer, "MOVE of the chunks")),
            },
            Err(failed) if failed.class == ErrorClass::Transient => failed,
            Err(failed) => return Err(failed),
        };
        if session.members(&format!("{folder}/"))?.is_none() {
            return match is_whole(session, going)? {
                true => Ok(()),
                false => Err(lost(session.destination.preset.title)),
            };
        }
        if pause > PATIENCE {
            return Err(failed);
        }
        clock::wait(pause)?;
        pause *= 2;
    }
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
