use camroll_spec::Destructive;

/// Whether destructive actions may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brake {
    /// They may.
    Released,
    /// They stay pending, all of them.
    Tripped {
        /// Which limit it is, in words.
        limit: String,
    },
}

/// One brake for all that takes something away, counted over seven days: what was done, what is wanted now, and what there is.
pub fn brake(limits: &Destructive, done_in_seven_days: u64, placed: u64, wanted_now: u64) -> Brake {
    let all = done_in_seven_days.saturating_add(wanted_now);
    if wanted_now == 0 {
        return Brake::Released;
    }
    if all > limits.max {
        return Brake::Tripped {
            limit: format!("`limits.destructive.max` is {}.", limits.max),
        };
    }
    let share = placed as f64 * limits.max_percent / 100.0;
    // One file of a small library is more than any share of it; a single act is never a mass.
    if all > 1 && all as f64 > share {
        return Brake::Tripped {
            limit: format!(
                "`limits.destructive.max_percent` is {} % of {placed} files.",
                limits.max_percent
            ),
        };
    }
    Brake::Released
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_counts_with_what_is_wanted() {
        let limits = Destructive {
            max: 10,
            max_percent: 50.0,
        };
        assert_eq!(brake(&limits, 4, 100, 6), Brake::Released);
        assert!(matches!(brake(&limits, 5, 100, 6), Brake::Tripped { limit } if limit.contains("max` is 10")));
        assert!(matches!(brake(&limits, 0, 4, 3), Brake::Tripped { limit } if limit.contains("percent")));
        assert_eq!(brake(&limits, 0, 4, 1), Brake::Released);
        assert_eq!(brake(&limits, 100, 4, 0), Brake::Released);
    }
}
