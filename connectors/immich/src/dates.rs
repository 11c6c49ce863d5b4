//! Times as Immich writes them: ISO 8601, always with `Z` or an offset.

use camroll_connector::types::Instant;
use jiff::tz::Offset;
use jiff::Timestamp;

/// A time in UTC, to the millisecond: what uploads take. None where it is out of the calendar.
pub fn utc(instant: Instant) -> Option<String> {
    let timestamp = timestamp(instant)?;
    Some(timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// A time where it was taken: `offset` is seconds east of UTC.
pub fn at(instant: Instant, offset: i32) -> Option<String> {
    let offset = Offset::from_seconds(offset).ok()?;
    Some(timestamp(instant)?.display_with_offset(offset).to_string())
}

/// Reads one.
pub fn read(text: &str) -> Option<Instant> {
    let timestamp: Timestamp = text.parse().ok()?;
    let nanoseconds = timestamp.as_nanosecond();
    Some(Instant {
        seconds: i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?,
        nanoseconds: u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?,
    })
}

/// A duration as servers before 3 take it.
pub fn duration_text(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e9);
    let (hours, rest) = ((whole / 3600.0).floor(), whole % 3600.0);
    format!("{hours}:{:02}:{:09.6}", (rest / 60.0).floor(), rest % 60.0)
}

fn timestamp(instant: Instant) -> Option<Timestamp> {
    let whole = Timestamp::from_second(instant.seconds).ok()?;
    whole
        .checked_add(jiff::SignedDuration::from_nanos(i64::from(instant.nanoseconds)))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(seconds: i64, nanoseconds: u32) -> Instant {
        Instant { seconds, nanoseconds }
    }

    #[test]
    fn times_have_milliseconds_and_a_zone() {
        assert_eq!(
            utc(instant(1_600_000_000, 0)).as_deref(),
            Some("2020-09-13T12:26:40.000Z")
        );
        assert_eq!(
            utc(instant(-1, 500_000_000)).as_deref(),
            Some("1969-12-31T23:59:59.500Z")
        );
        assert_eq!(utc(instant(i64::MAX, 0)), None);
        assert_eq!(
            at(instant(1_600_000_000, 0), 7200).as_deref(),
            Some("2020-09-13T14:26:40+02:00")
        );
        assert_eq!(at(instant(0, 0), i32::MAX), None);
    }

    #[test]
    fn what_was_written_is_read() {
        for text in ["2020-09-13T12:26:40.000Z", "2020-09-13T14:26:40+02:00"] {
            assert_eq!(read(text).map(|read| read.seconds), Some(1_600_000_000), "{text}");
        }
        assert_eq!(
            read("1969-12-31T23:59:59.500Z").map(|read| (read.seconds, read.nanoseconds)),
            Some((-1, 500_000_000))
        );
        assert!(read("yesterday").is_none() && read("2020-09-13T12:26:40").is_none());
    }

    #[test]
    fn durations_are_texts_to_older_servers() {
        assert_eq!(duration_text(2.5), "0:00:02.500000");
        assert_eq!(duration_text(3725.25), "1:02:05.250000");
        assert_eq!(duration_text(-1.0), "0:00:00.000000");
    }
}
