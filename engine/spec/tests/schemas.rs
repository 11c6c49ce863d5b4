//! The committed schemas are what the code gives.

use std::path::{Path, PathBuf};

use camroll_spec::report::CODES;
use camroll_spec::{Connectors, receipt_schema, spec_schema};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The bundled connectors: those of `connectors/` that have a manifest.
fn bundled() -> Connectors {
    let mut manifests = Vec::new();
    for id in ["ftp", "icloud-photos", "immich", "local", "s3", "sftp", "smb", "webdav"] {
        let path = root().join("connectors").join(id).join("manifest.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        manifests
            .push(serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    }
    Connectors::from_manifests(&manifests).expect("the bundled connectors' manifests")
}

/// `CAMROLL_WRITE_SCHEMAS=1 cargo nextest run -p camroll-spec schemas` writes them.
fn same(file: &str, schema: &Value) {
    let path = root().join("schema").join(file);
    let wanted = format!("{schema:#}\n");
    if std::env::var_os("CAMROLL_WRITE_SCHEMAS").is_some() {
        std::fs::create_dir_all(root().join("schema")).expect("the folder");
        std::fs::write(&path, &wanted).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == wanted,
        "schema/{file} is not what the code gives; write it anew: CAMROLL_WRITE_SCHEMAS=1 cargo test -p camroll-spec --test schemas"
    );
}

#[test]
fn the_specs_schema_is_committed() {
    same("camroll.schema.json", &spec_schema(&bundled()));
}

/// Every key that a spec may have, whichever map it stands in.
fn keys(schema: &Value, found: &mut std::collections::BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            for (name, value) in map {
                if let ("properties", Value::Object(properties)) = (name.as_str(), value) {
                    found.extend(properties.keys().cloned());
                }
                keys(value, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| keys(one, found)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_language_stands_in_its_page() {
    let page = std::fs::read_to_string(root().join("docs/spec.md")).expect("the page");
    let schema = spec_schema(&Connectors::from_manifests(&[]).expect("none is fine"));
    let mut found = std::collections::BTreeSet::new();
    keys(&schema, &mut found);
    assert!(found.contains("require_proof") && found.len() > 30, "{found:?}");
    let lacking: Vec<&String> = found
        .iter()
        .filter(|key| !page.contains(&format!("`{key}`")) && !page.contains(&format!("{key}: ")))
        .collect();
    assert!(lacking.is_empty(), "docs/spec.md says nothing of {lacking:?}");
}

#[test]
fn the_receipts_schema_is_committed() {
    same("receipt.schema.json", &receipt_schema());
}

#[test]
fn every_code_is_explained_and_every_explained_code_is_used() {
    let mut source = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("report/codes.rs") {
                source.push_str(&std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    let used = regex_lite::Regex::new(r#""((?:yaml|spec|layout|settings|secret|file)/[a-z-]+)""#).expect("a pattern");
    let mut used: Vec<&str> = used
        .captures_iter(&source)
        .filter_map(|found| found.get(1))
        .map(|found| found.as_str())
        .collect();
    used.sort_unstable();
    used.dedup();
    let explained: Vec<&str> = CODES.iter().map(|code| code.code).collect();
    assert_eq!(used, explained);
}
