//! The brake on destructive acts: replacing, renaming and removing, counted together over seven days and over runs.

use camroll_spec::Destructive;

/// Whether destructive acts may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brake {
    /// They may.
    Released,
    /// They wait, all of them, until a person raises the bound or the seven days have passed.
    Tripped {
        /// Which bound it is, and how many acts it allows, in a sentence.
        limit: String,
    },
}

/// Whether `wanted_now` acts may be done after `done_in_seven_days`, where `placements_there` files are placed. The tighter bound holds. A
/// percentage is rounded up to whole acts, so that one re-edited photo in a library of ten is no alarm at 5 %; 0 % allows none.
pub fn brake(limits: &Destructive, done_in_seven_days: u64, placements_there: u64, wanted_now: u64) -> Brake {
    let share = share(limits.max_percent, placements_there);
    let allowed = share.min(limits.max);
    if wanted_now == 0 || done_in_seven_days.saturating_add(wanted_now) <= allowed {
        return Brake::Released;
    }
    let limit = if share < limits.max {
        let percent = limits.max_percent;
        format!("`limits.destructive.max_percent` is {percent} % of {placements_there} files, which allows {share}.")
    } else {
        format!("`limits.destructive.max` is {}.", limits.max)
    };
    Brake::Tripped { limit }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(max: u64, max_percent: f64) -> Destructive {
        Destructive { max, max_percent }
    }

    fn tripped(limits: &Destructive, done: u64, placed: u64, wanted: u64) -> String {
        match brake(limits, done, placed, wanted) {
            Brake::Tripped { limit } => limit,
            Brake::Released => String::new(),
        }
    }

    #[test]
    fn the_tighter_bound_holds_and_is_named() {
        assert_eq!(brake(&limits(100, 5.0), 0, 10_000, 100), Brake::Released);
        assert!(tripped(&limits(100, 5.0), 0, 10_000, 101).contains("destructive.max` is 100"));
        assert_eq!(brake(&limits(100, 5.0), 0, 200, 10), Brake::Released);
        assert!(tripped(&limits(100, 5.0), 0, 200, 11).contains("max_percent` is 5 % of 200 files, which allows 10"));
    }

    #[test]
    fn what_was_done_in_seven_days_counts() {
        assert_eq!(brake(&limits(10, 100.0), 6, 1_000, 4), Brake::Released);
        assert!(matches!(brake(&limits(10, 100.0), 7, 1_000, 4), Brake::Tripped { .. }));
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
