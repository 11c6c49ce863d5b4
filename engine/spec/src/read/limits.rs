//! `limits:` and `versions:`.

use std::num::NonZeroU32;

use super::fields::{Keys, fields, find};
use super::{Faults, expect};
use crate::language::{Destructive, Limits, Versions, Want};
use crate::text::{Node, Value};

/// Keys of `limits:`.
pub(crate) const KEYS: Keys = Keys {
    of: "limits",
    known: &["transfers", "spool", "destructive"],
    later: &[],
};

/// Keys of `limits.destructive:`.
pub(crate) const DESTRUCTIVE_KEYS: Keys = Keys {
    of: "the limit of destructive acts",
    known: &["max", "max_percent"],
    later: &[],
};

/// Most files under way at once.
pub(crate) const TRANSFERS: u64 = 64;

/// Reads `limits:`.
pub(crate) fn limits(node: &Node, faults: &mut Faults<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(entries) = fields(node, "limits", KEYS, faults) else {
        return limits;
    };
    if let Some(transfers) =
        find(entries, "transfers").and_then(|node| expect::whole(node, "transfers", 1..=TRANSFERS, faults))
    {
        limits.transfers = u32::try_from(transfers)
            .ok()
            .and_then(NonZeroU32::new)
            .unwrap_or(limits.transfers);
    }
    if let Some(spool) = find(entries, "spool").and_then(|node| expect::size(node, "spool", faults)) {
        limits.spool = spool;
    }
    if let Some(node) = find(entries, "destructive") {
        limits.destructive = destructive(node, faults);
    }
    limits
}

fn destructive(node: &Node, faults: &mut Faults<'_>) -> Destructive {
    let mut limit = Destructive::default();
    let Some(entries) = fields(node, "destructive", DESTRUCTIVE_KEYS, faults) else {
        return limit;
    };
    if let Some(max) = find(entries, "max").and_then(|node| expect::whole(node, "max", 0..=u64::MAX, faults)) {
        limit.max = max;
    }
    if let Some(node) = find(entries, "max_percent") {
        match &node.value {
            Value::Number(number) => match number.as_f64().filter(|percent| (0.0..=100.0).contains(percent)) {
                Some(percent) => limit.max_percent = percent,
                None => drop(faults.error(
                    "spec/range",
                    node.place,
                    format!("\"max_percent\" is {number}; expected a number from 0 to 100"),
                )),
            },
            _ => drop(expect::wrong_type(
                node,
                "max_percent",
                "a number from 0 to 100",
                faults,
            )),
        }
    }
    limit
}

/// The words of `versions:`.
pub(crate) const VERSIONS: [&str; 3] = ["original", "edited", "adjustments"];

/// Reads `versions:`.
pub(crate) fn versions(node: &Node, faults: &mut Faults<'_>) -> Versions {
    let mut versions = Versions {
        original: Want::No,
        edited: Want::No,
        adjustments: Want::No,
    };
    let words = VERSIONS.map(|word| (word, word));
    for node in expect::one_or_more(node, "versions", faults) {
        match expect::word(node, "versions", &words, faults) {
            Some("original") => versions.original = Want::Yes,
            Some("edited") => versions.edited = Want::Yes,
            Some("adjustments") => versions.adjustments = Want::Yes,
            _ => {}
        }
    }
    versions
}
