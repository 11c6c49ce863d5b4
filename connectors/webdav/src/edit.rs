//! Takes files away and renames them, if they are what was expected.

use camroll_connector::types::{Entry, Error, Target};

use crate::address::parent;
use crate::failures::conflict;
use crate::guest::path;
use crate::publish::moved;
use crate::wire::Session;

/// Looks whether what is there is what was expected; its tag, if it is one that can be given as a condition.
fn as_expected(session: &Session, expected: &Entry, url: &str) -> Result<Option<String>, Error> {
    match session.look(url)? {
        // DELETE and MOVE of a folder take all that is in it.
        Some(there) if !there.folder && !there.differs(expected) => Ok(there.tag),
        Some(_) => Err(conflict()),
        None => Err(session.failed(
            &camroll_connector::http::Answer {
                status: 404,
                headers: Vec::new(),
                body: Vec::new(),
            },
            "PROPFIND",
        )),
    }
}

/// Takes a file away.
pub fn remove(session: &Session, expected: &Entry) -> Result<(), Error> {
    let url = session.url(&path(&expected.target)?);
    let tag = as_expected(session, expected, &url)?;
    let delete = |tag: Option<&str>| {
        let mut request = session.request("DELETE", &url);
        if let Some(tag) = tag {
            request = request.header("If-Match", tag);
        }
        session.ask(request)
    };
    let mut answer = delete(tag.as_deref())?;
    if answer.status == 412 {
        // It changed, or its tag is weak and therefore fits nothing: looked again, and then without.
        as_expected(session, expected, &url)?;
        answer = delete(None)?;
    }
    match answer.status {
        207 => moved(session, &answer),
        200..=299 | 404 | 410 => Ok(()),
        _ => Err(session.failed(&answer, "DELETE")),
    }
}

/// Renames a file to where nothing is.
pub fn rename(session: &Session, expected: &Entry, to: &str) -> Result<Entry, Error> {
    let (from, to_url) = (session.url(&path(&expected.target)?), session.url(to));
    as_expected(session, expected, &from)?;
    session.ensure(parent(to).unwrap_or_default())?;
    if session.look(&to_url)?.is_some() {
        return Err(conflict());
    }
    let request = session
        .request("MOVE", &from)
        .header("Destination", to_url.clone())
        .header("Overwrite", "F");
    let answer = session.ask(request)?;
    if answer.status == 400 && session.look(&to_url)?.is_some() {
        return Err(conflict());
    }
    moved(session, &answer)?;
    let there = session.look(&to_url)?.ok_or_else(conflict)?;
    let mut entry = there.entry(to.to_owned());
    entry.target = Target {
        path: Some(to.to_owned()),
        id: None,
    };
    Ok(entry)
}
