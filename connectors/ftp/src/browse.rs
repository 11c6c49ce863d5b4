//! What is there: folders in pages, and files' bytes.

use std::cell::RefCell;

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};
use camroll_connector::{bodies, log};

use crate::data;
use crate::failures::{conflict, garbled, not_found};
use crate::listing::{of_folder, Form, Found, Listing, Walk, PAGE};
use crate::look::{is_folder, look};
use crate::replies::Reply;
use crate::seen::Kind;
use crate::session::Session;
use camroll_connector::paths::below;

/// Folders that are read for one page, however little is in them: a call ends at some time.
const FOLDERS: usize = 200;

thread_local! {
    /// What of the folder that was read last isn't told yet, so that it isn't read again for each page.
    static REST: RefCell<Option<(String, Vec<Found>)>> = const { RefCell::new(None) };
}

/// The next files of a walk.
pub fn page(session: &mut Session, walk: &mut Walk) -> Result<Vec<Found>, Error> {
    let (mut files, mut folders) = (Vec::new(), 0);
    while files.len() < PAGE && walk.0.len() <= PAGE && folders < FOLDERS {
        let Some((folder, after)) = walk.0.pop() else { break };
        folders += 1;
        let mut entries = match REST.take() {
            Some((known, rest)) if known == folder && after.is_some() => rest,
            _ => folder_of(session, &folder)?,
        };
        if let Some(after) = &after {
            entries.retain(|found| found.name > *after);
        }
        let rest = entries.split_off(entries.len().min(PAGE));
        if let (Some(last), false) = (entries.last(), rest.is_empty()) {
            walk.0.push((folder.clone(), Some(last.name.clone())));
            REST.set(Some((folder, rest)));
        }
        for found in entries {
            match found.seen.kind {
                Kind::Folder => walk.0.push((found.path, None)),
                Kind::File => files.push(found),
                Kind::Other => {}
            }
        }
    }
    Ok(files)
}

/// All of a folder; nothing of one that isn't there.
pub fn folder_of(session: &mut Session, folder: &str) -> Result<Vec<Found>, Error> {
    // Entered first: what stands behind LIST is taken for options or patterns by some.
    if !is_folder(session, folder)? {
        return Ok(Vec::new());
    }
    let (listing, reply) = listed(session, folder)?;
    if reply.lines.iter().any(|line| line.to_lowercase().contains("truncated")) {
        return Err(error(
            ErrorClass::Unsupported,
            "ftp/truncated",
            format!(
                "The server doesn't list all of the folder {folder:?}: {}.",
                reply.text()
            ),
        ));
    }
    let (entries, unread) = listing.end().map_err(|_| too_long(folder))?;
    let (found, unreadable) = of_folder(folder, entries);
    if unread + unreadable > 0 {
        log::write(
            log::Level::Warn,
            "what can't be read in a listing is left alone",
            &[
                ("folder".into(), folder.into()),
                ("lines".into(), unread.to_string()),
                ("names that aren't UTF-8".into(), unreadable.to_string()),
            ],
        );
    }
    Ok(found)
}

fn listed(session: &mut Session, folder: &str) -> Result<(Listing, Reply), Error> {
    if session.features.facts {
        match transferred(session, "MLSD", Form::Facts, folder) {
            Err(why) if why.code == "ftp/unsupported" => session.features.facts = false,
            listed => return listed,
        }
    }
    // Without "-a" many leave out what begins with a dot.
    if session.lists_all != Some(false) {
        match transferred(session, "LIST -a", Form::Lines, folder) {
            Err(why) if session.lists_all.is_none() && !session.is_broken() && is_final(&why) => {
                session.lists_all = Some(false);
            }
            listed => {
                session.lists_all = Some(true);
                return listed;
            }
        }
    }
    transferred(session, "LIST", Form::Lines, folder)
}

fn is_final(why: &Error) -> bool {
    !matches!(why.class, ErrorClass::Transient | ErrorClass::Cancelled)
}

fn transferred(session: &mut Session, words: &str, form: Form, folder: &str) -> Result<(Listing, Reply), Error> {
    let connection = data::open(session, words, 0, folder)?;
    let mut listing = Listing::new(form);
    loop {
        let bytes = match connection.read(256 << 10) {
            Ok(bytes) => bytes,
            Err(why) => return Err(data::reason(session, why, folder)),
        };
        if bytes.is_empty() {
            break;
        }
        let taken = listing.feed(&bytes).map_err(|_| too_long(folder));
        session.sound(taken)?;
    }
    let reply = data::close(session, connection, folder)?;
    Ok((listing, reply))
}

fn too_long(folder: &str) -> Error {
    error(
        ErrorClass::Unsupported,
        "ftp/too-long",
        format!("The listing of the folder {folder:?} has too many entries, or a line that is too long."),
    )
}

/// Reads a file into a sink, from an offset on.
pub fn read(session: &mut Session, path: &str, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
    let seen = look(session, path)?.ok_or_else(|| not_found(path))?;
    let left = match seen.size {
        Some(size) => Some(
            size.checked_sub(offset)
                .ok_or_else(|| conflict(path, "it is shorter than it was"))?,
        ),
        None => None,
    };
    if left == Some(0) {
        return Ok(());
    }
    let words = format!("RETR {}", below(&session.root, path));
    let connection = data::open(session, &words, offset, path)?;
    let lent = connection.read_body(left);
    let body = session.sound(lent)?;
    if let Err(why) = into.append(&body) {
        drop(body);
        return Err(data::reason(session, why, path));
    }
    drop(body);
    if left.is_some() {
        // It ends here, or it is another file than was looked at.
        match connection.read(1) {
            Ok(more) if !more.is_empty() => {
                session.give_up();
                return Err(garbled("the file became longer while it was read"));
            }
            // An end without a word: all that was promised is here.
            _ => {}
        }
    }
    data::close(session, connection, path).map(drop)
}
