//! The photos service: CloudKit's operations over the library.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::content::Content;
use crate::library::{Item, Library};
use crate::server::{Answer, Asked, answer};

/// Items of a page: 200 records, an asset and its master each.
const PAGE: usize = 100;

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
            other => other.into(),
        },
        "changes/zone" => "changes".into(),
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
    match operation(asked).as_str() {
        "zones/list" => {
            let zones = if asked.path.contains("/private/") {
                json!([{"zoneID": {"zoneName": "PrimarySync", "zoneType": "REGULAR_CUSTOM_ZONE"}}])
            } else {
                json!([])
            };
            answer(200, &json!({"zones": zones, "moreComing": false}))
        }
        "count" => answer(
            200,
            &json!({"batch": [{"records": [{"recordType": "IndexCountResult", "fields": {"itemCount": {"value": library.count()}}}]}]}),
        ),
        "CheckIndexingState" => answer(
            200,
            &json!({"records": [{"fields": {"state": {"value": "FINISHED"}, "progress": {"value": 100}}}]}),
        ),
        name @ ("token" | "list" | "list-hidden" | "list-deleted") => list(library, &body, name, &keys, url),
        "lookup" => lookup(library, &body, &keys, url),
        "changes" => changes(library, &body, &keys, url),
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

fn list(library: &Library, body: &Value, name: &str, keys: &HashSet<&str>, url: &dyn Fn(&Content) -> String) -> Answer {
    let rank = body["query"]["filterBy"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|filter| filter["fieldName"] == "startRank")
        .and_then(|filter| filter["fieldValue"]["value"].as_u64())
        .unwrap_or(0) as usize;
    let fits = |item: &&Item| match name {
        "list-hidden" => item.new.hidden && !item.trashed && !item.expunged,
        "list-deleted" => item.trashed && !item.expunged,
        _ => item.is_listed(),
    };
    let mut items: Vec<&Item> = library.items.iter().filter(fits).collect();
    items.sort_by_key(|item| (item.new.taken.unwrap_or(item.added), item.id.clone()));
    let limit = (body["resultsLimit"].as_u64().unwrap_or(200) as usize / 2).clamp(1, PAGE);
    let mut records = Vec::new();
    let mut masters = HashSet::new();
    for item in items.into_iter().skip(rank).take(limit) {
        // A master that several assets share is told once a page.
        if masters.insert(&item.master) {
            records.push(keep(item.master_record(url), keys));
        }
        records.push(keep(item.asset_record(url), keys));
    }
    answer(
        200,
        &json!({"records": records, "syncToken": format!("T{}", library.log.len())}),
    )
}

fn lookup(library: &Library, body: &Value, keys: &HashSet<&str>, url: &dyn Fn(&Content) -> String) -> Answer {
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
    for item in &library.items {
        if wanted.contains(item.master.as_str()) && !found.contains_key(item.master.as_str()) {
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

fn changes(library: &Library, body: &Value, keys: &HashSet<&str>, url: &dyn Fn(&Content) -> String) -> Answer {
    let token = body["zones"][0]["syncToken"].as_str().unwrap_or("T0");
    let Some(since) = token
        .strip_prefix('T')
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|since| *since <= library.log.len())
    else {
        return answer(
            200,
            &json!({"zones": [{"serverErrorCode": "BAD_REQUEST", "reason": "Unknown sync continuation type"}]}),
        );
    };
    let page: Vec<&String> = library.log[since..].iter().take(PAGE).collect();
    let next = since + page.len();
    let mut records = Vec::new();
    let mut told = HashSet::new();
    for id in page {
        let Some(item) = library.items.iter().find(|item| item.id == *id) else {
            continue;
        };
        if !told.insert(id) {
            continue;
        }
        if !item.expunged && told.insert(&item.master) {
            records.push(keep(item.master_record(url), keys));
        }
        records.push(keep(item.asset_record(url), keys));
    }
    answer(
        200,
        &json!({"zones": [{"zoneID": {"zoneName": "PrimarySync"}, "syncToken": format!("T{next}"), "moreComing": next < library.log.len(), "records": records}]}),
    )
}
