//! Lists, looks and reads.

use camroll_connector::bodies::Sink;
use camroll_connector::errors::unexpected;
use camroll_connector::http::Answer;
use camroll_connector::token;
use camroll_connector::types::{Entry, Error};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answers::Found;
use crate::entries::entry;
use crate::failures::failure;
use crate::ids::Id;
use crate::wire::Session;

/// Assets of a page: some hundred kilobytes.
const PAGE: usize = 500;
/// What a search finds is in one of these at a time; what is locked is behind a PIN that no key has.
const SHELVES: [&str; 3] = ["timeline", "archive", "hidden"];

/// Where a listing goes on.
#[derive(Serialize, Deserialize)]
struct Mark {
    /// Index into the shelves.
    shelf: usize,
    on: Option<On>,
}

/// The same within a shelf.
#[derive(Serialize, Deserialize)]
enum On {
    Page(u64),
    /// From 3.2 on: what is uploaded meanwhile doesn't move the pages.
    Cursor(String),
}

/// A page of all that the user has there and isn't in the bin. There are no paths, so there is nothing below a prefix but below none.
pub fn list(session: &Session, prefix: &str, next: Option<Vec<u8>>) -> Result<(Vec<Entry>, Option<Vec<u8>>), Error> {
    if !prefix.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mark = match next {
        Some(next) => token::read::<Mark>(&next)?,
        None => Mark { shelf: 0, on: None },
    };
    let Some(shelf) = SHELVES.get(mark.shelf) else {
        return Ok((Vec::new(), None));
    };
    let mut asked = json!({"visibility": shelf, "size": PAGE, "withExif": true, "withStacked": true, "order": "asc"});
    match &mark.on {
        None => {}
        Some(On::Page(page)) => asked["page"] = (*page).into(),
        Some(On::Cursor(cursor)) => asked["cursor"] = cursor.as_str().into(),
    }
    let found: Found = session.send("POST", "/search/metadata", &asked, "listing")?;
    let assets = found.assets;
    if assets.items.len() > PAGE {
        return Err(unexpected(
            "immich/bad-answer",
            "The server gave more files than were asked for.",
        ));
    }
    let on = match (assets.next_cursor, assets.next_page) {
        // An empty page ends a shelf, whatever the server says: it could say so for ever.
        _ if assets.items.is_empty() => None,
        (Some(cursor), _) => Some(On::Cursor(cursor)),
        (None, Some(page)) => Some(On::Page(next_page(&page, mark.on.as_ref())?)),
        (None, None) => None,
    };
    let mark = match on {
        Some(_) => Some(Mark { shelf: mark.shelf, on }),
        None if mark.shelf + 1 < SHELVES.len() => Some(Mark {
            shelf: mark.shelf + 1,
            on: None,
        }),
        None => None,
    };
    let user = session.user()?.id;
    let own = assets
        .items
        .iter()
        .filter(|asset| asset.owner_id == user && !asset.is_trashed);
    Ok((own.map(entry).collect(), mark.map(|mark| token::write(&mark))))
}

fn next_page(text: &str, before: Option<&On>) -> Result<u64, Error> {
    let last = match before {
        Some(On::Page(page)) => *page,
        _ => 1,
    };
    text.parse()
        .ok()
        .filter(|next| *next > last)
        .ok_or_else(|| unexpected("immich/bad-answer", "The server names a next page that isn't one."))
}

/// Reads a file from an offset on.
pub fn read(session: &Session, id: &Id, offset: u64, into: &Sink) -> Result<(), Error> {
    let mut request = session.content("GET", &format!("/assets/{}/original", id.as_str()));
    if offset > 0 {
        request = request.header("Range", format!("bytes={offset}-"));
    }
    let response = request.send()?;
    match response.status {
        200 => {
            // A proxy may not let ranges through.
            if offset > 0 {
                response.body.seek(offset)?;
            }
            into.append(&response.body)
        }
        206 => into.append(&response.body),
        // Nothing behind the offset.
        416 => Ok(()),
        _ => Err(failure(&Answer::read(response)?, "reading a file")),
    }
}
