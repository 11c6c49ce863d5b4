//! What a request demands of what stands at its key.

use camroll_connector::types::Entry;
use camroll_connector::Error;

use crate::bucket::settings;
use crate::failures::already_there;
use crate::lock;
use crate::objects::{expect, stat};
use crate::providers::Conditions;
use crate::server::{self, Guard};

/// What is looked at before a request that brings or shows a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Only where the service can't be trusted to do it.
    WhereNeeded,
    /// Where its provider doesn't say: trials were made with the simple request only.
    UnlessSaid,
}

/// Looks at what stands at the path, where the service can't be trusted to do it while it writes; and says what a request is to demand.
pub fn condition(path: &str, replaces: Option<&Entry>, before: Look) -> Result<Option<(&'static str, String)>, Error> {
    let conditions = server::conditions(match replaces {
        Some(_) => Guard::Replacing,
        None => Guard::Creating,
    })?;
    let is_said = settings()?.provider().conditions == Conditions::Kept;
    // No condition would keep a new version from an object that is held.
    let may_be_held = replaces.is_some() && lock::may_be_on_some()?;
    if conditions != Conditions::Kept || may_be_held || before == Look::UnlessSaid && !is_said {
        match replaces {
            Some(expected) => drop(expect(expected, already_there)?),
            None if stat(path)?.is_some() => return Err(already_there()),
            None => {}
        }
    }
    if conditions == Conditions::Refused {
        return Ok(None);
    }
    Ok(Some(match replaces.and_then(|entry| entry.version.clone()) {
        Some(version) => ("if-match", version),
        None => ("if-none-match", "*".to_owned()),
    }))
}
