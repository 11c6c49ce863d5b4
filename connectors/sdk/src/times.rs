//! Times in UTC between seconds since 1970 and what protocols write.
//!
//! The calendar is jiff's; its parser and printer would make a component larger by 150 kB, and protocols have forms of their own in any case.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::Timestamp;

/// A second of a day of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    /// 1 to 9999: what four digits hold.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// 0 to 59; a leap second is read as the one before it.
    pub second: i8,
}

impl Utc {
    /// So many seconds after 1970 began; none outside of the years that have four digits.
    pub fn at(seconds: i64) -> Option<Self> {
        let time = Offset::UTC.to_datetime(Timestamp::from_second(seconds).ok()?);
        (1..=9999).contains(&time.year()).then(|| Self {
            year: time.year(),
            month: time.month(),
            day: time.day(),
            hour: time.hour(),
            minute: time.minute(),
            second: time.second(),
        })
    }

    /// Seconds since 1970; none where there is no such day or time.
    pub fn seconds(&self) -> Option<i64> {
        let second = match self.second {
            60 => 59,
            second => second,
        };
        let time = DateTime::new(self.year, self.month, self.day, self.hour, self.minute, second, 0).ok()?;
        Some(Offset::UTC.to_timestamp(time).ok()?.as_second())
    }

    /// As in RFC 3339: "2024-02-29T09:46:40Z".
    pub fn rfc3339(&self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Reads that form, with a fraction or without.
    pub fn of_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.trim().strip_suffix('Z')?.split_once('T')?;
        let (time, _) = time.split_once('.').unwrap_or((time, ""));
        let [year, month, day] = numbers(date, '-')?;
        let [hour, minute, second] = numbers(time, ':')?;
        let small = |number: i16| i8::try_from(number).ok();
        Some(Self {
            year,
            month: small(month)?,
            day: small(day)?,
            hour: small(hour)?,
            minute: small(minute)?,
            second: small(second)?,
        })
    }
}

fn numbers(text: &str, between: char) -> Option<[i16; 3]> {
    let mut all = text.split(between).map(|number| {
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| number.parse::<i16>().ok()).flatten()
    });
    let three = [all.next()??, all.next()??, all.next()??];
    all.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        Utc::of_rfc3339(text)?.seconds()
    }

    #[test]
    fn every_week_comes_back() {
        // From the year 53 to 9909.
        for day in (-700_000_i64..2_900_000).step_by(7) {
            let seconds = day * 86_400 + day.rem_euclid(86_400);
            let text = Utc::at(seconds).map(|time| time.rfc3339()).unwrap();
            assert_eq!(read(&text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn known_times() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Utc::at(seconds).map(|time| time.rfc3339()).as_deref(), Some(text));
            assert_eq!(read(text), Some(seconds));
        }
        assert_eq!(read(" 2024-02-29T00:00:00.123Z"), Some(1_709_164_800));
        assert_eq!(read("2016-12-31T23:59:60Z"), read("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "Z",
            "TZ",
            "2024-02-29",
            "2024-02-30T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-02-29T24:00:00Z",
            "2024-02-29T00:00:00+02:00",
            "2024-02-29T00:00:00:00Z",
            "+024-02-29T00:00:00Z",
            "20244-02-29T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Utc::at(i64::MAX), None);
        assert_eq!(Utc::at(253_402_300_800), None);
    }
}
