//! The brake on destructive acts: replacing, renaming and removing, counted together over seven days and over runs.

use std::fmt;

use camroll_spec::Destructive;

/// Whether destructive acts may go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Brake {
    /// They may.
    Released,
    /// The whole set waits until a person raises the bound or lets the seven days pass.
    Tripped {
        /// Which bound it is.
        bound: Bound,
        /// Acts that it allows within seven days.
        allowed: u64,
        /// Acts done in the last seven days.
        done: u64,
        /// Acts wanted now.
        wanted: u64,
    },
}

/// A bound of `limits.destructive`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `max`.
    Acts,
    /// `max_percent` of what is placed.
    Percent {
        /// As the spec says it.
        percent: f64,
        /// Files placed at the destination.
        placed: u64,
    },
}

/// Whether `wanted_now` acts may be done after `done_in_seven_days`, where `placements_there` files are placed. The tighter bound holds. A
/// percentage is rounded up to whole acts, so that one re-edited photo in a library of ten is no alarm at 5 %; 0 % allows none.
pub fn brake(limits: &Destructive, done_in_seven_days: u64, placements_there: u64, wanted_now: u64) -> Brake {
    if wanted_now == 0 {
        return Brake::Released;
    }
    let share = share(limits.max_percent, placements_there);
    let (bound, allowed) = if share < limits.max {
        let percent = limits.max_percent;
        let placed = placements_there;
        (Bound::Percent { percent, placed }, share)
    } else {
        (Bound::Acts, limits.max)
    };
    if done_in_seven_days.saturating_add(wanted_now) <= allowed {
        return Brake::Released;
    }
    Brake::Tripped {
        bound,
        allowed,
        done: done_in_seven_days,
        wanted: wanted_now,
    }
}

/// So many percent of `whole`, rounded up; what is no percentage counts as the nearest one, and "not a number" as 0.
fn share(percent: f64, whole: u64) -> u64 {
    let percent = if percent.is_nan() {
        0.0
    } else {
        percent.clamp(0.0, 100.0)
    };
    let exact = whole as f64 * percent / 100.0;
    // 7 % of 300 must be 21, also where the product comes out as 21.000000000000004.
    (exact - exact * 1e-12).ceil().max(0.0) as u64
}

impl fmt::Display for Brake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Tripped {
            bound,
            allowed,
            done,
            wanted,
        } = self
        else {
            return f.write_str("within the limits");
        };
        write!(
            f,
            "{wanted} files would be replaced or removed, {done} were in the last seven days, and "
        )?;
        let total = done.saturating_add(*wanted);
        match bound {
            Bound::Acts => write!(
                f,
                "limits.destructive.max allows {allowed}. To let them through, set it to {total} or more"
            ),
            Bound::Percent { percent, placed } => write!(
                f,
                "limits.destructive.max_percent ({percent} % of {placed} files) allows {allowed}. To let them through, raise it so that it allows {total}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(max: u64, max_percent: f64) -> Destructive {
        Destructive { max, max_percent }
    }

    #[test]
    fn the_tighter_bound_holds_and_is_named() {
        assert_eq!(brake(&limits(100, 5.0), 0, 10_000, 100), Brake::Released);
        assert!(matches!(
            brake(&limits(100, 5.0), 0, 10_000, 101),
            Brake::Tripped {
                bound: Bound::Acts,
                allowed: 100,
                ..
            }
        ));
        assert_eq!(brake(&limits(100, 5.0), 0, 200, 10), Brake::Released);
        let tripped = brake(&limits(100, 5.0), 0, 200, 11);
        assert!(matches!(
            tripped,
            Brake::Tripped {
                bound: Bound::Percent { .. },
                allowed: 10,
                ..
            }
        ));
        assert!(tripped.to_string().contains("max_percent"), "{tripped}");
    }

    #[test]
    fn what_was_done_in_seven_days_counts() {
        assert_eq!(brake(&limits(10, 100.0), 6, 1_000, 4), Brake::Released);
        assert!(matches!(
            brake(&limits(10, 100.0), 7, 1_000, 4),
            Brake::Tripped { done: 7, wanted: 4, .. }
        ));
    }

    #[test]
    fn a_percentage_is_rounded_up_to_whole_acts() {
        assert_eq!(brake(&limits(100, 5.0), 0, 10, 1), Brake::Released);
        assert!(matches!(brake(&limits(100, 5.0), 0, 10, 2), Brake::Tripped { .. }));
        assert_eq!(share(7.0, 300), 21);
        assert_eq!(share(0.1, 1_000), 1);
        assert_eq!(share(5.0, 0), 0);
    }

    #[test]
    fn none_wanted_is_never_stopped_and_none_allowed_lets_none_through() {
        assert_eq!(brake(&limits(0, 0.0), 500, 10, 0), Brake::Released);
        assert!(matches!(brake(&limits(100, 0.0), 0, 10_000, 1), Brake::Tripped { .. }));
        assert!(matches!(brake(&limits(0, 100.0), 0, 10_000, 1), Brake::Tripped { .. }));
        assert!(matches!(
            brake(&limits(9, f64::NAN), 0, 10_000, 1),
            Brake::Tripped { .. }
        ));
    }

    proptest! {
        #[test]
        fn more_is_never_let_through_where_less_is_stopped(max: u64, percent in -10.0..200.0_f64, done: u64, placed: u64, wanted in 1_u64..u64::MAX, more: u64) {
            let limits = limits(max, percent);
            if brake(&limits, done, placed, wanted) != Brake::Released {
                prop_assert_ne!(brake(&limits, done, placed, wanted.saturating_add(more)), Brake::Released);
                prop_assert_ne!(brake(&limits, done.saturating_add(more), placed, wanted), Brake::Released);
            } else {
                prop_assert!(done.saturating_add(wanted) <= max);
            }
        }
    }
}
