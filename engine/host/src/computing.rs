//! How long a connector's call has computed: the time between what it asks of the host, and none of what the host then takes or waits for.
//!
//! Counting the clock's ticks isn't that: a call that asks the host a hundred times a second for a minute has computed for milliseconds, and was seen in each tick.

use std::time::{Duration, Instant};

use wasmtime::CallHook;

/// A stopwatch that runs while the guest does.
#[derive(Debug, Default)]
pub(crate) struct Computing {
    spent: Duration,
    since: Option<Instant>,
}

impl Computing {
    /// The guest goes on, or stops for the host or for good.
    pub(crate) fn at(&mut self, hook: CallHook) {
        if hook.entering_host() {
            self.spent = self.spent();
            self.since = None;
        } else {
            self.since = Some(Instant::now());
        }
    }

    /// So far.
    pub(crate) fn spent(&self) -> Duration {
        self.spent + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
