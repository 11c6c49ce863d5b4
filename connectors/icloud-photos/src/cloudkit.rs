//! Calls of the photos service: CloudKit's container com.apple.photos.cloud.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::{request, Answer, Builder, Pending};
use camroll_connector::types::{Error, ErrorClass};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::assets::KEYS;
use crate::failures;
use crate::session::{places, query, remembered, user_agent};

/// Records in one lookup, by the service.
pub const LOOKUP_LIMIT: usize = 200;
/// Records in one page, by the service.
pub const PAGE_RECORDS: u32 = 200;

/// A library: its database and zone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Zone {
    pub database: String,
    pub zone: Value,
}

impl Zone {
    /// The personal library.
    pub fn personal() -> Self {
        Self {
            database: "private".into(),
            zone: json!({"zoneName": "PrimarySync"}),
        }
    }

    /// One of Apple's answers: what names the zone, and nothing that may change from one answer to the next.
    pub fn told(database: &str, told: &Value) -> Self {
        let mut zone = serde_json::Map::new();
        for key in ["zoneName", "ownerRecordName", "zoneType"] {
            if let Some(value) = told.get(key).filter(|value| value.is_string()) {
                zone.insert(key.into(), value.clone());
            }
        }
        Self {
            database: database.into(),
            zone: Value::Object(zone),
        }
    }

    /// Whether it is the personal library.
    pub fn is_personal(&self) -> bool {
        self.database == "private" && self.zone["zoneName"] == "PrimarySync"
    }

    /// As the engine keeps it.
    pub fn id(&self) -> String {
        if self.is_personal() {
            return "PrimarySync".into();
        }
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Back from what the engine keeps.
    pub fn of(id: &str) -> Result<Self, Error> {
        if id == "PrimarySync" {
            return Ok(Self::personal());
        }
        serde_json::from_str(id).map_err(|_| {
            error(
                ErrorClass::NotFound,
                "apple/no-library",
                "That isn't a library of this account.",
            )
        })
    }
}

fn call(database: &str, operation: &str, body: &Value) -> Result<Builder<'static>, Error> {
    let Some(base) = remembered("photos") else {
        return Err(error(
            ErrorClass::Unauthenticated,
            "apple/signed-out",
            "There is no session. Run `camroll login`.",
        ));
    };
    let home = places().home;
    Ok(request(
        "POST",
        format!(
            "{base}/database/1/com.apple.photos.cloud/production/{database}/{operation}?{}",
            query()
        ),
    )
    .header("Origin", home.clone())
    .header("Referer", format!("{home}/"))
    .header("User-Agent", user_agent())
    .header("Accept", "application/json")
    .header("Content-Type", "text/plain")
    .text(&body.to_string())
    .pace("metadata"))
}

/// Asks and waits. A 421 is asked once more: the host makes a fresh connection after it.
pub fn ask(database: &str, operation: &str, body: &Value) -> Result<Value, Error> {
    let first = Answer::read(call(database, operation, body)?.send()?)?;
    let answer = if first.status == 421 {
        Answer::read(call(database, operation, body)?.send()?)?
    } else {
        first
    };
    understood(&answer, operation)
}

/// Asks ahead.
pub fn start(database: &str, operation: &str, body: &Value) -> Result<Pending, Error> {
    call(database, operation, body)?.start()
}

/// What was asked ahead.
pub fn finish(pending: Pending, operation: &str) -> Result<Value, Error> {
    understood(&Answer::read(Pending::wait(pending)?)?, operation)
}

/// An answer's document, or the failure that it tells: by its status, or in words under status 200.
fn understood(answer: &Answer, operation: &str) -> Result<Value, Error> {
    let document = answer.json();
    let code = document["serverErrorCode"]
        .as_str()
        .or_else(|| document["zones"][0]["serverErrorCode"].as_str());
    if let Some(code) = code {
        let holder = if document["serverErrorCode"].is_string() {
            &document
        } else {
            &document["zones"][0]
        };
        let rest = holder["retryAfter"]
            .as_f64()
            .map(|seconds| seconds.clamp(0.0, 86_400.0).ceil() as u32)
            .or(answer.retry_after());
        // A refusal by status says more than the code: 401 is a session's end whatever the words are.
        if !matches!(answer.status, 401 | 421 | 429 | 503) {
            return Err(failures::cloudkit(
                code,
                holder["reason"].as_str().unwrap_or_default(),
                rest,
            ));
        }
    }
    match answer.status {
        200 if document.is_object() => Ok(document),
        200 => Err(error(
            ErrorClass::Transient,
            "apple/not-json",
            format!("Apple answered {operation} with something that isn't JSON."),
        )),
        401 | 450 => Err(error(
            ErrorClass::Unauthenticated,
            "apple/signed-out",
            "Apple has ended the session.",
        )),
        _ => Err(answer.failure("apple", operation)),
    }
}

/// The query of a page by rank.
pub fn rank_query(zone: &Zone, list: &str, rank: u64) -> Value {
    json!({
        "query": {"recordType": list, "filterBy": [
            {"fieldName": "startRank", "comparator": "EQUALS", "fieldValue": {"type": "INT64", "value": rank}},
            {"fieldName": "direction", "comparator": "EQUALS", "fieldValue": {"type": "STRING", "value": "ASCENDING"}}]},
        "resultsLimit": PAGE_RECORDS, "desiredKeys": KEYS, "zoneID": zone.zone,
    })
}

/// What changed in a zone since a token: the page, the next token, whether there is more.
pub fn zone_changes(zone: &Zone, since: &str) -> Result<(Vec<Value>, String, bool), Error> {
    let body = json!({"zones": [{"zoneID": zone.zone, "syncToken": since, "resultsLimit": PAGE_RECORDS, "desiredKeys": KEYS, "reverse": false}]});
    let mut answer = ask(&zone.database, "changes/zone", &body)?;
    let page = &mut answer["zones"][0];
    let Some(next) = page["syncToken"].as_str().map(str::to_owned) else {
        return Err(unexpected(
            "apple/no-token",
            "Apple told changes without a mark to go on from.",
        ));
    };
    let more = page["moreComing"] == true;
    let records = match page["records"].take() {
        Value::Array(records) => records,
        _ => Vec::new(),
    };
    Ok((records, next, more))
}

/// Records by their names, in no order; what isn't there is left out, and whether a name failed is told by its absence.
pub fn lookup(zone: &Zone, names: &[&str], keys: &[&str]) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    for chunk in names.chunks(LOOKUP_LIMIT) {
        let records: Vec<Value> = chunk.iter().map(|name| json!({"recordName": name})).collect();
        let body = json!({"records": records, "zoneID": zone.zone, "desiredKeys": keys});
        let mut answer = ask(&zone.database, "records/lookup", &body)?;
        if let Value::Array(records) = answer["records"].take() {
            for record in records {
                match record["serverErrorCode"].as_str() {
                    None => found.push(record),
                    Some("NOT_FOUND" | "UNKNOWN_ITEM") => {}
                    Some(code) => {
                        return Err(failures::cloudkit(
                            code,
                            record["reason"].as_str().unwrap_or_default(),
                            None,
                        ))
                    }
                }
            }
        }
    }
    Ok(found)
}
