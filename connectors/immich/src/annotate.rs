//! Tells the server what the source knows of a picture beside its bytes.

use camroll_connector::types::{Asset as Source, Entry, Error};
use serde_json::Value;

use crate::answers::Asset;
use crate::changes::changes;
use crate::entries::entry;
use crate::failures::{conflict, not_found};
use crate::ids::Id;
use crate::wire::Session;

/// What is there under the id of an entry, if its bytes are the expected ones.
pub fn expected(session: &Session, id: &Id, expected: &Entry, what: &str) -> Result<Asset, Error> {
    let there = session.asset(id)?.ok_or_else(|| not_found(what))?;
    match expected.version.as_deref() {
        Some(version) if version == there.checksum => Ok(there),
        _ => Err(conflict()),
    }
}

/// Sets what differs; nothing where nothing does.
pub fn annotate(session: &Session, id: &Id, entry_there: &Entry, source: &Source) -> Result<Entry, Error> {
    let there = expected(session, id, entry_there, "annotating")?;
    let changes = changes(&there, source);
    if changes.is_empty() {
        return Ok(entry(&there));
    }
    let path = format!("/assets/{}", id.as_str());
    let changed: Asset = session.send("PUT", &path, &Value::Object(changes), "annotating")?;
    // The answer of a change has no size.
    let mut told = entry(&changed);
    told.size = told.size.or(entry_there.size);
    Ok(told)
}
