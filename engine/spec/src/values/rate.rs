//! Rates: `20MB/s` is 2·10⁷ bytes in each second.

use std::fmt;

use super::Size;

/// Bytes in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

impl Rate {
    /// How it is written, for error messages.
    pub const FORM: &'static str = "bytes in a second such as 500KB/s or 20MB/s";

    /// Reads a rate: a size with its unit, and `/s`; none if it is none. Bits aren't read: `Mbit/s` is none.
    pub fn parse(text: &str) -> Option<Self> {
        let size = text.trim().strip_suffix("/s")?.trim_end();
        // A bare number could be meant in any unit.
        size.ends_with(|c: char| c.is_ascii_alphabetic()).then_some(())?;
        Size::parse(size).map(|size| Self(size.0))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", Size(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Rate;

    #[test]
    fn a_size_in_a_second() {
        assert_eq!(Rate::parse("20MB/s"), Some(Rate(20_000_000)));
        assert_eq!(Rate::parse(" 1.5 MiB /s"), Some(Rate(1_572_864)));
        for bad in ["20MB", "20/s", "20Mbit/s", "MB/s", "/s", "20MB/m", "20MB/S"] {
            assert_eq!(Rate::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_it_is_the_same(bytes: u64) {
            prop_assert_eq!(Rate::parse(&Rate(bytes).to_string()), Some(Rate(bytes)));
        }
    }
}
