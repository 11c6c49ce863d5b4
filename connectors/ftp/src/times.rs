//! Times as FTP has them: fourteen digits of UTC, with or without a fraction (RFC 3659 §2.3).

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day of the calendar that is so many days from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// Seconds since 1970, written; none outside of the years that have four digits.
pub fn write(seconds: i64) -> Option<String> {
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    (1..=9999).contains(&year).then(|| {
        format!(
            "{year:04}{month:02}{day:02}{:02}{:02}{:02}",
            rest / 3600,
            rest / 60 % 60,
            rest % 60
        )
    })
}

/// Seconds since 1970 of what a server wrote.
pub fn read(text: &str) -> Option<i64> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let is_one = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    is_one.then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        for (seconds, text) in [
            (0, "19700101000000"),
            (1_600_000_000, "20200913122640"),
            (-1, "19691231235959"),
            (951_782_400, "20000229000000"),
            (4_107_542_400, "21000301000000"),
        ] {
            assert_eq!(write(seconds).as_deref(), Some(text));
            assert_eq!(read(text), Some(seconds));
        }
        assert_eq!(read("20200913122640.123"), Some(1_600_000_000));
    }

    #[test]
    fn every_day_comes_back() {
        for day in (-700_000_i64..2_900_000).step_by(7) {
            let seconds = day * 86_400 + (day.rem_euclid(86_400));
            let text = write(seconds).unwrap();
            assert_eq!(read(&text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "2020",
            "2020091312264",
            "20201313122640",
            "20200932122640",
            "20200913242640",
            "2020091312264x",
            "+2020091312264",
            "２０２０",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(write(i64::MAX / 4), None);
        assert_eq!(write(-100_000_000_000), None);
    }
}
