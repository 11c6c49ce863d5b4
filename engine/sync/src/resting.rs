//! Rests that outlive a run: who asked to be left alone, or failed too often in a row, is left alone by later runs too.

use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use camroll_state::{State, StateError};

use crate::identity::place_of;

/// No service's word is obeyed for longer, nor is a memo that says so: the clock was set back.
const LONGEST: Duration = Duration::from_hours(24);

/// Who rests, as the state has it.
pub(crate) struct Whom(String);

impl Whom {
    /// A source's account.
    pub(crate) fn account(connector: &str, account: &str) -> Self {
        Self(format!("breaker/{connector}/{account}"))
    }

    /// A destination, before it was asked who it is.
    pub(crate) fn place(connector: &str, settings: &serde_json::Value) -> Self {
        Self(format!("rest/{}", place_of(connector, settings)))
    }

    /// Remembers that it is to be left alone for so long from now on.
    pub(crate) fn rests(&self, state: &State, rest: Duration) -> Result<(), StateError> {
        let seconds = rest.min(LONGEST).as_secs().cast_signed();
        let until = crate::clock::now().as_second().saturating_add(seconds);
        state.set_memo(&self.0, &until.to_string())
    }

    /// Until when it is left alone; none where it may be asked.
    pub(crate) fn rests_until(&self, state: &State) -> Result<Option<jiff::Timestamp>, StateError> {
        let now = crate::clock::now();
        Ok(state
            .memo(&self.0)?
            .and_then(|text| text.parse().ok())
            .and_then(|until| jiff::Timestamp::from_second(until).ok())
            .filter(|until| *until > now && until.as_second() - now.as_second() <= LONGEST.as_secs().cast_signed()))
    }
}

/// What is said of a destination instead of asking it.
pub(crate) fn left_alone(until: jiff::Timestamp) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::RateLimited,
        "sync/resting",
        format!("The service asked to be left alone until {until}."),
    )
}
