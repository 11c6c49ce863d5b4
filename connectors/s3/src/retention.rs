//! What a lock asks for, and whether what a service tells of an object is that.

use camroll_connector::times::Utc;

/// For how long, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// GOVERNANCE or COMPLIANCE, where there is a retention.
    pub mode: Option<String>,
    /// Until when, as S3 writes it.
    pub until: Option<String>,
    /// Whether there is a legal hold.
    pub hold: bool,
}

impl Lock {
    /// What of `asked` isn't held; none where all of it is.
    pub fn lacks(&self, asked: &Self) -> Option<&'static str> {
        if asked.hold && !self.hold {
            return Some("there is no legal hold on it");
        }
        let mode = asked.mode.as_deref()?;
        match self.mode.as_deref() {
            None => return Some("there is no retention on it"),
            // Compliance holds all that governance does.
            Some(held) if held == mode || held == "COMPLIANCE" => {}
            Some(_) => return Some("its retention is of another mode"),
        }
        let reaches = match (self.until.as_deref().map(seconds), asked.until.as_deref().map(seconds)) {
            (Some(Some(held)), Some(Some(asked))) => held >= asked - TOLERANCE,
            _ => false,
        };
        (!reaches).then_some("its retention ends too early")
    }
}

/// What services round off, seconds.
const TOLERANCE: i64 = 60;

/// RFC 3339 in UTC; none outside of the calendar.
pub fn iso8601(seconds: i64) -> Option<String> {
    Utc::at(seconds).map(|time| time.rfc3339())
}

/// Seconds since 1970 of what a service tells.
pub fn seconds(text: &str) -> Option<i64> {
    Utc::of_rfc3339(text)?.seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_compared_with_what_was_asked() {
        let asked = Lock {
            mode: Some("GOVERNANCE".into()),
            until: Some("2027-01-01T00:01:00Z".into()),
            hold: false,
        };
        let held = |mode: &str, until: &str| Lock {
            mode: Some(mode.into()),
            until: Some(until.into()),
            hold: false,
        };
        assert_eq!(asked.lacks(&asked), None);
        assert_eq!(held("COMPLIANCE", "2027-01-01T00:00:00Z").lacks(&asked), None);
        assert!(held("GOVERNANCE", "2026-12-31T23:59:59Z").lacks(&asked).is_some());
        assert!(held("GOVERNANCE", "some day").lacks(&asked).is_some());
        assert!(Lock::default().lacks(&asked).is_some());
        let compliance = held("COMPLIANCE", "2027-01-01T00:01:00Z");
        assert!(asked.lacks(&compliance).is_some());
        let hold = Lock {
            hold: true,
            ..Lock::default()
        };
        assert_eq!(hold.lacks(&hold), None);
        assert!(asked.lacks(&hold).is_some());
    }
}
