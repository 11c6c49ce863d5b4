//! Specs for commands: read, and what is wrong with them shown with its place.

use std::path::PathBuf;

use camroll_spec::{Connection, ConnectionOrigin, Connectors, Destination, Reading, Severity, Spec, load, nearest};
use camroll_sync::Exit;
use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};

use crate::bundle::{BUNDLED, Bundled};
use crate::story::Story;

/// The settings' schemas of the bundled connectors.
pub fn connectors() -> Result<Connectors, Story> {
    let manifests: Vec<serde_json::Value> = BUNDLED
        .iter()
        .map(|Bundled { id, manifest, .. }| {
            serde_json::from_str(manifest).map_err(|error| Story::unexpected(format!("{id}: {error}")))
        })
        .collect::<Result<_, _>>()?;
    Connectors::from_manifests(manifests.iter()).map_err(Story::unexpected)
}

/// Reads the specs of these paths; of the current folder where there are none.
pub fn read(paths: &[PathBuf]) -> Result<Reading, Story> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { here.as_slice() } else { paths };
    let reading = load(paths, &connectors()?);
    if reading.specs.is_empty() && reading.diagnostics.is_empty() {
        return Err(Story::new(Exit::InvalidSpec, "There is no spec here.")
            .hint("`camroll init` writes a first one; or name a file or folder"));
    }
    Ok(reading)
}

/// Shows what is wrong, each with its place.
pub fn show(reading: &Reading) {
    for diagnostic in &reading.diagnostics {
        let mut shown = MietteDiagnostic::new(diagnostic.message.clone()).with_code(diagnostic.code);
        shown.severity = Some(match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        });
        shown.help.clone_from(&diagnostic.help);
        let place = diagnostic.place();
        let text = reading
            .shown(&diagnostic.file)
            .map(|shown| shown.text.clone())
            .unwrap_or_default();
        let start = place.start.offset(&text);
        let end = place.end.offset(&text).max(start + 1);
        // A fault of a file or folder as a whole has no line.
        let name = if diagnostic.code.starts_with("file/") {
            diagnostic.file.display().to_string()
        } else {
            format!(
                "{}:{}:{}",
                diagnostic.file.display(),
                diagnostic.line,
                diagnostic.column
            )
        };
        if text.is_empty() || start >= text.len() {
            shown.message = format!("{name}: {}", shown.message);
            eprintln!("{:?}", Report::new(shown));
        } else {
            shown.labels = Some(vec![LabeledSpan::underline(start..end.min(text.len()))]);
            eprintln!(
                "{:?}",
                Report::new(shown).with_source_code(NamedSource::new(diagnostic.file.display().to_string(), text))
            );
        }
    }
}

/// The spec or connection of a name: the spec that holds it, and the connection.
pub fn find<'a>(reading: &'a Reading, name: &str) -> Result<(&'a Spec, &'a Connection), Story> {
    if let Some(spec) = reading.specs.iter().find(|spec| spec.name.as_str() == name) {
        return Ok((spec, &spec.source.connection));
    }
    for spec in &reading.specs {
        let all = std::iter::once(&spec.source.connection)
            .chain(spec.destinations.iter().map(|destination| &destination.connection));
        for connection in all {
            if connection.origin == ConnectionOrigin::Named && connection.name.as_str() == name {
                return Ok((spec, connection));
            }
        }
    }
    show(reading);
    let known = names(reading);
    if known.is_empty() {
        return Err(Story::new(
            Exit::InvalidSpec,
            format!("No spec could be read, so none is called {name:?}."),
        )
        .hint("--specs PATH says where they are"));
    }
    Err(Story::new(
        Exit::InvalidSpec,
        format!(
            "There is no spec or connection called {name:?}. There is: {}.",
            known.join(", ")
        ),
    )
    .hint(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}? --specs PATH says where other specs are"),
        None => "--specs PATH says where other specs are".to_owned(),
    }))
}

/// What a person can call: the specs and the connections with a name of their own.
fn names(reading: &Reading) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for spec in &reading.specs {
        names.push(spec.name.as_str());
        let connections = std::iter::once(&spec.source.connection)
            .chain(spec.destinations.iter().map(|destination| &destination.connection));
        names.extend(
            connections
                .filter(|connection| connection.origin == ConnectionOrigin::Named)
                .map(|connection| connection.name.as_str()),
        );
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

/// The spec of a name.
pub fn find_spec<'a>(reading: &'a Reading, name: &str) -> Result<&'a Spec, Story> {
    find(reading, name).map(|(spec, _)| spec)
}

/// The destination of that name, else all of them.
pub fn destinations<'a>(spec: &'a Spec, name: Option<&str>) -> Result<Vec<&'a Destination>, Story> {
    let chosen: Vec<&Destination> = spec
        .destinations
        .iter()
        .filter(|destination| name.is_none_or(|name| destination.name.as_str() == name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = spec.destinations.iter().map(|one| one.name.as_str()).collect();
        return Err(Story::new(
            Exit::Usage,
            format!(
                "The spec {:?} has no destination {:?}. It has: {}.",
                spec.name.as_str(),
                name.unwrap_or_default(),
                names.join(", ")
            ),
        ));
    }
    Ok(chosen)
}
