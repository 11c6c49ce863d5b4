//! Asks all calls of a connection to end.

use camroll_model::{ConnectorError, ErrorClass};
use tokio::sync::watch;

/// Why calls shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A person or the system asked for it.
    Asked,
    /// What the calls are for has failed elsewhere.
    Failed,
}

pub(crate) struct Stop(watch::Sender<Option<StopReason>>);

impl Stop {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn ask(&self, reason: StopReason) {
        self.0.send_replace(Some(reason));
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns when it was asked, with the error that says so.
    pub(crate) async fn stopped(&self) -> ConnectorError {
        let mut asked = self.0.subscribe();
        let reason = asked
            .wait_for(Option::is_some)
            .await
            .map(|reason| *reason)
            .unwrap_or(None);
        let why = match reason {
            Some(StopReason::Failed) => "What it was for has failed elsewhere.",
            Some(StopReason::Asked) | None => "It was asked to stop.",
        };
        ConnectorError::new(ErrorClass::Cancelled, "host/stopped", why)
    }
}
