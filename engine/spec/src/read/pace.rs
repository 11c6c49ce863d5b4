//! `pace:` of a connection, a source or a destination.

use std::num::{NonZeroU32, NonZeroU64};

use super::fields::{Keys, fields, find};
use super::limits::TRANSFERS;
use super::{Faults, expect};
use crate::language::{Pace, Spec};
use crate::text::Node;

/// Keys of `pace:`.
pub(crate) const KEYS: Keys = Keys {
    of: "a pace",
    known: &["per_day", "bandwidth", "transfers"],
    later: &[],
};

/// The slowest that is taken, bytes in a second: below it a block of a file takes longer than servers wait for the next one.
const SLOWEST: u64 = 100_000;

/// Reads `pace:`.
pub(crate) fn pace(node: &Node, faults: &mut Faults<'_>) -> Pace {
    let mut pace = Pace::default();
    let Some(entries) = fields(node, "pace", KEYS, faults) else {
        return pace;
    };
    if entries.is_empty() {
        faults.error("spec/empty", node.place, "\"pace\" bounds nothing").help =
            Some(format!("leave the line out, or name one of {}", KEYS.known.join(", ")));
    }
    if let Some(node) = find(entries, "per_day") {
        pace.per_day = expect::size(node, "per_day", faults).and_then(|bytes| {
            let bytes = NonZeroU64::new(bytes);
            if bytes.is_none() {
                faults.error("spec/range", node.place, "\"per_day\" is 0; expected at least a byte");
            }
            bytes
        });
    }
    if let Some(node) = find(entries, "bandwidth") {
        pace.bandwidth = expect::rate(node, "bandwidth", faults).and_then(|bytes| {
            if bytes < SLOWEST {
                faults.error(
                    "spec/range",
                    node.place,
                    "\"bandwidth\" is too slow; expected at least 100KB/s",
                );
                return None;
            }
            NonZeroU64::new(bytes)
        });
    }
    if let Some(node) = find(entries, "transfers") {
        let transfers = expect::whole(node, "transfers", 1..=TRANSFERS, faults);
        pace.transfers = transfers
            .and_then(|transfers| u32::try_from(transfers).ok())
            .and_then(NonZeroU32::new);
    }
    pace
}

/// A connection's pace is its account's: where several specs use the same connector with the same settings, each gets the smallest of each bound.
pub(crate) fn agree(specs: &mut [Spec]) {
    let mut known: Vec<(String, Pace)> = Vec::new();
    for connection in specs.iter().flat_map(Spec::connections) {
        let account = connection.account();
        match known.iter_mut().find(|(of, _)| *of == account) {
            Some((_, pace)) => *pace = pace.and(connection.pace),
            None => known.push((account, connection.pace)),
        }
    }
    for connection in specs.iter_mut().flat_map(Spec::connections_mut) {
        let account = connection.account();
        if let Some((_, pace)) = known.iter().find(|(of, _)| *of == account) {
            connection.pace = *pace;
        }
    }
}
