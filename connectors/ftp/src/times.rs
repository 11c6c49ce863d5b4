//! Times as FTP has them: fourteen digits of UTC, with or without a fraction (RFC 3659 §2.3).

use camroll_connector::times::Utc;

/// Seconds since 1970, written; none outside of the years that have four digits.
pub fn write(seconds: i64) -> Option<String> {
    let Utc {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = Utc::at(seconds)?;
    Some(format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"))
}

/// Seconds since 1970 of what a server wrote.
pub fn read(text: &str) -> Option<i64> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let two = |from: usize| whole[from..from + 2].parse::<i8>().ok();
    let time = Utc {
        year: whole[..4].parse().ok()?,
        month: two(4)?,
        day: two(6)?,
        hour: two(8)?,
        minute: two(10)?,
        second: two(12)?,
    };
    time.seconds()
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
