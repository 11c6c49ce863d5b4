//! The keys of a map: which are known, which are needed, which come later, and what an unknown one was meant to be.

use super::{Faults, expect};
use crate::text::{Entry, Node, Value, short};
use crate::values::nearest;

/// The keys that a map of the language has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// What the map is, for messages: "a destination".
    pub of: &'static str,
    pub known: &'static [&'static str],
    /// Keys of the contract that aren't built yet.
    pub later: &'static [&'static str],
}

/// The keys of all maps, so that an unknown key's right place can be told.
pub(crate) const PLACES: [Keys; 6] = [
    super::document::KEYS,
    super::connection::SOURCE_KEYS,
    super::destination::KEYS,
    super::schedule::KEYS,
    super::limits::KEYS,
    super::pace::KEYS,
];

/// The lines of a map; tells unknown keys and keys of later. None if it is no map.
pub(crate) fn fields<'n>(node: &'n Node, key: &str, keys: Keys, faults: &mut Faults<'_>) -> Option<&'n [Entry]> {
    let Value::Map(entries) = &node.value else {
        expect::wrong_type(
            node,
            key,
            &format!("{} with {}", keys.of, keys.known.join(", ")),
            faults,
        );
        return None;
    };
    for entry in entries {
        let key = entry.key.as_str();
        if keys.later.contains(&key) {
            not_built_yet(entry.key_place, &format!("\"{key}\" of {}", keys.of), faults);
        } else if !keys.known.contains(&key) {
            unknown(entry, keys, faults);
        }
    }
    Some(entries)
}

fn unknown(entry: &Entry, keys: Keys, faults: &mut Faults<'_>) {
    let key = entry.key.as_str();
    let elsewhere = || {
        PLACES
            .iter()
            .find(|place| place.of != keys.of && place.known.contains(&key))
    };
    // A key that is right elsewhere is no slip of the hand.
    let help = if let Some(place) = elsewhere() {
        format!("\"{key}\" is a key of {}", place.of)
    } else if let Some(word) = nearest(key, keys.known.iter().copied()) {
        format!("did you mean \"{word}\"?")
    } else if key == "<<" {
        "merge keys aren't read; what several specs share goes under \"connections\"".to_owned()
    } else {
        format!("the keys of {} are {}", keys.of, keys.known.join(", "))
    };
    let fault = faults.error(
        "spec/unknown-key",
        entry.key_place,
        format!("{} has no key \"{}\"", keys.of, short(key)),
    );
    fault.help = Some(help);
}

/// Says that something of the language isn't built yet.
pub(crate) fn not_built_yet(place: crate::text::Place, what: &str, faults: &mut Faults<'_>) {
    let fault = faults.error("spec/not-built-yet", place, format!("{what} is not built yet"));
    fault.help = Some("this version of camroll can't do it; leave it out".to_owned());
}

/// The value of a key.
pub(crate) fn find<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}
