//! One document: a spec, or connections alone.

use super::connection::{Known, source};
use super::destination::{destination, destinations};
use super::fields::{Keys, fields, find, not_built_yet};
use super::filters::filters;
use super::limits::{limits, versions};
use super::schedule::schedule;
use super::{Faults, expect};
use crate::language::{Albums, DestinationName, Filter, Limits, Schedule, Sidecar, Spec, SpecName, Versions};
use crate::text::{Entry, Node, Place, Value, short};

/// Keys of a document.
pub(crate) const KEYS: Keys = Keys {
    of: "a spec",
    known: &[
        "version",
        "name",
        "connections",
        "source",
        "destination",
        "destinations",
        "filters",
        "versions",
        "albums",
        "sidecar",
        "schedule",
        "limits",
        // Accepted while they ask for nothing.
        "conversion",
        "kind",
    ],
    later: &[],
};

/// The words of `albums:`.
pub(crate) const ALBUMS: [(Albums, &str); 2] = [(Albums::Ignore, "ignore"), (Albums::Keep, "keep")];

/// The words of `sidecar:`.
pub(crate) const SIDECARS: [(Sidecar, &str); 2] = [(Sidecar::None, "none"), (Sidecar::Xmp, "xmp")];

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Spec,
    /// `connections:` and nothing else, for the other files of the folder.
    Connections,
}

pub(crate) fn sort(node: &Node) -> Sort {
    let alone = matches!(&node.value, Value::Map(entries) if entries.iter().all(|entry| matches!(entry.key.as_str(), "version" | "connections")));
    if alone && node.get("connections").is_some() {
        Sort::Connections
    } else {
        Sort::Spec
    }
}

/// Reads a document; `connections:` was read before. None if something is wrong with it.
pub(crate) fn document(node: &Node, known: &Known<'_>, faults: &mut Faults<'_>) -> Option<Spec> {
    let before = faults.errors();
    if let Some(kind) = node.get("kind") {
        let kind = expect::text(kind, "kind", faults).unwrap_or("…").to_owned();
        let place = node.get("kind").map_or(node.place, |kind| kind.place);
        not_built_yet(place, &format!("a document of kind \"{}\"", short(&kind)), faults);
        return None;
    }
    let entries = fields(node, "the document", KEYS, faults)?;
    version(entries, node.place, faults);
    if sort(node) == Sort::Connections {
        return None;
    }
    let name = name(entries, node.place, faults);
    let source = match entry(entries, "source") {
        Some(found) => source(&found.node, found.key_place, known, faults),
        None => {
            missing(
                "source",
                "source: { connector: icloud-photos, with: { … } }",
                node.place,
                faults,
            );
            None
        }
    };
    let destinations = match (entry(entries, "destination"), entry(entries, "destinations")) {
        (Some(one), None) => destination(&one.node, one.key_place, DestinationName::default_name(), known, faults)
            .into_iter()
            .collect(),
        (None, Some(several)) => destinations(&several.node, known, faults),
        (Some(_), Some(several)) => {
            let message = "\"destination\" and \"destinations\" exclude each other";
            faults.error("spec/either-or", several.key_place, message).help =
                Some("move the single one under \"destinations\" and give it a name".to_owned());
            Vec::new()
        }
        (None, None) => {
            missing(
                "destination",
                "destination: { connector: local, with: { path: /mnt/nas/photos } }",
                node.place,
                faults,
            );
            Vec::new()
        }
    };
    let spec_filters = find(entries, "filters").map_or_else(Filter::everything, |node| filters(node, faults));
    let spec_versions = find(entries, "versions").map_or_else(Versions::default, |node| versions(node, faults));
    let spec_albums = find(entries, "albums").map_or(Some(Albums::default()), |node| {
        expect::word(node, "albums", &ALBUMS, faults)
    });
    let spec_sidecar = find(entries, "sidecar").map_or(Some(Sidecar::default()), |node| {
        expect::word(node, "sidecar", &SIDECARS, faults)
    });
    let spec_schedule = find(entries, "schedule").map_or_else(Schedule::default, |node| schedule(node, faults));
    let spec_limits = find(entries, "limits").map_or_else(Limits::default, |node| limits(node, faults));
    asks_for_nothing(entries, faults);
    if faults.errors() > before {
        return None;
    }
    Some(Spec {
        name: name?,
        source: source?,
        destinations,
        filters: spec_filters,
        versions: spec_versions,
        albums: spec_albums?,
        sidecar: spec_sidecar?,
        schedule: spec_schedule,
        limits: spec_limits,
        file: faults.file().to_owned(),
        position: node.place.start,
    })
}

fn entry<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    entries.iter().find(|entry| entry.key == key)
}

fn missing(key: &str, example: &str, place: Place, faults: &mut Faults<'_>) {
    let first = Place {
        start: place.start,
        end: place.start.right(1),
    };
    faults
        .error("spec/missing", first, format!("the spec has no \"{key}\""))
        .help = Some(format!("add {example}"));
}

fn version(entries: &[Entry], place: Place, faults: &mut Faults<'_>) {
    match find(entries, "version") {
        None => missing("version", "version: 1", place, faults),
        Some(node) => match &node.value {
            Value::Number(number) if number.as_u64() == Some(1) => {}
            Value::Number(number) => {
                let message = format!("this camroll reads version 1 of the language, not {number}");
                faults.error("spec/version", node.place, message).help =
                    Some("write version: 1, or use a newer camroll".to_owned());
            }
            _ => drop(expect::wrong_type(node, "version", "the number 1", faults)),
        },
    }
}

fn name(entries: &[Entry], place: Place, faults: &mut Faults<'_>) -> Option<SpecName> {
    let Some(node) = find(entries, "name") else {
        missing("name", "name: family-archive", place, faults);
        return None;
    };
    let text = expect::text(node, "name", faults)?;
    match SpecName::parse(text) {
        Ok(name) => Some(name),
        Err(error) => {
            let lower: String = text
                .trim()
                .to_lowercase()
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') {
                        c
                    } else {
                        '-'
                    }
                })
                .collect();
            let fault = faults.error(
                "spec/name",
                node.place,
                format!("\"{}\" can't be the name of a spec; expected {error}", short(text)),
            );
            fault.help = SpecName::parse(lower.trim_matches('-'))
                .ok()
                .map(|name| format!("for example \"{name}\""));
            None
        }
    }
}

/// Keys of the contract whose only value so far is the one that asks for nothing.
fn asks_for_nothing(entries: &[Entry], faults: &mut Faults<'_>) {
    if let Some(found) = entry(entries, "conversion")
        && !conversion_keeps(&found.node)
    {
        not_built_yet(found.key_place, "\"conversion\" that converts anything", faults);
    }
}

/// Whether a conversion says `keep` throughout.
pub(crate) fn conversion_keeps(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else {
        return false;
    };
    entries
        .iter()
        .all(|entry| match (entry.key.as_str(), &entry.node.value) {
            ("heic" | "video" | "live_photo" | "raw", Value::Text(word)) => word == "keep",
            ("only", Value::Bool(only)) => !only,
            _ => false,
        })
}
