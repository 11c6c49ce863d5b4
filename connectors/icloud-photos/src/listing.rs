//! What the library holds and what changed in it: albums, then a listing by rank with overlapping pages, then the changes since before it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::Pending;
use camroll_connector::token;
use camroll_connector::types::{Album, Asset, Error, ErrorClass};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::album_walk::{step, Walk};
use crate::albums::{album, member, member_of};
use crate::assets::{asset, missing_masters, presence, sort, Presence, KEYS};
use crate::cloudkit::{ask, finish, lookup, rank_query, start, zone_changes, Zone};
use crate::fields::{flag, master_of, name};

/// Assets of a full page: a page has 200 records, an asset and its master each.
const PAGE: u64 = 100;
/// Pages asked for ahead.
const AHEAD: u64 = 8;
/// How far back a page is asked for again when the list moved under the scan.
const BACK: u64 = 25;
/// Empty pages in a row before a list counts as ended: there are gaps in ranks.
const EMPTY: u8 = 3;
/// Listings from the start in one scan, when what is listed keeps moving.
const PASSES: u8 = 3;

/// A change as this source tells it.
pub enum Told {
    Begin,
    End,
    Asset(Asset),
    Album(Album),
    Member { album: String, asset: String },
    MemberGone { album: String, asset: String },
    Gone { id: String, departure: Left },
    Touched { key: String },
    Unread { what: String, error: Error },
}

/// How something left.
pub enum Left {
    Trashed,
    Moved,
    Expunged,
}

/// A page for the engine.
pub struct Page {
    pub told: Vec<Told>,
    pub cursor: Vec<u8>,
    pub more: bool,
    pub done: Option<u64>,
    pub total: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum List {
    All,
    Hidden,
    Deleted,
}

impl List {
    fn query(self) -> &'static str {
        match self {
            Self::All => "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted",
            Self::Hidden => "CPLAssetAndMasterHiddenByAssetDate",
            Self::Deleted => "CPLAssetAndMasterDeletedByExpungedDate",
        }
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::All => Some(Self::Hidden),
            Self::Hidden => Some(Self::Deleted),
            Self::Deleted => None,
        }
    }
}

/// Where the engine goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Cursor {
    /// Among the albums.
    Albums {
        pass: u8,
        since: String,
        walk: Walk,
        total: Option<u64>,
    },
    /// In a list, at a rank.
    Listing {
        pass: u8,
        list: List,
        rank: u64,
        last: Option<String>,
        empty: u8,
        since: String,
        done: u64,
        total: Option<u64>,
    },
    /// In the changes since before the listing.
    Replay {
        pass: u8,
        since: String,
        moved: bool,
        done: u64,
    },
    /// All was told, albums too; changes since then.
    Delta { since: String },
}

thread_local! {
    /// Pages that were asked for ahead, by list and rank. A help, never needed.
    static ASKED: RefCell<BTreeMap<(u8, u64), Pending>> = const { RefCell::new(BTreeMap::new()) };
}

/// The next page of a library.
pub fn changes(library: &str, cursor: Option<&[u8]>) -> Result<Page, Error> {
    let zone = Zone::of(library)?;
    match cursor.map(token::read::<Cursor>).transpose()? {
        None => begin(&zone, 1),
        Some(Cursor::Albums {
            pass,
            since,
            walk,
            total,
        }) => walking(&zone, pass, since, walk, total),
        Some(Cursor::Listing {
            pass,
            list,
            rank,
            last,
            empty,
            since,
            done,
            total,
        }) => listing(&zone, pass, list, rank, last, empty, since, done, total),
        Some(Cursor::Replay {
            pass,
            since,
            moved,
            done,
        }) => replay(&zone, pass, &since, moved, done),
        Some(Cursor::Delta { since }) => delta(&zone, &since),
    }
}

fn page(told: Vec<Told>, cursor: Cursor, more: bool, done: Option<u64>, total: Option<u64>) -> Page {
    Page {
        told,
        cursor: token::write(&cursor),
        more,
        done,
        total,
    }
}

/// Takes the mark before the scan, and says that one begins.
fn begin(zone: &Zone, pass: u8) -> Result<Page, Error> {
    ASKED.with(|asked| asked.borrow_mut().clear());
    // A mark only comes with a query of two records or more.
    let mut query = rank_query(zone, List::All.query(), 0);
    query["resultsLimit"] = json!(2);
    query["desiredKeys"] = json!(["recordName"]);
    let answer = ask(&zone.database, "records/query", &query)?;
    let Some(since) = answer["syncToken"].as_str().map(str::to_owned) else {
        return Err(unexpected(
            "apple/no-token",
            "Apple listed the library without a mark to go on from.",
        ));
    };
    let total = count(zone);
    // The albums of a shared library stand in the personal ones of its members; its own zone answers such questions with an error.
    let cursor = match zone.is_personal() {
        true => Cursor::Albums {
            pass,
            since,
            walk: Walk::default(),
            total,
        },
        false => from_the_top(pass, since, total),
    };
    Ok(page(vec![Told::Begin], cursor, true, Some(0), None))
}

fn from_the_top(pass: u8, since: String, total: Option<u64>) -> Cursor {
    Cursor::Listing {
        pass,
        list: List::All,
        rank: 0,
        last: None,
        empty: 0,
        since,
        done: 0,
        total,
    }
}

/// Albums come first, so that who is planned by them is planned once.
fn walking(zone: &Zone, pass: u8, since: String, walk: Walk, total: Option<u64>) -> Result<Page, Error> {
    let (told, next) = step(zone, walk)?;
    let cursor = match next {
        Some(walk) => Cursor::Albums {
            pass,
            since,
            walk,
            total,
        },
        None => from_the_top(pass, since, total),
    };
    Ok(page(told, cursor, true, Some(0), total))
}

/// How many assets there are, as far as Apple says; for a progress bar only.
fn count(zone: &Zone) -> Option<u64> {
    let body = json!({"batch": [{"resultsLimit": 1, "query": {"recordType": "HyperionIndexCountLookup", "filterBy": {
        "fieldName": "indexCountID", "comparator": "IN", "fieldValue": {"type": "STRING_LIST", "value": ["CPLAssetByAssetDateWithoutHiddenOrDeleted"]}}},
        "zoneWide": true, "zoneID": zone.zone}]});
    let answer = ask(&zone.database, "internal/records/query/batch", &body).ok()?;
    answer["batch"][0]["records"][0]["fields"]["itemCount"]["value"].as_u64()
}

/// A page by rank: the one asked for ahead, or asked for now.
fn ranked(zone: &Zone, list: List, rank: u64) -> Result<Vec<Value>, Error> {
    let ahead = ASKED.with(|asked| asked.borrow_mut().remove(&(list as u8, rank)));
    let body = rank_query(zone, list.query(), rank);
    // What was asked for ahead and failed is asked for once more, now.
    let mut answer = match ahead.map(|pending| finish(pending, "records/query")) {
        Some(Ok(answer)) => answer,
        Some(Err(failure)) if failure.class == ErrorClass::Unauthenticated => return Err(failure),
        _ => ask(&zone.database, "records/query", &body)?,
    };
    match answer["records"].take() {
        Value::Array(records) => Ok(records),
        _ => Err(unexpected(
            "apple/no-records",
            "Apple answered a listing without records.",
        )),
    }
}

/// Asks for the pages that come after this one, each overlapping the one before by an asset.
fn ask_ahead(zone: &Zone, list: List, rank: u64, total: Option<u64>) {
    ASKED.with(|asked| {
        let mut asked = asked.borrow_mut();
        asked.retain(|(known, at), _| *known == list as u8 && *at > rank);
        for page in 1..=AHEAD {
            let at = rank + page * (PAGE - 1);
            if total.is_some_and(|total| at > total) {
                break;
            }
            if !asked.contains_key(&(list as u8, at)) {
                match start(&zone.database, "records/query", &rank_query(zone, list.query(), at)) {
                    Ok(pending) => asked.insert((list as u8, at), pending),
                    Err(_) => break,
                };
            }
        }
    });
}

#[allow(clippy::too_many_arguments, reason = "the parts of the cursor, taken apart once")]
fn listing(
    zone: &Zone,
    pass: u8,
    list: List,
    rank: u64,
    last: Option<String>,
    empty: u8,
    since: String,
    done: u64,
    total: Option<u64>,
) -> Result<Page, Error> {
    if list == List::All && last.is_some() {
        ask_ahead(zone, list, rank, total);
    }
    let records = ranked(zone, list, rank)?;
    let sorted = sort(&records);
    let goes_on = |list, rank, last, empty, done| Cursor::Listing {
        pass,
        list,
        rank,
        last,
        empty,
        since: since.clone(),
        done,
        total,
    };
    let ended = |done| match list.next() {
        Some(next) => goes_on(next, 0, None, 0, done),
        None => Cursor::Replay {
            pass,
            since: since.clone(),
            moved: false,
            done,
        },
    };
    // Which of them are new: those after the last one that was taken.
    let fresh = match &last {
        None => 0,
        Some(last) => match sorted.assets.iter().position(|asset| name(asset) == Some(last)) {
            Some(position) => position + 1,
            // Something before it left, and the list moved up: further back, or from the start.
            None if rank > 0 => {
                ASKED.with(|asked| asked.borrow_mut().clear());
                let back = if empty == 0 { BACK } else { PAGE - 1 };
                return Ok(page(
                    Vec::new(),
                    goes_on(list, rank.saturating_sub(back), Some(last.clone()), 1, done),
                    true,
                    Some(done),
                    total,
                ));
            }
            // The last one itself is gone from the front: all of this page counts as new, told again is no harm.
            None => 0,
        },
    };
    let news: Vec<&Value> = sorted.assets.iter().skip(fresh).copied().collect();
    if news.is_empty() {
        // Only the overlap is left, or nothing at all: probe on over a gap of ranks before the list counts as ended. Its end is believed after a few empty pages,
        // never by a count: those are too low at times.
        if empty >= EMPTY {
            return Ok(page(Vec::new(), ended(done), true, Some(done), total));
        }
        return Ok(page(
            Vec::new(),
            goes_on(list, rank + PAGE, None, empty + 1, done),
            true,
            Some(done),
            total,
        ));
    }
    let told = tell(zone, &sorted, &news, list)?;
    let done = if list == List::Deleted {
        done
    } else {
        done + news.len() as u64
    };
    let newest = news.last().and_then(|asset| name(asset)).map(str::to_owned);
    // The next page begins with the last asset of this one.
    let next = rank + sorted.assets.len() as u64 - 1;
    Ok(page(
        told,
        goes_on(list, next, newest, 0, done),
        true,
        Some(done),
        total,
    ))
}

/// Assets with their masters, those on other pages looked up.
fn tell(zone: &Zone, sorted: &crate::assets::Sorted, news: &[&Value], list: List) -> Result<Vec<Told>, Error> {
    if list == List::Deleted {
        return Ok(news
            .iter()
            .filter_map(|record| {
                // Whatever else it says: it stands in Recently Deleted.
                let departure = match left(record) {
                    Left::Expunged => Left::Expunged,
                    Left::Trashed | Left::Moved => Left::Trashed,
                };
                Some(Told::Gone {
                    id: name(record)?.into(),
                    departure,
                })
            })
            .collect());
    }
    whole(zone, sorted, news)
}

fn left(record: &Value) -> Left {
    match presence(record) {
        Presence::Expunged => Left::Expunged,
        Presence::Moved => Left::Moved,
        Presence::Trashed | Presence::Here => Left::Trashed,
    }
}

/// Each of the records as a whole asset, or as what it became.
fn whole(zone: &Zone, sorted: &crate::assets::Sorted, records: &[&Value]) -> Result<Vec<Told>, Error> {
    let missing = missing_masters(sorted);
    let found = if missing.is_empty() {
        Vec::new()
    } else {
        lookup(zone, &missing, KEYS)?
    };
    let looked_up = sort(&found);
    let mut told = Vec::with_capacity(records.len());
    for record in records {
        let Some(id) = name(record) else { continue };
        if presence(record) != Presence::Here {
            told.push(Told::Gone {
                id: id.into(),
                departure: left(record),
            });
            continue;
        }
        let master =
            master_of(record).and_then(|master| sorted.masters.get(master).or_else(|| looked_up.masters.get(master)));
        match master.and_then(|master| asset(record, master)) {
            Some(asset) => told.push(Told::Asset(asset)),
            None => told.push(Told::Unread {
                what: id.into(),
                error: error(
                    ErrorClass::NotFound,
                    "apple/no-master",
                    "Apple told this item without its original; it is asked for again by the next run.",
                ),
            }),
        }
    }
    Ok(told)
}

/// Changes as the engine is told them, and whether the lists moved with them.
fn read_changes(zone: &Zone, records: &[Value]) -> Result<(Vec<Told>, bool), Error> {
    let sorted = sort(records);
    let mut told: Vec<Told> = sorted
        .gone
        .iter()
        .map(|name| match member_of(name) {
            Some((album, asset)) => Told::MemberGone { album, asset },
            None => Told::Gone {
                id: (*name).into(),
                departure: Left::Expunged,
            },
        })
        .collect();
    for record in &sorted.albums {
        if flag(record, "isDeleted") {
            let id = name(record).unwrap_or_default().into();
            told.push(Told::Gone {
                id,
                departure: Left::Trashed,
            });
        } else {
            told.extend(album(record).map(Told::Album));
        }
    }
    for record in &sorted.members {
        match member(record) {
            Some((album, asset)) if flag(record, "isDeleted") => told.push(Told::MemberGone { album, asset }),
            Some((album, asset)) => told.push(Told::Member { album, asset }),
            None => {}
        }
    }
    let spoken_for: Vec<&str> = sorted.assets.iter().filter_map(|asset| master_of(asset)).collect();
    for master in sorted.masters.keys().filter(|master| !spoken_for.contains(master)) {
        told.push(Told::Touched { key: (*master).into() });
    }
    let moved = [&sorted.assets, &sorted.albums, &sorted.members]
        .iter()
        .any(|list| !list.is_empty())
        || !sorted.gone.is_empty();
    told.extend(whole(zone, &sorted, &sorted.assets)?);
    Ok((told, moved))
}

/// What changed while the library was listed. If the lists moved, all of it is told once more.
fn replay(zone: &Zone, pass: u8, since: &str, moved: bool, done: u64) -> Result<Page, Error> {
    let (records, next, more) = zone_changes(zone, since)?;
    let (told, moves) = read_changes(zone, &records)?;
    let moved = moved || moves;
    if more {
        return Ok(page(
            told,
            Cursor::Replay {
                pass,
                since: next,
                moved,
                done,
            },
            true,
            Some(done),
            None,
        ));
    }
    if !moved {
        let told = told.into_iter().chain([Told::End]).collect();
        return Ok(page(told, Cursor::Delta { since: next }, false, Some(done), Some(done)));
    }
    if pass >= PASSES {
        return Err(error(
            ErrorClass::Transient,
            "apple/library-busy",
            "The library changed in each of three listings. What was listed is kept; run it again when it is quieter.",
        ));
    }
    let again = begin(zone, pass + 1)?;
    Ok(Page {
        told: told.into_iter().chain(again.told).collect(),
        ..again
    })
}

/// What changed since the last run.
fn delta(zone: &Zone, since: &str) -> Result<Page, Error> {
    let (records, next, more) = zone_changes(zone, since)?;
    let (told, _) = read_changes(zone, &records)?;
    Ok(page(told, Cursor::Delta { since: next }, more, None, None))
}

/// Assets as they are now, one answer for each id.
pub fn describe(library: &str, ids: &[String]) -> Result<Vec<Told>, Error> {
    let zone = Zone::of(library)?;
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = lookup(&zone, &names, KEYS)?;
    let mut told = Vec::with_capacity(ids.len());
    let sorted = sort(&found);
    let all = whole(&zone, &sorted, &sorted.assets)?;
    let mut by_id: BTreeMap<String, Told> = all
        .into_iter()
        .map(|one| {
            let id = match &one {
                Told::Asset(asset) => asset.id.clone(),
                Told::Gone { id, .. } => id.clone(),
                Told::Unread { what, .. } => what.clone(),
                // Not told of records that are assets.
                Told::Begin
                | Told::End
                | Told::Touched { .. }
                | Told::Album(_)
                | Told::Member { .. }
                | Told::MemberGone { .. } => String::new(),
            };
            (id, one)
        })
        .collect();
    for id in ids {
        told.push(by_id.remove(id).unwrap_or(Told::Gone {
            id: id.clone(),
            departure: Left::Expunged,
        }));
    }
    Ok(told)
}
