//! Dates: `2024`, `2024-03`, `2024-03-05`, `2024-03-05T14:30`, and with `Z` or `+01:00` a point in time.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span as JiffSpan, Timestamp};

/// A bound of a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateBound {
    /// As clocks showed it: compared in the photo's own time zone, else the schedule's.
    Civil(DateTime),
    /// A point in time.
    Instant(Timestamp),
}

/// A date as it was written: its first moment, and how long its unit lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenDate {
    first: DateBound,
    unit: Unit,
}

/// How precisely a date was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
    Minute,
    Second,
}

impl WrittenDate {
    /// How it is written, for error messages.
    pub const FORM: &'static str =
        "a date such as 2024, 2024-03, 2024-03-05, 2024-03-05T14:30 or 2024-03-05T14:30:00+01:00";

    /// Reads a date; none if it is none. Years 1000 to 9998.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() || text.len() > 40 {
            return None;
        }
        let written = match text.len() {
            4 => Self::civil(
                year_month_day(text, "01", "01")?.to_datetime(Time::midnight()),
                Unit::Year,
            ),
            7 => {
                let (year, month) = text.split_once('-')?;
                Self::civil(
                    year_month_day(year, month, "01")?.to_datetime(Time::midnight()),
                    Unit::Month,
                )
            }
            10 => Self::civil(whole_date(text)?.to_datetime(Time::midnight()), Unit::Day),
            _ => Self::with_time(text)?,
        };
        // The first moment after it must be a date, too.
        written.after()?;
        Some(written)
    }

    /// The first moment of it.
    pub fn first(&self) -> DateBound {
        self.first
    }

    /// The first moment after it; none past the calendar's end.
    pub fn after(&self) -> Option<DateBound> {
        let unit = match self.unit {
            Unit::Year => JiffSpan::new().years(1),
            Unit::Month => JiffSpan::new().months(1),
            Unit::Day => JiffSpan::new().days(1),
            Unit::Minute => JiffSpan::new().minutes(1),
            Unit::Second => JiffSpan::new().seconds(1),
        };
        Some(match self.first {
            DateBound::Civil(time) => DateBound::Civil(time.checked_add(unit).ok()?),
            DateBound::Instant(time) => DateBound::Instant(time.checked_add(unit).ok()?),
        })
    }

    fn civil(time: DateTime, unit: Unit) -> Self {
        Self {
            first: DateBound::Civil(time),
            unit,
        }
    }

    fn with_time(text: &str) -> Option<Self> {
        let date = whole_date(text.get(..10)?)?;
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let rest = text.get(11..)?;
        let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(zone);
        let clock = clock.trim_end();
        let two = |range: std::ops::Range<usize>| {
            let digits = clock.get(range)?;
            (digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_digit())).then(|| digits.parse::<i8>().ok())?
        };
        let colon = |at: usize| clock.as_bytes().get(at) == Some(&b':');
        let (time, unit) = match clock.len() {
            5 if colon(2) => (Time::new(two(0..2)?, two(3..5)?, 0, 0).ok()?, Unit::Minute),
            8 if colon(2) && colon(5) => (Time::new(two(0..2)?, two(3..5)?, two(6..8)?, 0).ok()?, Unit::Second),
            _ => return None,
        };
        let local = date.to_datetime(time);
        let first = if zone.is_empty() {
            DateBound::Civil(local)
        } else {
            let offset = offset(zone)?;
            DateBound::Instant(offset.to_timestamp(local).ok()?)
        };
        Some(Self { first, unit })
    }
}

fn offset(text: &str) -> Option<jiff::tz::Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(jiff::tz::Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.split(':').collect();
    let shape = matches!((text.len(), text.as_bytes().get(3)), (6, Some(b':')) | (5 | 3, _));
    if !shape || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |minutes| minutes.parse().ok())?;
    (hours <= 14 && minutes < 60).then(|| jiff::tz::Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok())?
}

fn whole_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let date = year_month_day(parts.next()?, parts.next()?, parts.next()?)?;
    parts.next().is_none().then_some(date)
}

fn year_month_day(year: &str, month: &str, day: &str) -> Option<Date> {
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|c| c.is_ascii_digit())).then(|| text.parse::<i16>().ok())?
    };
    let year = number(year, 4).filter(|year| (1000..=9998).contains(year))?;
    let small = |text: &str| i8::try_from(number(text, 2)?).ok();
    Date::new(year, small(month)?, small(day)?).ok()
}

impl fmt::Display for WrittenDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.unit) {
            (DateBound::Civil(time), Unit::Year) => write!(f, "{:04}", time.year()),
            (DateBound::Civil(time), Unit::Month) => write!(f, "{:04}-{:02}", time.year(), time.month()),
            (DateBound::Civil(time), Unit::Day) => write!(f, "{}", time.date()),
            (DateBound::Civil(time), Unit::Minute) => {
                write!(f, "{}T{:02}:{:02}", time.date(), time.hour(), time.minute())
            }
            (DateBound::Civil(time), Unit::Second) => write!(f, "{time}"),
            (DateBound::Instant(time), Unit::Minute) => {
                let time = jiff::tz::Offset::UTC.to_datetime(time);
                write!(f, "{}T{:02}:{:02}Z", time.date(), time.hour(), time.minute())
            }
            (DateBound::Instant(time), _) => write!(f, "{time}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn bounds(text: &str) -> Option<(DateBound, DateBound)> {
        let written = WrittenDate::parse(text)?;
        Some((written.first(), written.after()?))
    }

    #[test]
    fn a_date_is_as_long_as_its_unit() {
        let civil = |time| DateBound::Civil(time);
        let day = |year, month, day| civil(date(year, month, day).at(0, 0, 0, 0));
        assert_eq!(bounds("2024"), Some((day(2024, 1, 1), day(2025, 1, 1))));
        assert_eq!(bounds("2024-02"), Some((day(2024, 2, 1), day(2024, 3, 1))));
        assert_eq!(bounds("2024-02-29"), Some((day(2024, 2, 29), day(2024, 3, 1))));
        assert_eq!(
            bounds("2024-02-29T23:59"),
            Some((civil(date(2024, 2, 29).at(23, 59, 0, 0)), day(2024, 3, 1)))
        );
    }

    #[test]
    fn an_offset_makes_it_a_point_in_time() {
        let point: Timestamp = "2024-03-05T13:30:00Z".parse().expect("a timestamp");
        for text in [
            "2024-03-05T14:30:00+01:00",
            "2024-03-05T13:30:00Z",
            "2024-03-05 14:30:00+0100",
            "2024-03-05T13:30Z",
        ] {
            assert_eq!(
                bounds(text).map(|(first, _)| first),
                Some(DateBound::Instant(point)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_date() {
        for bad in [
            "",
            "24",
            "0999",
            "9999",
            "2024-13",
            "2024-3",
            "2023-02-29",
            "2024-03-05T",
            "2024-03-05T25:00",
            "05.03.2024",
            "2024-03-05T14:30:00+99:00",
            "2024-03-05T14:30:00Europe",
            "yesterday",
            "２０２４",
        ] {
            assert_eq!(bounds(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_it_is_the_same(year in 1000_i16..9998, month in 1_i8..=12, day in 1_i8..=28, hour in 0_i8..24, minute in 0_i8..60, second in 0_i8..60) {
            for text in [
                format!("{year:04}"), format!("{year:04}-{month:02}"), format!("{year:04}-{month:02}-{day:02}"),
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}"),
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z"),
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
            ] {
                let date = WrittenDate::parse(&text);
                prop_assert!(date.is_some(), "{}", text);
                prop_assert_eq!(date.map(|date| date.to_string()), Some(text));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = WrittenDate::parse(&text);
        }

        #[test]
        fn no_near_date_panics(text in "[0-9TZ:+ -]{0,30}") {
            let _ = WrittenDate::parse(&text);
        }
    }
}
