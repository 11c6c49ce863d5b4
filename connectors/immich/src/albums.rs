//! Albums. Their names aren't unique and they don't nest: which one is meant, the engine remembers by id.

use std::collections::HashMap;

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Album as Wanted, Error, ErrorClass};
use serde_json::json;

use crate::answers::{Album, Done};
use crate::ids::Id;
use crate::wire::Session;

/// Members that go in one request.
const AT_ONCE: usize = 1000;

/// The id of an album of that name.
pub fn ensure(session: &Session, wanted: &Wanted, known: Option<&str>) -> Result<Id, Error> {
    if wanted.traits.iter().any(|one| one == "folder") {
        return Err(error(
            ErrorClass::Unsupported,
            "immich/no-folders",
            "Immich has no folders of albums.",
        ));
    }
    if let Some(known) = known.and_then(Id::parse) {
        if let Some(there) = look(session, &known)? {
            if there.album_name != wanted.name {
                let path = format!("/albums/{}", known.as_str());
                session.tell("PATCH", &path, &json!({"albumName": wanted.name}), "renaming an album")?;
            }
            return Ok(known);
        }
    }
    if let Some(there) = named(session, &wanted.name)? {
        return Ok(there);
    }
    let body = json!({"albumName": wanted.name});
    let made: Album = session.send("POST", "/albums", &body, "making an album")?;
    Ok(made.id)
}

fn look(session: &Session, id: &Id) -> Result<Option<Album>, Error> {
    let query = match session.version()?.lists_album_assets() {
        true => "?withoutAssets=true",
        false => "",
    };
    match session.get(&format!("/albums/{}{query}", id.as_str()), "looking at an album") {
        Ok(album) => Ok(Some(album)),
        Err(error) if error.class == ErrorClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The user's oldest album of that name: made by a call whose answer was lost, or by the person.
fn named(session: &Session, name: &str) -> Result<Option<Id>, Error> {
    let albums: Vec<Album> = session.get("/albums", "looking for an album")?;
    let user = session.user()?.id;
    let oldest = albums
        .into_iter()
        .filter(|album| album.album_name == name && album.is_of(&user))
        .min_by(|a, b| (&a.created_at, a.id.as_str()).cmp(&(&b.created_at, b.id.as_str())));
    Ok(oldest.map(|album| album.id))
}

/// What a request about members is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
}

/// Puts assets into an album and takes others out; a result for each, in order.
pub fn set_members(session: &Session, album: &Id, add: &[Id], remove: &[Id]) -> Result<Vec<Result<(), Error>>, Error> {
    let mut results = change(session, album, Change::Add, add)?;
    results.extend(change(session, album, Change::Remove, remove)?);
    Ok(results)
}

fn change(session: &Session, album: &Id, change: Change, ids: &[Id]) -> Result<Vec<Result<(), Error>>, Error> {
    let (method, what) = match change {
        Change::Add => ("PUT", "putting into an album"),
        Change::Remove => ("DELETE", "taking out of an album"),
    };
    let mut told: HashMap<Id, Done> = HashMap::new();
    let mut distinct: Vec<&Id> = Vec::new();
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    for some in distinct.chunks(AT_ONCE) {
        let body = json!({"ids": some.iter().map(|id| id.as_str()).collect::<Vec<_>>()});
        let path = format!("/albums/{}/assets", album.as_str());
        let done: Vec<Done> = session
            .send(method, &path, &body, what)
            .map_err(|error| match error.class {
                ErrorClass::NotFound => gone(),
                _ => error,
            })?;
        told.extend(done.into_iter().map(|one| (one.id.clone(), one)));
    }
    Ok(ids.iter().map(|id| outcome(change, told.get(id))).collect())
}

fn outcome(change: Change, told: Option<&Done>) -> Result<(), Error> {
    let Some(told) = told else {
        return Err(unexpected(
            "immich/bad-answer",
            "The server says nothing of a member that it was asked about.",
        ));
    };
    match (change, told.success, told.error.as_deref()) {
        (_, true, _) | (Change::Add, false, Some("duplicate")) | (Change::Remove, false, Some("not_found")) => Ok(()),
        // So says the server, too, of what isn't there.
        (_, false, Some("no_permission" | "not_found")) => Err(error(
            ErrorClass::NotFound,
            "immich/not-found",
            "It isn't there, or isn't this user's (members of an album).",
        )),
        (_, false, _) => Err(unexpected(
            "immich/refused",
            "Immich refuses the member of an album, and doesn't say why.",
        )),
    }
}

fn gone() -> Error {
    error(
        ErrorClass::NotFound,
        "immich/album-gone",
        "The album is no longer there, or no longer this user's.",
    )
}
