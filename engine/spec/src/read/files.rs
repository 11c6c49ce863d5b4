//! Files into specs: all of them together, because names and connections go over files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::connection::{Definitions, Known, definitions};
use super::document::document;
use super::pace;
use super::shown::{mask, suspects};
use super::{Faults, ShownText};
use crate::language::Spec;
use crate::settings::Connectors;
use crate::text::{Diagnostic, Node, Place, Value, parse, short};

/// Why a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Its specs are wanted.
    Asked,
    /// It stands beside one whose specs are wanted: only its connections count, and only those that are used.
    Beside,
}

/// A file with its text.
#[derive(Clone)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// Why it is read.
    pub role: FileRole,
}

impl SourceFile {
    /// Some editors put a byte order mark first; it is no part of the first key.
    fn plain(&self) -> &str {
        self.text.strip_prefix('\u{feff}').unwrap_or(&self.text)
    }
}

impl std::fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "SourceFile({:?}, {:?}, {} bytes)",
            self.path,
            self.role,
            self.text.len()
        )
    }
}

/// What reading files gave.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The specs that are right, in the order of files and documents.
    pub specs: Vec<Spec>,
    /// All that is to be said, in the order of files and places. A file with errors may still have given specs.
    pub diagnostics: Vec<Diagnostic>,
    /// The files' texts as they may be shown beside the diagnostics.
    pub shown: Vec<ShownText>,
}

impl Reading {
    /// Whether any spec could not be read.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// A file's text as it may be shown.
    pub fn shown(&self, file: &Path) -> Option<&ShownText> {
        self.shown.iter().find(|shown| shown.file == file)
    }
}

struct Parsed<'f> {
    file: &'f SourceFile,
    documents: Vec<Node>,
    faults: Faults<'f>,
}

/// Reads files that were loaded before. Pure: no file is opened, no secret is read.
pub fn read(files: &[SourceFile], connectors: &Connectors) -> Reading {
    let mut reading = Reading::default();
    let mut parsed = Vec::new();
    // Files beside, which only matter if a connection is missing that they may hold.
    let mut unread = Vec::new();
    for file in files {
        match parse(&file.path, file.plain()) {
            Ok(documents) => {
                let faults = Faults::new(&file.path);
                parsed.push(Parsed {
                    file,
                    documents,
                    faults,
                });
            }
            Err(faults) if file.role == FileRole::Asked => reading.diagnostics.extend(faults),
            Err(faults) => unread.extend(faults),
        }
    }
    let mut folders: BTreeMap<PathBuf, Definitions> = BTreeMap::new();
    for Parsed {
        file,
        documents,
        faults,
    } in &mut parsed
    {
        let folder = file.path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        let known = folders.entry(folder).or_default();
        for node in documents.iter().filter_map(|document| document.get("connections")) {
            definitions(node, connectors, known, faults);
        }
    }
    let mut names = Names::default();
    for Parsed {
        file,
        documents,
        faults,
    } in &mut parsed
    {
        if file.role == FileRole::Beside {
            continue;
        }
        let folder = file.path.parent().unwrap_or_else(|| Path::new(""));
        let Some(definitions) = folders.get(folder) else {
            continue;
        };
        let known = Known {
            connectors,
            definitions,
        };
        for node in documents.iter() {
            reading.specs.extend(document(node, &known, faults));
            names.hear(node, faults);
        }
    }
    // A name that is there twice is an error of both.
    reading.specs.retain(|spec| !names.doubled.contains(spec.name.as_str()));
    pace::agree(&mut reading.specs);
    collect(parsed, folders, &mut reading);
    if reading
        .diagnostics
        .iter()
        .any(|fault| fault.code == "spec/no-connection")
    {
        reading.diagnostics.extend(unread);
    }
    reading
        .diagnostics
        .sort_by(|a, b| (&a.file, a.line, a.column, a.code).cmp(&(&b.file, b.line, b.column, b.code)));
    reading
}

/// The names of specs, with their places.
#[derive(Default)]
struct Names {
    places: BTreeMap<String, (PathBuf, Place)>,
    doubled: BTreeSet<String>,
}

impl Names {
    fn hear(&mut self, document: &Node, faults: &mut Faults<'_>) {
        let Some(name) = document.get("name") else {
            return;
        };
        let Value::Text(text) = &name.value else {
            return;
        };
        if let Some((file, place)) = self.places.get(text) {
            let (line, column) = (place.start.line, place.start.column);
            let (text, file) = (short(text), file.display());
            let message =
                format!("there are two specs \"{text}\"; the other one is in {file}, line {line}, column {column}");
            faults.error("spec/two-specs", name.place, message).help =
                Some("state and receipts know a spec by its name: give one of the two another".to_owned());
            self.doubled.insert(text);
        } else {
            self.places.insert(text.clone(), (faults.file().to_owned(), name.place));
        }
    }
}

/// Puts together what was found, and the texts that may be shown.
fn collect(parsed: Vec<Parsed<'_>>, folders: BTreeMap<PathBuf, Definitions>, reading: &mut Reading) {
    let mut of_connections = Vec::new();
    for definitions in folders.into_values() {
        for definition in definitions.into_values() {
            of_connections.push(definition);
        }
    }
    let mut asked = Vec::new();
    for Parsed {
        file,
        documents,
        faults,
    } in parsed
    {
        let (found, mut hidden) = faults.into_parts();
        if file.role == FileRole::Asked {
            asked.push(file.path.clone());
            reading.diagnostics.extend(found);
        }
        documents.iter().for_each(|document| suspects(document, &mut hidden));
        for definition in of_connections.iter().filter(|definition| definition.file == file.path) {
            hidden.extend(&definition.hidden);
        }
        reading.shown.push(ShownText {
            file: file.path.clone(),
            text: mask(file.plain(), &mut hidden),
        });
    }
    for definition in of_connections {
        if asked.contains(&definition.file) || definition.used.get() {
            reading.diagnostics.extend(definition.faults);
        }
    }
}
