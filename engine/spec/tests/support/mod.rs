//! What the tests of this crate share: connectors of the tests, and one file with a text.
#![allow(dead_code, reason = "each test uses its own part of this")]

use camroll_spec::{Connectors, Diagnostic, FileRole, Reading, SourceFile, Spec, read};

/// The connectors of the tests.
pub fn connectors() -> Connectors {
    let manifests = [
        include_str!("../manifests/icloud-photos.json"),
        include_str!("../manifests/local.json"),
        include_str!("../manifests/every-type.json"),
    ];
    let manifests = manifests.map(|text| serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
    Connectors::from_manifests(&manifests).expect("manifests")
}

/// A file that is asked for.
pub fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.into(),
        text: text.to_owned(),
        role: FileRole::Asked,
    }
}

/// Reads one file called "specs/a.yaml".
pub fn read_text(text: &str) -> Reading {
    read(&[file("specs/a.yaml", text)], &connectors())
}

/// The only spec of a text that has no fault, not even a warning.
pub fn spec(text: &str) -> Spec {
    let mut reading = read_text(text);
    assert_eq!(reading.diagnostics, [], "{text}");
    assert_eq!(reading.specs.len(), 1, "{text}");
    reading.specs.remove(0)
}

/// What is said of a text that gives no spec.
pub fn faults(text: &str) -> Vec<Diagnostic> {
    let reading = read_text(text);
    assert!(reading.has_errors(), "no error in {text}");
    assert!(reading.specs.is_empty(), "a spec in spite of errors: {text}");
    reading.diagnostics
}

/// A whole spec; `source`, `destination` and what follows may be replaced.
pub fn whole(source: &str, destination: &str, rest: &str) -> String {
    format!("version: 1\nname: family\nsource:\n  {source}\ndestination:\n  {destination}\n{rest}")
}

/// A source that is right, in one line of two: line 4 of `whole`.
pub const SOURCE: &str = "{ connector: icloud-photos, with: { apple_id: a@example.com, password: { env: PW } } }";
/// A destination that is right: line 6 of `whole`.
pub const DESTINATION: &str = "{ connector: local, with: { path: /mnt/nas } }";
