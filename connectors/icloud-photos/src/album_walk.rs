//! The walk through all albums: folders one after another, each album's members by rank, before the photos themselves are listed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use camroll_connector::errors::error;
use camroll_connector::http::Pending;
use camroll_connector::types::{Error, ErrorClass};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::albums::{album, member};
use crate::assets::sort;
use crate::cloudkit::{ask, finish, start, Zone, PAGE_RECORDS};
use crate::fields::flag;
use crate::listing::Told;

/// Records of a page of members: each comes with its asset and its master, and a page has 200 records at most.
const MEMBER_RECORDS: u32 = 198;
/// Albums whose first members are asked for ahead.
const AHEAD: usize = 3;
/// Folders that may wait to be walked: what the cursor holds of them stays below its 64 KiB.
const FOLDERS: usize = 1000;
/// What an album's record is asked for.
const KEYS: &[&str] = &[
    "recordName",
    "recordType",
    "albumNameEnc",
    "albumType",
    "parentId",
    "isDeleted",
];
/// What a member's records are asked for.
const MEMBER_KEYS: &[&str] = &["recordName", "recordType", "itemId", "containerId", "isDeleted"];

/// Where the walk is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Folders still to be looked into.
    folders: Vec<String>,
    /// The folder that is looked into; none: the top.
    parent: Option<String>,
    /// The page of it.
    marker: Option<String>,
    /// The album of that page whose members are listed; none: the page itself comes next.
    album: Option<String>,
    rank: u64,
}

/// A page of a folder, remembered for as long as this instance lives: asked for again elsewise.
#[derive(Clone, Default)]
struct Shelf {
    albums: Vec<String>,
    marker: Option<String>,
}

thread_local! {
    static SHELF: RefCell<Option<(Option<String>, Option<String>, Shelf)>> = const { RefCell::new(None) };
    /// Members that were asked for ahead, by album and rank.
    static ASKED: RefCell<BTreeMap<(String, u64), Pending>> = const { RefCell::new(BTreeMap::new()) };
}

/// What comes next, and where it goes on; none at the end.
pub fn step(zone: &Zone, walk: Walk) -> Result<(Vec<Told>, Option<Walk>), Error> {
    match walk.album.clone() {
        None => folder(zone, walk),
        Some(album) => members(zone, walk, &album),
    }
}

fn folder(zone: &Zone, mut walk: Walk) -> Result<(Vec<Told>, Option<Walk>), Error> {
    let (shelf, records) = match shelf(zone, walk.parent.as_deref(), walk.marker.as_deref()) {
        Ok(read) => read,
        Err(failure) => {
            let what = walk.parent.clone().unwrap_or_else(|| "albums".into());
            return Ok((vec![unread(what, failure)?], next_folder(walk)));
        }
    };
    let mut told = Vec::new();
    for record in &records {
        let Some(album) = album(record).filter(|_| !flag(record, "isDeleted")) else {
            continue;
        };
        let is_folder = !album.traits.is_empty();
        let id = album.id.clone();
        told.push(Told::Album(album));
        if is_folder {
            if walk.folders.len() >= FOLDERS {
                let many = error(
                    ErrorClass::Unsupported,
                    "apple/too-many-folders",
                    "The library has more folders of albums than are walked; the albums in this one are not told.",
                );
                told.push(Told::Unread { what: id, error: many });
            } else {
                walk.folders.push(id);
            }
        }
    }
    let next = match shelf.albums.first() {
        Some(first) => Some(Walk {
            album: Some(first.clone()),
            rank: 0,
            ..walk
        }),
        None => after_page(walk, &shelf),
    };
    Ok((told, next))
}

fn members(zone: &Zone, walk: Walk, album: &str) -> Result<(Vec<Told>, Option<Walk>), Error> {
    let shelf = known_shelf(zone, &walk)?;
    ask_ahead(zone, &shelf, album);
    let records = match ranked(zone, album, walk.rank) {
        Ok(records) => records,
        Err(failure) => return Ok((vec![unread(album.into(), failure)?], after_album(walk, &shelf, album))),
    };
    let sorted = sort(&records);
    if sorted.members.is_empty() {
        return Ok((Vec::new(), after_album(walk, &shelf, album)));
    }
    let told = sorted
        .members
        .iter()
        .filter(|record| !flag(record, "isDeleted"))
        .filter_map(|record| member(record))
        .filter(|(holder, _)| holder == album)
        .map(|(album, asset)| Told::Member { album, asset })
        .collect();
    let rank = walk.rank + sorted.members.len() as u64;
    Ok((told, Some(Walk { rank, ..walk })))
}

/// What can't be read is said and passed over; what another try may bring is the whole call's failure.
fn unread(what: String, failure: Error) -> Result<Told, Error> {
    match failure.class {
        ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Unauthenticated | ErrorClass::Cancelled => {
            Err(failure)
        }
        _ => Ok(Told::Unread { what, error: failure }),
    }
}

fn after_album(walk: Walk, shelf: &Shelf, album: &str) -> Option<Walk> {
    // An album that left the page meanwhile is among the changes since: all is told once more then.
    let place = shelf.albums.iter().position(|known| known == album);
    let next = place.and_then(|place| shelf.albums.get(place + 1));
    match next {
        Some(next) => Some(Walk {
            album: Some(next.clone()),
            rank: 0,
            ..walk
        }),
        None => after_page(walk, shelf),
    }
}

fn after_page(walk: Walk, shelf: &Shelf) -> Option<Walk> {
    match &shelf.marker {
        Some(marker) => Some(Walk {
            marker: Some(marker.clone()),
            album: None,
            rank: 0,
            ..walk
        }),
        None => next_folder(walk),
    }
}

fn next_folder(mut walk: Walk) -> Option<Walk> {
    let parent = walk.folders.pop()?;
    Some(Walk {
        folders: walk.folders,
        parent: Some(parent),
        ..Walk::default()
    })
}

/// A page of a folder.
fn shelf(zone: &Zone, parent: Option<&str>, marker: Option<&str>) -> Result<(Shelf, Vec<Value>), Error> {
    let mut query = json!({"recordType": "CPLAlbumByPositionLive"});
    if let Some(parent) = parent {
        query["filterBy"] = json!([equals("parentId", parent)]);
    }
    let mut body = json!({"query": query, "resultsLimit": PAGE_RECORDS, "desiredKeys": KEYS, "zoneID": zone.zone});
    if let Some(marker) = marker {
        body["continuationMarker"] = marker.into();
    }
    let mut answer = ask(&zone.database, "records/query", &body)?;
    let records = match answer["records"].take() {
        Value::Array(records) => records,
        _ => Vec::new(),
    };
    let albums = records
        .iter()
        .filter(|record| !flag(record, "isDeleted"))
        .filter_map(album)
        .filter(|album| album.traits.is_empty())
        .map(|album| album.id)
        .collect();
    // A marker that is the one that was sent would lead in a circle.
    let next = answer["continuationMarker"]
        .as_str()
        .filter(|next| Some(*next) != marker && !next.is_empty());
    let shelf = Shelf {
        albums,
        marker: next.map(Into::into),
    };
    SHELF.with(|known| {
        let place = (parent.map(Into::into), marker.map(Into::into), shelf.clone());
        *known.borrow_mut() = Some(place);
    });
    Ok((shelf, records))
}

fn known_shelf(zone: &Zone, walk: &Walk) -> Result<Shelf, Error> {
    let known = SHELF.with(|shelf| match &*shelf.borrow() {
        Some((parent, marker, shelf)) if *parent == walk.parent && *marker == walk.marker => Some(shelf.clone()),
        _ => None,
    });
    match known {
        Some(shelf) => Ok(shelf),
        None => Ok(shelf(zone, walk.parent.as_deref(), walk.marker.as_deref())?.0),
    }
}

fn equals(field: &str, value: &str) -> Value {
    json!({"fieldName": field, "comparator": "EQUALS", "fieldValue": {"type": "STRING", "value": value}})
}

fn member_query(zone: &Zone, album: &str, rank: u64) -> Value {
    json!({
        "query": {"recordType": "CPLContainerRelationLiveByAssetDate", "filterBy": [
            {"fieldName": "startRank", "comparator": "EQUALS", "fieldValue": {"type": "INT64", "value": rank}},
            equals("direction", "ASCENDING"), equals("parentId", album)]},
        "resultsLimit": MEMBER_RECORDS, "desiredKeys": MEMBER_KEYS, "zoneID": zone.zone,
    })
}

/// The members of an album from a rank on: those asked for ahead, or asked for now.
fn ranked(zone: &Zone, album: &str, rank: u64) -> Result<Vec<Value>, Error> {
    let ahead = ASKED.with(|asked| asked.borrow_mut().remove(&(album.to_owned(), rank)));
    let mut answer = match ahead.map(|pending| finish(pending, "records/query")) {
        Some(Ok(answer)) => answer,
        Some(Err(failure)) if failure.class == ErrorClass::Unauthenticated => return Err(failure),
        _ => ask(&zone.database, "records/query", &member_query(zone, album, rank))?,
    };
    match answer["records"].take() {
        Value::Array(records) => Ok(records),
        _ => Err(error(
            ErrorClass::Unexpected,
            "apple/no-records",
            "Apple answered an album's listing without records.",
        )),
    }
}

/// Asks for the first members of the albums that come after this one.
fn ask_ahead(zone: &Zone, shelf: &Shelf, album: &str) {
    let after = shelf
        .albums
        .iter()
        .skip_while(|known| *known != album)
        .skip(1)
        .take(AHEAD);
    let wanted: Vec<String> = after.cloned().collect();
    ASKED.with(|asked| {
        let mut asked = asked.borrow_mut();
        asked.retain(|(known, _), _| known == album || wanted.contains(known));
        for next in wanted {
            let key = (next, 0);
            if asked.contains_key(&key) {
                continue;
            }
            match start(&zone.database, "records/query", &member_query(zone, &key.0, 0)) {
                Ok(pending) => drop(asked.insert(key, pending)),
                Err(_) => break,
            }
        }
    });
}
