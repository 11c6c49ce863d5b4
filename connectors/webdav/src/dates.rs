//! Times as WebDAV writes them.

use std::time::{Duration, UNIX_EPOCH};

use camroll_connector::times::Utc;
use camroll_connector::types::Instant;

/// Reads a time of a property: by HTTP's three forms, else by RFC 3339 in UTC.
pub fn read(text: &str) -> Option<Instant> {
    let text = text.trim();
    let seconds = match httpdate::parse_http_date(text) {
        Ok(time) => i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?,
        Err(_) => Utc::of_rfc3339(text)?.seconds()?,
    };
    Some(Instant {
        seconds,
        nanoseconds: 0,
    })
}

/// Writes a time for PROPPATCH; none before 1970, which servers don't take.
pub fn write(time: &Instant) -> Option<String> {
    let seconds = u64::try_from(time.seconds).ok()?;
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    // Beyond the year 9999 it can't be written.
    (seconds < 253_402_300_800).then(|| httpdate::fmt_http_date(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let time = Instant {
            seconds: 1_720_000_000,
            nanoseconds: 0,
        };
        let text = write(&time).expect("it can be written");
        assert_eq!(text, "Wed, 03 Jul 2024 09:46:40 GMT");
        for form in [
            text.as_str(),
            " 2024-07-03T09:46:40Z",
            "2024-07-03T09:46:40.123Z",
            "Wednesday, 03-Jul-24 09:46:40 GMT",
        ] {
            assert_eq!(read(form).map(|time| time.seconds), Some(1_720_000_000), "{form}");
        }
        assert_eq!(
            read("2024-02-29T00:00:00Z").map(|time| time.seconds),
            Some(1_709_164_800)
        );
        assert_eq!(read("1970-01-01T00:00:00Z").map(|time| time.seconds), Some(0));
        for wrong in ["", "yesterday", "2024-13-01T00:00:00Z", "2024-07-03"] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
        assert!(write(&Instant {
            seconds: -1,
            nanoseconds: 0
        })
        .is_none());
    }
}
