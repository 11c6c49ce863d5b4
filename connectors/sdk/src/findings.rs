//! What one instance found out of the service, for all of its connection.

use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::bindings::camroll::connector::findings;
use crate::token;
use crate::types::Error;

/// What was found out under this key, by whichever instance; else what `find` finds, for all of them.
pub fn known<T: Serialize + DeserializeOwned>(key: &str, find: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    if let Some(found) = findings::ask(key)?.and_then(|told| token::read(&told).ok()) {
        return Ok(found);
    }
    let found = find()?;
    tell(key, &found);
    Ok(found)
}

/// What was told by now; nobody is waited for.
pub fn told<T: DeserializeOwned>(key: &str) -> Option<T> {
    findings::get(key).and_then(|told| token::read(&told).ok())
}

/// Tells what was found out. What the host has no room for is found out again by who needs it.
pub fn tell<T: Serialize>(key: &str, found: &T) {
    let _ = findings::tell(key, &token::write(found));
}
