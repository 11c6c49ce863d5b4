//! How fast a connection may be used: what a person allows of an account, over all specs.

use std::num::{NonZeroU32, NonZeroU64};

/// What a person allows of a connection. Without a bound, what the service says is obeyed and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Bytes of files that may begin to move within 24 hours.
    pub per_day: Option<NonZeroU64>,
    /// Bytes of files in a second, both ways together.
    pub bandwidth: Option<NonZeroU64>,
    /// Files whose bytes move at once.
    pub transfers: Option<NonZeroU32>,
}

impl Pace {
    /// What both allow: of each bound the smaller.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            per_day: smaller(self.per_day, other.per_day),
            bandwidth: smaller(self.bandwidth, other.bandwidth),
            transfers: smaller(self.transfers, other.transfers),
        }
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn the_smaller_bound_holds_and_none_is_no_bound() {
        let one = Pace {
            per_day: 100.try_into().ok(),
            bandwidth: None,
            transfers: 4.try_into().ok(),
        };
        let other = Pace {
            per_day: 50.try_into().ok(),
            bandwidth: 7.try_into().ok(),
            transfers: 8.try_into().ok(),
        };
        let both = Pace {
            per_day: 50.try_into().ok(),
            bandwidth: 7.try_into().ok(),
            transfers: 4.try_into().ok(),
        };
        assert_eq!((one.and(other), other.and(one)), (both, both));
        assert_eq!(one.and(Pace::default()), one);
    }
}
