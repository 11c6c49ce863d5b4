//! The rest that a destination asked for: it is left alone until then by later runs too, and the others go on.

use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use camroll_state::{State, StateError};

use crate::identity::place_of;

/// No service's word is obeyed for longer, nor is a memo that says so: the clock was set back.
const LONGEST: Duration = Duration::from_hours(24);

fn memo(connector: &str, settings: &serde_json::Value) -> String {
    format!("rest/{}", place_of(connector, settings))
}

/// Remembers that a place asked to be left alone for so long from now on.
pub(crate) fn remember(
    state: &State,
    connector: &str,
    settings: &serde_json::Value,
    rest: Duration,
    now: jiff::Timestamp,
) -> Result<(), StateError> {
    let seconds = rest.min(LONGEST).as_secs().cast_signed();
    state.set_memo(
        &memo(connector, settings),
        &now.as_second().saturating_add(seconds).to_string(),
    )
}

/// What is said instead of asking a place that wants to be left alone still; none where it may be asked.
pub(crate) fn resting(
    state: &State,
    connector: &str,
    settings: &serde_json::Value,
    now: jiff::Timestamp,
) -> Result<Option<ConnectorError>, StateError> {
    let until = state
        .memo(&memo(connector, settings))?
        .and_then(|text| text.parse::<i64>().ok());
    let Some(until) = until else { return Ok(None) };
    let left = until.saturating_sub(now.as_second());
    if left <= 0 || left > LONGEST.as_secs().cast_signed() {
        return Ok(None);
    }
    let when = jiff::Timestamp::from_second(until).map_or_else(|_| until.to_string(), |time| time.to_string());
    let mut error = ConnectorError::new(
        ErrorClass::RateLimited,
        "sync/resting",
        format!("The service asked to be left alone until {when}."),
    );
    error.retry_after = u32::try_from(left).ok();
    Ok(Some(error))
}
