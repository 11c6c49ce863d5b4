//! When a spec runs by itself. Read and checked here; only the time zone is used before there is a daemon.

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;

/// When a spec runs by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// What starts a run.
    pub trigger: Trigger,
    /// The zone of cron lines, windows, and of dates in filters and layouts for photos that have none of their own. Default UTC, so that a
    /// spec means the same on every machine.
    pub timezone: TimeZone,
    /// The hours in which runs may start.
    pub window: Option<Window>,
    /// Each start is put off by a random time up to this.
    pub jitter: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            trigger: Trigger::Manual,
            timezone: TimeZone::UTC,
            window: None,
            jitter: Duration::ZERO,
        }
    }
}

/// What starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A person.
    Manual,
    /// So long after the last start.
    Every(Duration),
    /// A cron line of five fields.
    Cron(String),
}

/// The hours in which runs may start; over midnight where `to` is not later than `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first minute.
    pub from: Time,
    /// The first minute after.
    pub to: Time,
}
