//! Connections: under `connections:` with a name, or in place in a source or a destination.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fields::{Keys, fields, find, not_built_yet};
use super::pace::pace;
use super::{Faults, expect};
use crate::language::{
    Connection, ConnectionName, ConnectionOrigin, ConnectorId, ConnectorRef, LibraryChoice, Pace, Source,
};
use crate::settings::{ConnectorInfo, ConnectorRole, Connectors, Settings, check};
use crate::text::{Diagnostic, Entry, Node, Place, short};
use crate::values::nearest;

/// Keys of a connection under `connections:`.
pub(crate) const KEYS: Keys = Keys {
    of: "a connection",
    known: &["connector", "with", "pace"],
    later: &[],
};

/// Keys of a source.
pub(crate) const SOURCE_KEYS: Keys = Keys {
    of: "a source",
    known: &["connection", "connector", "with", "pace", "libraries"],
    later: &[],
};

/// A connection with a name, read once, used by any spec of its folder.
#[derive(Debug)]
pub(crate) struct Definition {
    pub file: PathBuf,
    pub place: Place,
    /// None if something is wrong with it.
    pub connection: Option<Connection>,
    /// What is wrong with it.
    pub faults: Vec<Diagnostic>,
    pub hidden: Vec<Place>,
    /// Whether a spec names it.
    pub used: Cell<bool>,
}

/// The connections of a folder, by name.
pub(crate) type Definitions = BTreeMap<String, Definition>;

/// Reads the connections of one document.
pub(crate) fn definitions(
    node: &Node,
    connectors: &Connectors,
    definitions: &mut Definitions,
    faults: &mut Faults<'_>,
) {
    let crate::text::Value::Map(entries) = &node.value else {
        expect::wrong_type(
            node,
            "connections",
            "a map: a name, and under it connector and with",
            faults,
        );
        return;
    };
    for entry in entries {
        if let Some(earlier) = definitions.get(&entry.key) {
            let Place { start, .. } = earlier.place;
            let message = format!(
                "there are two connections \"{}\"; the other one is in {}, line {}, column {}",
                short(&entry.key),
                earlier.file.display(),
                start.line,
                start.column
            );
            faults.error("spec/two-connections", entry.key_place, message).help =
                Some("all files of a folder see each other's connections: give one of the two another name".to_owned());
            continue;
        }
        let mut own = Faults::new(faults.file());
        let connection = definition(entry, connectors, &mut own);
        let connection = connection.filter(|_| own.errors() == 0);
        let (found, hidden) = own.into_parts();
        let definition = Definition {
            file: faults.file().to_owned(),
            place: entry.key_place,
            connection,
            faults: found,
            hidden,
            used: Cell::new(false),
        };
        definitions.insert(entry.key.clone(), definition);
    }
}

fn definition(entry: &Entry, connectors: &Connectors, faults: &mut Faults<'_>) -> Option<Connection> {
    let name = ConnectionName::parse(&entry.key);
    if let Err(error) = &name {
        let message = format!(
            "\"{}\" can't be the name of a connection; expected {error}",
            short(&entry.key)
        );
        faults.error("spec/name", entry.key_place, message);
    }
    let entries = fields(&entry.node, &entry.key, KEYS, faults)?;
    let pace = find(entries, "pace").map_or_else(Pace::default, |node| pace(node, faults));
    let (connector, settings) = connector_and_settings(entries, entry.key_place, &[], connectors, faults)?;
    Some(Connection {
        name: name.ok()?,
        origin: ConnectionOrigin::Named,
        connector,
        settings: settings.json,
        secrets: settings.secrets,
        pace,
    })
}

/// What reading a source or destination may look up.
pub(crate) struct Known<'k> {
    pub connectors: &'k Connectors,
    pub definitions: &'k Definitions,
}

/// Reads `connection: NAME`, or `connector:` and `with:` in place.
pub(crate) fn connection(
    entries: &[Entry],
    place: Place,
    own_name: &str,
    role: ConnectorRole,
    known: &Known<'_>,
    faults: &mut Faults<'_>,
) -> Option<Connection> {
    let word = role.word();
    let own = find(entries, "pace").map_or_else(Pace::default, |node| pace(node, faults));
    match (find(entries, "connection"), find(entries, "connector")) {
        (Some(reference), None) => {
            if let Some(with) = entries.iter().find(|entry| entry.key == "with") {
                let message =
                    "\"with\" belongs to a connector, and \"connection\" names one that has its settings already";
                faults.error("spec/either-or", with.key_place, message).help =
                    Some("move it to the connection, or write connector and with here".to_owned());
            }
            let name = expect::text(reference, "connection", faults)?;
            let Some(definition) = known.definitions.get(name) else {
                let message = format!("there is no connection \"{}\" in the files of this folder", short(name));
                let names = known.definitions.keys().map(String::as_str);
                let help = nearest(name, names).map(|word| format!("did you mean \"{word}\"?"));
                faults.error("spec/no-connection", reference.place, message).help =
                    help.or_else(|| Some("write it under \"connections\", or connector and with in place".to_owned()));
                return None;
            };
            definition.used.set(true);
            let Some(connection) = &definition.connection else {
                let Place { start, .. } = definition.place;
                let message = format!(
                    "the connection \"{name}\" has errors: see {}, line {}",
                    definition.file.display(),
                    start.line
                );
                faults.error("spec/broken-connection", reference.place, message);
                return None;
            };
            check_role(
                connection.connector.id(),
                role,
                reference.place,
                known.connectors,
                faults,
            )?;
            Some(Connection {
                pace: connection.pace.and(own),
                ..connection.clone()
            })
        }
        (None, Some(connector)) => {
            let (found, settings) = connector_and_settings(entries, place, &[role], known.connectors, faults)?;
            check_role(found.id(), role, connector.place, known.connectors, faults)?;
            Some(Connection {
                name: ConnectionName::parse(own_name).ok()?,
                origin: ConnectionOrigin::InPlace,
                connector: found,
                settings: settings.json,
                secrets: settings.secrets,
                pace: own,
            })
        }
        (Some(_), Some(connector)) => {
            let message = "\"connection\" and \"connector\" exclude each other";
            faults.error("spec/either-or", connector.place, message).help = Some("leave one of the two out".to_owned());
            None
        }
        (None, None) => {
            let message = format!("a {word} needs \"connection\", or \"connector\" and \"with\"");
            faults.error("spec/missing", place, message).help =
                Some(format!("connectors: {}", ids(known.connectors, &[role])));
            None
        }
    }
}

fn check_role(
    id: &ConnectorId,
    role: ConnectorRole,
    place: Place,
    connectors: &Connectors,
    faults: &mut Faults<'_>,
) -> Option<()> {
    if connectors.get(id.as_str()).is_some_and(|info| info.is(role)) {
        return Some(());
    }
    let message = format!("{id} can't be a {}", role.word());
    faults.error("spec/role", place, message).help = Some(format!("connectors that can: {}", ids(connectors, &[role])));
    None
}

fn connector_and_settings(
    entries: &[Entry],
    place: Place,
    roles: &[ConnectorRole],
    connectors: &Connectors,
    faults: &mut Faults<'_>,
) -> Option<(ConnectorRef, Settings)> {
    let Some(connector) = find(entries, "connector") else {
        let message = "a connection needs \"connector\"";
        faults.error("spec/missing", place, message).help = Some(format!("connectors: {}", ids(connectors, roles)));
        return None;
    };
    let with = find(entries, "with");
    let Some(id) = expect::text(connector, "connector", faults) else {
        hide(with, faults);
        return None;
    };
    let path = id.contains(['/', '\\']) || Path::new(id).extension().is_some_and(|extension| extension == "wasm");
    if id.contains("://") || path {
        let what = if id.contains("://") {
            "a connector from a registry"
        } else {
            "a connector by path"
        };
        not_built_yet(connector.place, what, faults);
        hide(with, faults);
        return None;
    }
    let Some(info) = connectors.get(id) else {
        let names = connectors.all().map(|info| info.id.as_str());
        let help = nearest(id, names).map(|word| format!("did you mean \"{word}\"?"));
        let message = format!("there is no connector \"{}\"", short(id));
        let fault = faults.error("spec/unknown-connector", connector.place, message);
        fault.help = help.or_else(|| Some(format!("connectors: {}", ids(connectors, roles))));
        hide(with, faults);
        return None;
    };
    // Before the whole map is read: what a text in the wrong place holds may be a secret.
    if info.schema.has_secret() && with.is_some_and(|with| !matches!(with.value, crate::text::Value::Map(_))) {
        hide(with, faults);
    }
    let key_place = entries
        .iter()
        .find(|entry| entry.key == "with")
        .map_or(connector.place, |entry| entry.key_place);
    let settings = check(&info.schema, id, with, key_place, faults);
    Some((ConnectorRef::Bundled(info.id.clone()), settings))
}

fn hide(with: Option<&Node>, faults: &mut Faults<'_>) {
    if let Some(with) = with {
        faults.hide(with);
    }
}

fn ids(connectors: &Connectors, roles: &[ConnectorRole]) -> String {
    let fits = |info: &&ConnectorInfo| roles.iter().all(|role| info.is(*role));
    let ids: Vec<&str> = connectors.all().filter(fits).map(|info| info.id.as_str()).collect();
    if ids.is_empty() {
        "none is installed".to_owned()
    } else {
        ids.join(", ")
    }
}

/// Reads `source:`.
pub(crate) fn source(node: &Node, key_place: Place, known: &Known<'_>, faults: &mut Faults<'_>) -> Option<Source> {
    let entries = fields(node, "source", SOURCE_KEYS, faults)?;
    let connection = connection(entries, key_place, "source", ConnectorRole::Source, known, faults);
    let libraries = match find(entries, "libraries") {
        Some(node) => libraries(node, faults),
        None => vec![LibraryChoice::Personal],
    };
    Some(Source {
        connection: connection?,
        libraries,
    })
}

fn libraries(node: &Node, faults: &mut Faults<'_>) -> Vec<LibraryChoice> {
    let mut libraries = Vec::new();
    for node in expect::one_or_more(node, "libraries", faults) {
        let Some(name) = expect::text(node, "libraries", faults) else {
            continue;
        };
        let library = match name.trim() {
            "" => {
                faults.error("spec/empty", node.place, "a library without a name").help =
                    Some("personal, shared, or the name that the service shows".to_owned());
                continue;
            }
            "personal" => LibraryChoice::Personal,
            "shared" => LibraryChoice::Shared,
            name => LibraryChoice::Named(name.to_owned()),
        };
        if libraries.contains(&library) {
            faults.warning(
                "spec/twice",
                node.place,
                format!("the library \"{}\" is here twice", short(name)),
                "leave one out",
            );
        } else {
            libraries.push(library);
        }
    }
    libraries
}
