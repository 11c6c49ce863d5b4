//! The photos service: CloudKit's operations over the library.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::albums::member_record;
use crate::content::Content;
use crate::library::{Item, Library, Record, Zone};
use crate::server::{Answer, Asked, answer};

/// Records of a page of changes.
const RECORDS: usize = 200;
/// Items of a page by rank: an asset and its master each.
const PAGE: usize = RECORDS / 2;
/// Members of a page of an album: their own records come with them.
const MEMBERS: usize = 198 / 3;
/// Albums of a page.
const ALBUMS: usize = 100;

/// The operation's name for faults, gates and counts.
pub(crate) fn operation(asked: &Asked) -> String {
    let path = asked.path.rsplit_once("/production/").map_or("", |(_, rest)| rest);
    let name = path.split_once('/').map_or("", |(_, rest)| rest);
    match name {
        "records/query" => match asked.json()["query"]["recordType"].as_str().unwrap_or_default() {
            "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted" if asked.json()["resultsLimit"] == 2 => "token".into(),
            "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted" => "list".into(),
            "CPLAssetAndMasterHiddenByAssetDate" => "list-hidden".into(),
            "CPLAssetAndMasterDeletedByExpungedDate" => "list-deleted".into(),
            "HyperionIndexCountLookup" => "count-one".into(),
            "CPLAlbumByPositionLive" => "albums".into(),
            "CPLContainerRelationLiveByAssetDate" => "album-members".into(),
            "CPLAssetAndMasterInSmartAlbumByAssetDate" | "CPLBurstStackAssetAndMasterByAssetDate" => {
                "list-smart".into()
            }
            other => other.into(),
        },
        "changes/zone" => "changes".into(),
        "changes/database" => "zones/list".into(),
        "records/lookup" => "lookup".into(),
        "internal/records/query/batch" => "count".into(),
        other => other.into(),
    }
}

fn keep(record: Value, keys: &HashSet<&str>) -> Value {
    let mut record = record;
    if !keys.is_empty()
        && let Some(fields) = record["fields"].as_object_mut()
    {
        fields.retain(|key, _| keys.contains(key.as_str()));
    }
    record
}

pub(crate) fn answered(library: &Library, asked: &Asked, url: &dyn Fn(&Content) -> String) -> Answer {
    let body = asked.json();
    let keys: HashSet<&str> = body["desiredKeys"]
        .as_array()
        .or_else(|| body["zones"][0]["desiredKeys"].as_array())
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(zone) = zone_of(asked, &body).filter(|zone| library.has(*zone)) else {
        return answer(
            404,
            &json!({"serverErrorCode": "ZONE_NOT_FOUND", "reason": "Zone does not exist"}),
        );
    };
    match operation(asked).as_str() {
        "zones/list" => {
            let zones: Vec<Value> = Zone::ALL
                .into_iter()
                .filter(|zone| asked.path.contains(&format!("/{}/", zone.database())) && library.has(*zone))
                .map(|zone| json!({"zoneID": zone.id(), "syncToken": token(library)}))
                .collect();
            answer(
                200,
                &json!({"zones": zones, "moreComing": false, "syncToken": token(library)}),
            )
        }
        "count" => {
            let queries = body["batch"].as_array().cloned().unwrap_or_default();
            let counted: Vec<Value> = queries
                .iter()
                .map(|query| json!({"records": [count(library, zone, query)], "syncToken": token(library)}))
                .collect();
            answer(200, &json!({"batch": counted}))
        }
        "count-one" => answer(
            200,
            &json!({"records": [count(library, zone, &body)], "syncToken": token(library)}),
        ),
        // The albums' indices of a shared library are broken for good.
        "albums" | "album-members" if zone != Zone::Personal => answer(
            400,
            &json!({"serverErrorCode": "BAD_REQUEST", "reason": "Index has invalid data"}),
        ),
        "albums" => albums(library, &body),
        "album-members" => album_members(library, &body, &keys, url),
        "CheckIndexingState" => answer(
            200,
            &json!({"records": [{"fields": {"state": {"value": "FINISHED"}, "progress": {"value": 100}}}]}),
        ),
        name @ ("token" | "list" | "list-hidden" | "list-deleted" | "list-smart") => {
            list(library, zone, &body, name, &keys, url)
        }
        "lookup" => lookup(library, zone, &body, &keys, url),
        "changes" => changes(library, zone, &body, &keys, url),
        "records/modify" => answer(
            403,
            &json!({"serverErrorCode": "ACCESS_DENIED", "reason": "nothing writes here"}),
        ),
        _ => answer(
            400,
            &json!({"serverErrorCode": "BAD_REQUEST", "reason": "unknown operation"}),
        ),
    }
}

/// The zone that is asked for, in the database of the address. Questions that name none are about all of them.
fn zone_of(asked: &Asked, body: &Value) -> Option<Zone> {
    let named = [
        &body["zoneID"],
        &body["zones"][0]["zoneID"],
        &body["batch"][0]["zoneID"],
    ];
    let Some(named) = named.into_iter().find(|named| !named.is_null()) else {
        return Some(Zone::Personal);
    };
    let mut all = Zone::ALL.into_iter();
    all.find(|zone| {
        asked.path.contains(&format!("/{}/", zone.database())) && zone.id()["zoneName"] == named["zoneName"]
    })
}

fn token(library: &Library) -> String {
    format!("T{}", library.log.len())
}

/// The value of a query's filter.
fn filter<'a>(body: &'a Value, name: &str) -> &'a Value {
    body["query"]["filterBy"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|filter| filter["fieldName"] == name)
        .map_or(&Value::Null, |filter| &filter["fieldValue"]["value"])
}

/// What a list or a count is of.
#[derive(Clone, Copy)]
enum Members {
    Listed,
    Hidden,
    Deleted,
    Favorites,
    Videos,
    Live,
    Animated,
    None,
}

impl Members {
    /// By the tag of a smart album's list or the end of its count's name.
    fn of_smart_album(tag: &str) -> Self {
        match tag.to_ascii_uppercase().as_str() {
            "FAVORITE" => Self::Favorites,
            "VIDEO" => Self::Videos,
            "LIVE" => Self::Live,
            "ANIMATED" => Self::Animated,
            _ => Self::None,
        }
    }

    fn of_count(name: &str) -> Self {
        match name {
            "CPLAssetByAssetDateWithoutHiddenOrDeleted" => Self::Listed,
            "CPLAssetHiddenByAssetDate" => Self::Hidden,
            "CPLAssetDeletedByExpungedDate" => Self::Deleted,
            other => other
                .strip_prefix("CPLAssetInSmartAlbumByAssetDate:")
                .map_or(Self::None, Self::of_smart_album),
        }
    }

    fn has(self, item: &Item) -> bool {
        match self {
            Self::Listed => item.is_listed(),
            Self::Hidden => item.new.hidden && !item.trashed && !item.expunged,
            Self::Deleted => item.trashed && !item.expunged,
            Self::Favorites => item.is_listed() && item.new.favorite,
            Self::Videos => item.is_listed() && item.media() == "com.apple.quicktime-movie",
            Self::Live => item.is_listed() && item.new.video.is_some(),
            Self::Animated => item.is_listed() && item.media() == "com.compuserve.gif",
            Self::None => false,
        }
    }
}

/// The answer to a HyperionIndexCountLookup. Its filterBy is an object, not a list: so all clients send it.
fn count(library: &Library, zone: Zone, query: &Value) -> Value {
    let by = &query["query"]["filterBy"];
    let by = by.get(0).unwrap_or(by);
    let name = by["fieldValue"]["value"][0].as_str().unwrap_or_default();
    if let Some(album) = name.strip_prefix("CPLContainerRelationNotDeletedByAssetDate:") {
        let number = members_of(library, album).len();
        return json!({"recordName": name, "recordType": "IndexCountResult", "fields": {"itemCount": {"value": number, "type": "INT64"}}});
    }
    let members = Members::of_count(name);
    let number = library
        .items
        .iter()
        .filter(|item| item.new.zone == zone && members.has(item))
        .count();
    json!({"recordName": name, "recordType": "IndexCountResult", "fields": {"itemCount": {"value": number, "type": "INT64"}}})
}

fn list(
    library: &Library,
    zone: Zone,
    body: &Value,
    name: &str,
    keys: &HashSet<&str>,
    url: &dyn Fn(&Content) -> String,
) -> Answer {
    let rank = filter(body, "startRank").as_u64().unwrap_or(0) as usize;
    let members = match name {
        "list-hidden" => Members::Hidden,
        "list-deleted" => Members::Deleted,
        "list-smart" => Members::of_smart_album(filter(body, "smartAlbum").as_str().unwrap_or_default()),
        _ => Members::Listed,
    };
    let mut items: Vec<&Item> = library
        .items
        .iter()
        .filter(|item| item.new.zone == zone && members.has(item))
        .collect();
    let taken = |item: &Item| item.new.taken.unwrap_or(item.added);
    items.sort_by(|one, other| (taken(one), &one.id).cmp(&(taken(other), &other.id)));
    let limit = (body["resultsLimit"].as_u64().unwrap_or(200) as usize / 2).clamp(1, PAGE);
    let mut records = Vec::new();
    let mut masters = HashSet::new();
    let ranks = rank..rank + limit;
    let page = items.into_iter().enumerate();
    for (_, item) in page.filter(|(place, _)| ranks.contains(&library.rank(*place))) {
        // A master that several assets share is told once a page.
        if !item.astray && masters.insert(&item.master) {
            records.push(keep(item.master_record(url), keys));
        }
        records.push(keep(item.asset_record(url), keys));
    }
    answer(200, &json!({"records": records, "syncToken": token(library)}))
}

/// A page of a folder, or of the top with the two folders that every account has.
fn albums(library: &Library, body: &Value) -> Answer {
    let parent = filter(body, "parentId").as_str();
    let roots = ["----Project-Root-Folder----", "----Root-Folder----"]
        .into_iter()
        .filter(|_| parent.is_none())
        .map(|name| json!({"recordName": name, "recordType": "CPLAlbum", "fields": {"albumType": {"value": 3, "type": "INT64"}}}));
    let own = library.albums.iter().filter(|album| album.is_in(parent));
    let all: Vec<Value> = roots.chain(own.map(|album| album.record())).collect();
    let from = body["continuationMarker"]
        .as_str()
        .and_then(|marker| marker.strip_prefix("albums-")?.parse::<usize>().ok())
        .unwrap_or(0);
    let page: Vec<&Value> = all.iter().skip(from).take(ALBUMS).collect();
    let mut document = json!({"records": page, "syncToken": token(library)});
    if from + page.len() < all.len() {
        document["continuationMarker"] = format!("albums-{}", from + page.len()).into();
    }
    answer(200, &document)
}

/// The items of an album, and the names of their records in it.
fn members_of<'a>(library: &'a Library, album: &str) -> Vec<(&'a Item, &'a String)> {
    library
        .members
        .iter()
        .filter_map(|name| {
            let (item, holder) = name.split_once("-IN-")?;
            (holder == album).then_some((library.item(item)?, name))
        })
        .filter(|(item, _)| item.is_listed())
        .collect()
}

/// The members of an album by rank, each with its own record, its asset and its master.
fn album_members(library: &Library, body: &Value, keys: &HashSet<&str>, url: &dyn Fn(&Content) -> String) -> Answer {
    let album = filter(body, "parentId").as_str().unwrap_or_default();
    let rank = filter(body, "startRank").as_u64().unwrap_or(0) as usize;
    let limit = (body["resultsLimit"].as_u64().unwrap_or(200) as usize / 3).clamp(1, MEMBERS);
    let mut items = members_of(library, album);
    items.sort_by_key(|(item, _)| (item.new.taken.unwrap_or(item.added), &item.id));
    let mut records = Vec::new();
    for (item, name) in items.into_iter().skip(rank).take(limit) {
        records.push(keep(item.master_record(url), keys));
        records.push(keep(item.asset_record(url), keys));
        records.push(keep(member_record(name, true), keys));
    }
    answer(200, &json!({"records": records, "syncToken": token(library)}))
}

fn lookup(
    library: &Library,
    zone: Zone,
    body: &Value,
    keys: &HashSet<&str>,
    url: &dyn Fn(&Content) -> String,
) -> Answer {
    let names = body["records"].as_array().cloned().unwrap_or_default();
    if names.len() > 200 {
        return answer(
            400,
            &json!({"serverErrorCode": "BAD_REQUEST", "reason": "length is greater than max size"}),
        );
    }
    let wanted: HashSet<&str> = names
        .iter()
        .filter_map(|record| record["recordName"].as_str())
        .collect();
    let mut found: std::collections::HashMap<&str, Value> = std::collections::HashMap::new();
    for item in library.items.iter().filter(|item| item.new.zone == zone) {
        if wanted.contains(item.master.as_str()) && !item.astray && !found.contains_key(item.master.as_str()) {
            found.insert(&item.master, keep(item.master_record(url), keys));
        }
        if wanted.contains(item.id.as_str()) && !item.expunged {
            found.insert(&item.id, keep(item.asset_record(url), keys));
        }
    }
    let records: Vec<Value> = names
        .iter()
        .map(|record| {
            let name = record["recordName"].as_str().unwrap_or_default();
            found.get(name).cloned().unwrap_or_else(
                || json!({"recordName": name, "serverErrorCode": "NOT_FOUND", "reason": "Record not found"}),
            )
        })
        .collect();
    answer(200, &json!({"records": records}))
}

fn changes(
    library: &Library,
    zone: Zone,
    body: &Value,
    keys: &HashSet<&str>,
    url: &dyn Fn(&Content) -> String,
) -> Answer {
    let token = body["zones"][0]["syncToken"].as_str().unwrap_or("T0");
    let Some(since) = token
        .strip_prefix('T')
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|since| (library.oldest..=library.log.len()).contains(since))
    else {
        return answer(
            200,
            &json!({"zones": [{"serverErrorCode": "BAD_REQUEST", "reason": "Unknown sync continuation type"}]}),
        );
    };
    let page = &library.log[since..(since + RECORDS).min(library.log.len())];
    let next = since + page.len();
    let mut told = HashSet::new();
    let mut records = Vec::new();
    for (id, part) in page {
        match part {
            Record::Album | Record::Member if zone != Zone::Personal || !told.insert((id, *part)) => continue,
            Record::Album => {
                let album = library.albums.iter().find(|album| album.id == *id);
                records.extend(album.map(|album| keep(album.record(), keys)));
                continue;
            }
            Record::Member => {
                records.push(keep(member_record(id, library.members.contains(id)), keys));
                continue;
            }
            Record::Master | Record::Asset => {}
        }
        let Some(item) = library
            .item(id)
            .filter(|item| item.new.zone == zone && told.insert((id, *part)))
        else {
            continue;
        };
        match part {
            Record::Asset => records.push(keep(item.asset_record(url), keys)),
            Record::Master if !item.expunged && !item.astray => records.push(keep(item.master_record(url), keys)),
            Record::Master | Record::Album | Record::Member => {}
        }
    }
    answer(
        200,
        &json!({"zones": [{"zoneID": zone.id(), "syncToken": format!("T{next}"), "moreComing": next < library.log.len(), "records": records}]}),
    )
}
