//! What a lock asks for, and whether what a service tells of an object is that.

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

/// RFC 3339 in UTC. From "chrono-Compatible Low-Level Date Algorithms" (Hinnant): days to a civil date.
pub fn iso8601(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Seconds since 1970 of what `iso8601` writes, with a fraction or none; the same source: a civil date to days.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.split('.').next()?, ':')?;
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    fits.then_some(())?;
    let y = if month <= 2 { year - 1 } else { year };
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doy = (153 * mp + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    Some((era * 146_097 + doe - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut all = text
        .split(between)
        .map(|number| number.parse::<u16>().ok().map(i64::from));
    let three = [all.next()??, all.next()??, all.next()??];
    all.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_there_and_back() {
        for at in [0, 951_782_399, 951_868_800, 1_709_164_800, 4_102_444_799] {
            assert_eq!(seconds(&iso8601(at)), Some(at));
        }
        assert_eq!(iso8601(1_709_164_800), "2024-02-29T00:00:00Z");
        assert_eq!(seconds("2024-02-29T00:00:00.123Z"), Some(1_709_164_800));
        for odd in [
            "",
            "Z",
            "2024-02-29",
            "2024-13-01T00:00:00Z",
            "2024-02-29T00:00:00+02:00",
            "TZ",
        ] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }

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
