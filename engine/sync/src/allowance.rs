//! What a person allows of an account in 24 hours: `pace: { per_day: … }`. A file counts with its size when it begins to be fetched or sent, and again when that is repeated.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use camroll_spec::Size;
use camroll_state::State;
use parking_lot::Mutex;

use crate::identity::place_of;
use crate::transfer::state_failed;

/// The code of what waits because of it: nothing went wrong.
pub(crate) const USED_UP: &str = "sync/day-used-up";

const HOUR: i64 = 3600;
/// Hours that count besides the one that runs: what began in the first moment of the oldest is a day ago when it is let go.
const COUNTED: i64 = 24;

/// One at a time reads what is counted and writes it again: an account may be a source's and a destination's.
static COUNTING: Mutex<()> = Mutex::new(());

/// What may begin to move at a connection. Cheap where the spec bounds nothing.
pub(crate) struct Allowance(Option<Bounded>);

struct Bounded {
    state: Arc<State>,
    /// Where the state has it. Lost with the index: then the day begins anew.
    memo: String,
    per_day: NonZeroU64,
}

impl Allowance {
    /// What a spec allows of a connection, with what began in runs before this one.
    pub(crate) fn of(state: &Arc<State>, connection: &camroll_spec::Connection) -> Self {
        Self(connection.pace.per_day.map(|per_day| Bounded {
            state: Arc::clone(state),
            memo: format!(
                "day/{}",
                place_of(connection.connector.id().as_str(), &connection.settings)
            ),
            per_day,
        }))
    }

    /// A file of so many bytes begins. One that is larger than all that is allowed may begin when nothing else did for a day: it would never come otherwise.
    ///
    /// # Errors
    /// Where it has to wait, and until when.
    pub(crate) fn begin(&self, bytes: u64) -> Result<(), ConnectorError> {
        let Some(bounded) = &self.0 else { return Ok(()) };
        let now = crate::clock::now();
        bounded.count(now, |hours, hour| {
            let used = hours.used(hour);
            if used > 0 && used.saturating_add(bytes) > bounded.per_day.get() {
                let until = hours.room_at(hour, bytes, bounded.per_day.get());
                return Err(used_up(bounded.per_day, bytes, until));
            }
            hours.add(hour, bytes);
            Ok(())
        })
    }

    /// It didn't move after all: it was there.
    pub(crate) fn did_not_move(&self, bytes: u64) -> Result<(), ConnectorError> {
        let Some(bounded) = &self.0 else { return Ok(()) };
        bounded.count(crate::clock::now(), |hours, hour| {
            hours.take_back(hour, bytes);
            Ok(())
        })
    }
}

impl Bounded {
    fn count(
        &self,
        now: jiff::Timestamp,
        work: impl FnOnce(&mut Hours, i64) -> Result<(), ConnectorError>,
    ) -> Result<(), ConnectorError> {
        let _counting = COUNTING.lock();
        let hour = now.as_second().div_euclid(HOUR);
        let known = self.state.memo(&self.memo).map_err(|error| state_failed(&error))?;
        let mut hours = Hours::read(known.as_deref().unwrap_or_default(), hour);
        work(&mut hours, hour)?;
        self.state
            .set_memo(&self.memo, &hours.written())
            .map_err(|error| state_failed(&error))
    }
}

fn used_up(per_day: NonZeroU64, bytes: u64, until: i64) -> ConnectorError {
    let until = jiff::Timestamp::from_second(until.saturating_mul(HOUR))
        .map_or_else(|_| "later".to_owned(), |until| until.to_string());
    ConnectorError::new(
        ErrorClass::RateLimited,
        USED_UP,
        format!(
            "The spec lets {} begin to move here in 24 hours, and there is no room in that for {bytes} bytes more until {until}. What is left waits for a run after that.",
            Size(per_day.get()),
        ),
    )
}

/// Bytes by the hour in which they began, in hours since 1970.
#[derive(Debug, Default, PartialEq)]
struct Hours(BTreeMap<i64, u64>);

impl Hours {
    /// From what the state has; what isn't readable, too old, or later than now (the clock was set back) doesn't count.
    fn read(text: &str, now: i64) -> Self {
        let counted = text.split(' ').filter_map(|one| {
            let (hour, bytes) = one.split_once(':')?;
            Some((hour.parse::<i64>().ok()?, bytes.parse::<u64>().ok()?))
        });
        Self(
            counted
                .filter(|(hour, _)| (now.saturating_sub(COUNTED)..=now).contains(hour))
                .collect(),
        )
    }

    fn written(&self) -> String {
        let all: Vec<String> = self.0.iter().map(|(hour, bytes)| format!("{hour}:{bytes}")).collect();
        all.join(" ")
    }

    /// What began within the day before the end of this hour.
    fn used(&self, now: i64) -> u64 {
        let counted = self.0.range(now.saturating_sub(COUNTED)..=now);
        counted.fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    fn add(&mut self, hour: i64, bytes: u64) {
        let there = self.0.entry(hour).or_default();
        *there = there.saturating_add(bytes);
    }

    /// From the newest on: what began in this run.
    fn take_back(&mut self, now: i64, bytes: u64) {
        let mut left = bytes;
        for (_, there) in self.0.range_mut(..=now).rev() {
            let taken = left.min(*there);
            *there -= taken;
            left -= taken;
        }
    }

    /// The hour from which on there is room.
    fn room_at(&self, now: i64, bytes: u64, per_day: u64) -> i64 {
        (now..=now + COUNTED + 1)
            .find(|later| {
                let used = self.used(*later);
                used == 0 || used.saturating_add(bytes) <= per_day
            })
            .unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{COUNTED, Hours};

    #[test]
    fn a_day_after_it_began_it_counts_no_more() {
        let mut hours = Hours::default();
        hours.add(100, 60);
        hours.add(110, 30);
        assert_eq!(
            [110, 124, 125, 134, 135].map(|now| hours.used(now)),
            [90, 90, 30, 30, 0]
        );
        assert_eq!(hours.room_at(110, 10, 100), 110);
        assert_eq!(hours.room_at(110, 20, 100), 125);
        assert_eq!(hours.room_at(110, 80, 100), 135);
        assert_eq!(
            hours.room_at(110, 1_000, 100),
            135,
            "larger than all: when nothing else did"
        );
    }

    #[test]
    fn what_the_state_has_is_read_with_care() {
        assert_eq!(
            Hours::read("100:5 x 7 101:y :3 900:1 60:4", 110)
                .0
                .into_iter()
                .collect::<Vec<_>>(),
            [(100, 5)]
        );
        assert_eq!(Hours::read("", 110), Hours::default());
        let mut full = Hours::read(&format!("100:{}", u64::MAX), 100);
        full.add(100, 1);
        assert_eq!(full.used(100), u64::MAX);
    }

    #[test]
    fn what_was_there_is_given_back() {
        let mut hours = Hours::read("100:5 101:7", 101);
        hours.take_back(101, 9);
        assert_eq!(hours.used(101), 3);
        hours.take_back(101, 100);
        assert_eq!(hours.used(101), 0);
    }

    proptest! {
        /// Whatever begins whenever: in no 24 hours more begins than is allowed.
        #[test]
        fn no_day_has_more_than_is_allowed(files in prop::collection::vec((0i64..3 * 3600, 1u64..60), 1..200)) {
            const PER_DAY: u64 = 100;
            let (mut hours, mut now, mut begun) = (Hours::default(), 1_000_000i64, Vec::new());
            for (pause, bytes) in files {
                now += pause;
                let hour = now.div_euclid(3600);
                hours = Hours::read(&hours.written(), hour);
                if hours.used(hour) + bytes <= PER_DAY {
                    hours.add(hour, bytes);
                    begun.push((now, bytes));
                } else {
                    let later = hours.room_at(hour, bytes, PER_DAY);
                    prop_assert!(later > hour && later <= hour + COUNTED + 1);
                }
            }
            for (from, _) in &begun {
                let day: u64 = begun.iter().filter(|(at, _)| (*from..from + 24 * 3600).contains(at)).map(|(_, bytes)| bytes).sum();
                prop_assert!(day <= PER_DAY, "{day} from {from} on");
            }
        }
    }
}
