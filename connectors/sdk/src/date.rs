//! Dates as HTTP writes them.

/// Seconds since 1970 of an IMF-fixdate (RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"); none for anything else.
pub fn from_http(text: &str) -> Option<i64> {
    let mut parts = text.trim().split_once(", ")?.1.split(' ');
    let day: i64 = parts.next()?.parse().ok()?;
    let month = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let name = parts.next()?;
    let month = i64::try_from(month.iter().position(|known| *known == name)?).ok()? + 1;
    let year: i64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let sane = (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    (sane && parts.next() == Some("GMT")).then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Year, month, day, hour, minute, second (UTC) of seconds since 1970.
pub fn civil(seconds: i64) -> (i64, u32, u32, u32, u32, u32) {
    let (day, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = day.saturating_add(719_468);
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |number: i64| u32::try_from(number).unwrap_or_default();
    (
        year,
        small(month),
        small(of_year - (153 * shifted + 2) / 5 + 1),
        small(rest / 3600),
        small(rest / 60 % 60),
        small(rest % 60),
    )
}

/// Days since 1970 of a date of the Gregorian calendar, by whole 400-year eras that begin on a 1 March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standards_own_example() {
        assert_eq!(from_http("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for other in [
            "",
            "120",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
        ] {
            assert_eq!(from_http(other), None, "{other}");
        }
    }

    #[test]
    fn a_leap_day() {
        assert_eq!(civil(951_782_400), (2000, 2, 29, 0, 0, 0));
        assert_eq!(civil(-1), (1969, 12, 31, 23, 59, 59));
    }

    proptest! {
        #[test]
        fn there_and_back(seconds in 0i64..253_402_300_000) {
            let (year, month, day, hour, minute, second) = civil(seconds);
            let back = days(year, month.into(), day.into()) * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
            prop_assert_eq!(back, seconds);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = from_http(&text);
        }
    }
}
