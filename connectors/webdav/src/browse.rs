//! Lists, looks and reads.

use std::rc::Rc;

use camroll_connector::bodies::Sink;
use camroll_connector::http::Answer;
use camroll_connector::token;
use camroll_connector::types::{Entry, Error};

use crate::failures::half_a_listing;
use crate::listing::{children, gap, take, Walk};
use crate::properties::Properties;
use crate::wire::Session;

/// Files of a page.
const PAGE: usize = 500;

/// A folder that was read, in the order of its names: the next page needn't ask again.
#[derive(Clone)]
pub struct Read {
    folder: String,
    children: Rc<Vec<(String, Properties)>>,
}

/// A page of all files below a folder, and where to go on.
pub fn list(session: &Session, prefix: &str, next: Option<Vec<u8>>) -> Result<(Vec<Entry>, Option<Vec<u8>>), Error> {
    let mut walk = match next {
        Some(next) => token::read::<Walk>(&next)?,
        None => Walk(vec![(prefix.trim_matches('/').to_owned(), None)]),
    };
    let mut entries = Vec::new();
    while entries.len() < PAGE {
        let Some((folder, after)) = walk.0.pop() else { break };
        let children = folder_of(session, &folder, after.is_some())?;
        let taken = take(&folder, &children, after.as_deref(), PAGE - entries.len(), walk.0.len());
        let goes_on = taken.after.is_some();
        if goes_on {
            walk.0.push((folder, taken.after));
        }
        walk.0
            .extend(taken.folders.into_iter().rev().map(|folder| (folder, None)));
        entries.extend(taken.files.into_iter().map(|(path, properties)| properties.entry(path)));
    }
    let next = (!walk.0.is_empty()).then(|| token::write(&walk));
    Ok((entries, next))
}

/// What a folder holds; nothing where there is none. One that a page goes on in is kept.
fn folder_of(session: &Session, folder: &str, goes_on: bool) -> Result<Rc<Vec<(String, Properties)>>, Error> {
    if goes_on {
        if let Some(read) = session.read.borrow().as_ref().filter(|read| read.folder == folder) {
            return Ok(Rc::clone(&read.children));
        }
    }
    let url = session.destination.place.folder(folder);
    let items = session.members(&url)?.unwrap_or_default();
    if let Some(status) = gap(folder, &items) {
        return Err(half_a_listing(folder, status));
    }
    let children = Rc::new(children(&url, items));
    *session.read.borrow_mut() = Some(Read {
        folder: folder.to_owned(),
        children: Rc::clone(&children),
    });
    Ok(children)
}

/// Reads a file from an offset on.
pub fn read(session: &Session, path: &str, offset: u64, into: &Sink) -> Result<(), Error> {
    let mut request = session.content("GET", &session.url(path));
    if offset > 0 {
        request = request.header("Range", format!("bytes={offset}-"));
    }
    let response = request.send()?;
    match response.status {
        200 => {
            // Some don't know ranges.
            if offset > 0 {
                response.body.seek(offset)?;
            }
            into.append(&response.body)
        }
        206 => into.append(&response.body),
        // Nothing behind the offset.
        416 => Ok(()),
        _ => Err(session.failed(&Answer::read(response)?, "GET")),
    }
}
