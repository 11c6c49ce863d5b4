//! Sizes: `5GB` is 5·10⁹ bytes, `5GiB` is 5·2³⁰.

use std::fmt;

/// Units with their bytes; the largest first.
const UNITS: [(&str, u64); 11] = [
    ("PiB", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

/// A size, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// How it is written, for error messages.
    pub const FORM: &'static str = "a size such as 500MB, 5GB (5·10⁹ bytes) or 5GiB (5·2³⁰ bytes)";

    /// Reads a size; none if it is none. Letters' case doesn't matter, a blank may stand before the unit, a bare number is bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit = unit.trim();
        let factor = if unit.is_empty() {
            1
        } else {
            UNITS
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(unit))
                .map(|(_, bytes)| *bytes)?
        };
        let (whole, fraction) = number
            .split_once('.')
            .map_or((number, None), |(whole, rest)| (whole, Some(rest)));
        let bytes = whole.parse::<u64>().ok()?.checked_mul(factor)?;
        let rest = match fraction {
            None => 0,
            // Twelve digits: more than the largest unit can use, and the product fits into 128 bits.
            Some(digits) if (1..=12).contains(&digits.len()) && factor > 1 => {
                let scaled = u128::from(digits.parse::<u64>().ok()?) * u128::from(factor);
                u64::try_from(scaled / 10_u128.pow(u32::try_from(digits.len()).ok()?)).ok()?
            }
            Some(_) => return None,
        };
        bytes.checked_add(rest).map(Self)
    }
}

impl fmt::Display for Size {
    /// In the largest unit that says it exactly, so that reading it again gives the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS
            .iter()
            .find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor))
            .copied()
            .unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Size;

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!(Size::parse("5GB"), Some(Size(5_000_000_000)));
        assert_eq!(Size::parse("5GiB"), Some(Size(5_368_709_120)));
        assert_eq!(Size::parse("1.5 kb"), Some(Size(1_500)));
        assert_eq!(Size::parse("42"), Some(Size(42)));
    }

    #[test]
    fn what_is_no_size() {
        for bad in [
            "",
            "GB",
            "5 G",
            "-1GB",
            "5GBB",
            "1e3",
            ".5GB",
            "5.GB",
            "1.5",
            "99999999999999999999B",
            "20000PiB",
            "5 GB 1",
        ] {
            assert_eq!(Size::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_it_is_the_same(bytes: u64) {
            prop_assert_eq!(Size::parse(&Size(bytes).to_string()), Some(Size(bytes)));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Size::parse(&text);
        }
    }
}
