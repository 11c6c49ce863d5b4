use serde::{Deserialize, Serialize};

/// A point in time: seconds since 1970-01-01T00:00:00Z, possibly negative, and nanoseconds below 1,000,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest, always counted forwards.
    pub nanoseconds: u32,
}

impl Instant {
    /// The time as the calendar knows it; none where it lies outside the years -9999 to 9999.
    pub fn to_timestamp(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::new(self.seconds, i32::try_from(self.nanoseconds).ok()?).ok()
    }
}

impl From<jiff::Timestamp> for Instant {
    fn from(time: jiff::Timestamp) -> Self {
        let nanoseconds = time.as_nanosecond();
        Self {
            seconds: nanoseconds.div_euclid(1_000_000_000) as i64,
            nanoseconds: nanoseconds.rem_euclid(1_000_000_000) as u32,
        }
    }
}
