//! Durations: `30d`, `6h`, `10m`, `90s`, and `1d12h`. A day has 24 hours.

use std::fmt;
use std::time::Duration;

/// Units with their seconds; the largest first, which is the order in which they may follow each other.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A duration as a spec writes it: whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Duration);

impl Length {
    /// How it is written, for error messages.
    pub const FORM: &'static str = "a duration such as 10m, 6h, 30d or 1d12h";

    /// Reads a duration; none if it is none. Ten years at most.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut seconds: u64 = 0;
        let mut units = UNITS.iter();
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, tail) = rest.split_at(digits);
            let unit = tail.chars().next()?;
            let (_, factor) = units.find(|(known, _)| *known == unit)?;
            seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
            rest = tail.get(unit.len_utf8()..)?;
        }
        let given = !text.trim().is_empty() && seconds <= 3_653 * 86_400;
        given.then_some(Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, factor) in UNITS {
            if rest >= factor {
                write!(f, "{}{unit}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units() {
        let seconds = |text| Length::parse(text).map(|length| length.0.as_secs());
        assert_eq!(seconds("30d"), Some(2_592_000));
        assert_eq!(seconds("6h"), Some(21_600));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("1d12h"), Some(129_600));
        for bad in [
            "",
            "6",
            "h",
            "6 h",
            "-6h",
            "6h6h",
            "1m1h",
            "6y",
            "99999d",
            "99999999999999999999s",
            "٣h",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_it_is_the_same(seconds in 0_u64..3_653 * 86_400) {
            let length = Length(Duration::from_secs(seconds));
            prop_assert_eq!(Length::parse(&length.to_string()), Some(length));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Length::parse(&text);
        }
    }
}
