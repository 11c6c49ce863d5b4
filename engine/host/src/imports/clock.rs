//! `clock`: the time, and waiting within bounds.

use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};

use super::{Failure, Inside};
use crate::bindings::camroll::connector::{clock, types};
use crate::convert;

/// Seconds that one call waits at most, and all of one exported call.
const WAIT_AT_ONCE: u32 = 60;
const WAIT_IN_ALL: u32 = 600;

impl clock::Host for Inside {
    async fn now(&mut self) -> wasmtime::Result<types::Instant> {
        Ok(convert::instant_out(jiff::Timestamp::now().into()))
    }

    async fn wait(&mut self, seconds: u32) -> Result<(), Failure> {
        let in_all = self.call.waited.saturating_add(seconds);
        if seconds > WAIT_AT_ONCE || in_all > WAIT_IN_ALL {
            return Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/wait-too-long",
                format!("A connector may wait {WAIT_AT_ONCE} s at once and {WAIT_IN_ALL} s in one call; it should answer `rate-limited` instead."),
            )
            .into());
        }
        self.call.waited = in_all;
        let pause = tokio::time::sleep(Duration::from_secs(seconds.into()));
        Ok(self
            .ours(async {
                pause.await;
                Ok(())
            })
            .await?)
    }
}
