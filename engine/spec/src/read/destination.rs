//! Destinations: `destination:` for one, `destinations:` for several by name.

use camroll_model::Proof;

use super::connection::{Known, connection};
use super::fields::{Keys, fields, find};
use super::{Faults, expect};
use crate::language::{Deletions, Destination, DestinationName, Existing, Layout};
use crate::settings::ConnectorRole;
use crate::text::{Node, Place, Style, Value, short};

/// Keys of a destination.
pub(crate) const KEYS: Keys = Keys {
    of: "a destination",
    known: &[
        "connection",
        "connector",
        "with",
        "pace",
        "layout",
        "deletions",
        "existing",
        "require_proof",
    ],
    later: &["conversion"],
};

/// The words of `deletions:`.
const DELETIONS: [(Deletions, &str); 3] = [
    (Deletions::Keep, "keep"),
    (Deletions::Trash, "trash"),
    (Deletions::Mirror, "mirror"),
];

/// The words of `existing:`.
pub(crate) const EXISTING: [(Existing, &str); 3] = [
    (Existing::Skip, "skip"),
    (Existing::Compare, "compare"),
    (Existing::Ignore, "ignore"),
];

/// Reads `destinations:`.
pub(crate) fn destinations(node: &Node, known: &Known<'_>, faults: &mut Faults<'_>) -> Vec<Destination> {
    let Value::Map(entries) = &node.value else {
        expect::wrong_type(
            node,
            "destinations",
            "a map: a name, and under it a destination",
            faults,
        )
        .help = Some("a single one is written as \"destination\"".to_owned());
        return Vec::new();
    };
    if entries.is_empty() {
        faults.error("spec/empty", node.place, "\"destinations\" names none");
    }
    let mut destinations: Vec<(Place, Destination)> = Vec::new();
    for entry in entries {
        let name = match DestinationName::parse(&entry.key) {
            Ok(name) => name,
            Err(error) => {
                let message = format!(
                    "\"{}\" can't be the name of a destination; expected {error}",
                    short(&entry.key)
                );
                faults.error("spec/name", entry.key_place, message);
                // Read it all the same, for its other faults.
                DestinationName::default_name()
            }
        };
        if let Some(destination) = destination(&entry.node, entry.key_place, name, known, faults) {
            destinations.push((entry.key_place, destination));
        }
    }
    for (index, (place, destination)) in destinations.iter().enumerate() {
        let here = &destination.connection;
        let same = |other: &&(Place, Destination)| {
            let there = &other.1.connection;
            there.connector == here.connector && there.settings == here.settings
        };
        if let Some((_, twin)) = destinations.iter().take(index).find(same) {
            let message = format!("\"{}\" is the same place as \"{}\"", destination.name, twin.name);
            faults.warning(
                "spec/same-place",
                *place,
                message,
                "leave one of the two out, or give it another folder",
            );
        }
    }
    destinations.into_iter().map(|(_, destination)| destination).collect()
}

/// Reads one destination.
pub(crate) fn destination(
    node: &Node,
    key_place: Place,
    name: DestinationName,
    known: &Known<'_>,
    faults: &mut Faults<'_>,
) -> Option<Destination> {
    let mut keys = KEYS;
    // Accepted while it asks for nothing.
    if node.get("conversion").is_some_and(super::document::conversion_keeps) {
        keys.later = &[];
        keys.known = &[
            "connection",
            "connector",
            "with",
            "pace",
            "layout",
            "deletions",
            "existing",
            "require_proof",
            "conversion",
        ];
    }
    let entries = fields(node, name.as_str(), keys, faults)?;
    let connection = connection(
        entries,
        key_place,
        name.as_str(),
        ConnectorRole::Destination,
        known,
        faults,
    );
    let layout = find(entries, "layout").map_or_else(|| Some(Layout::default()), |node| layout(node, faults));
    let deletions = find(entries, "deletions").map_or(Some(Deletions::Keep), |node| {
        expect::word(node, "deletions", &DELETIONS, faults)
    });
    let existing = find(entries, "existing").map_or(Some(Existing::Skip), |node| {
        expect::word(node, "existing", &EXISTING, faults)
    });
    let proofs = Proof::ALL.map(|proof| (proof, proof.name()));
    let require_proof = find(entries, "require_proof").map_or(Some(Proof::Accepted), |node| {
        expect::word(node, "require_proof", &proofs, faults)
    });
    Some(Destination {
        name,
        connection: connection?,
        layout: layout?,
        deletions: deletions?,
        existing: existing?,
        require_proof: require_proof?,
    })
}

fn layout(node: &Node, faults: &mut Faults<'_>) -> Option<Layout> {
    if let (Value::Map(_), None) = (&node.value, &node.written) {
        expect::wrong_type(node, "layout", "a text in quotes", faults).help =
            Some(format!("YAML takes {{ for a map: layout: \"{}\"", Layout::DEFAULT));
        return None;
    }
    let text = expect::text(node, "layout", faults)?;
    let layout = match Layout::parse(text) {
        Ok(layout) => layout,
        Err(found) => {
            // Columns inside the text are columns of the file where the text is written as it is.
            let quote = match node.written.as_ref().map(|written| written.style) {
                Some(Style::Plain) => Some(0),
                Some(Style::Quoted) => Some(1),
                _ => None,
            };
            let width = node.place.end.column.saturating_sub(node.place.start.column);
            let characters = text.chars().count();
            let exact = quote.filter(|quote| {
                node.place.start.line == node.place.end.line
                    && usize::try_from(width).is_ok_and(|width| width == characters + 2 * quote)
            });
            for fault in found {
                let place = exact.map_or(node.place, |quote| Place {
                    start: node.place.start.right(quote + fault.start),
                    end: node.place.start.right(quote + fault.end),
                });
                faults.error(fault.code, place, fault.message).help = Some(fault.help);
            }
            return None;
        }
    };
    if !layout.tells_files_apart() {
        let message = "this layout gives many files one name, and all but the first get a suffix";
        faults.warning(
            "layout/one-name",
            node.place,
            message,
            "use {name}, {stem}, {id} or {id8} in it",
        );
    } else if !layout.keeps_extension() {
        let message = "this layout doesn't end with the file's extension";
        faults.warning(
            "layout/no-extension",
            node.place,
            message,
            "end it with {name} or .{ext}",
        );
    }
    Some(layout)
}
