//! Times as WebDAV writes them.

use std::time::{Duration, UNIX_EPOCH};

use camroll_connector::types::Instant;

/// Reads a time of a property: by HTTP's three forms, else by RFC 3339 in UTC.
pub fn read(text: &str) -> Option<Instant> {
    let text = text.trim();
    let seconds = match httpdate::parse_http_date(text) {
        Ok(time) => time.duration_since(UNIX_EPOCH).ok()?.as_secs(),
        Err(_) => rfc3339(text)?,
    };
    Some(Instant {
        seconds: i64::try_from(seconds).ok()?,
        nanoseconds: 0,
    })
}

/// "2024-01-02T03:04:05Z", with or without fractions.
fn rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, by: char| -> Option<Vec<u64>> { text.split(by).map(|part| part.parse().ok()).collect() };
    let (date, time) = (numbers(date, '-')?, numbers(time.split('.').next()?, ':')?);
    let ([year, month, day], [hour, minute, second]) = (&date[..], &time[..]) else {
        return None;
    };
    if !(1970..=9999).contains(year) || !(1..=12).contains(month) || !(1..=31).contains(day) {
        return None;
    }
    // Days of the years before, counted from March, so that the leap day is the last.
    let (year, month) = if *month > 2 {
        (*year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
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
