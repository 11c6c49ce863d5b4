//! Who has read the page of one connector finds the same in the next one: five headings, a real example, every setting.

use std::fs;
use std::path::Path;

/// Each stands once on each page. Others may stand between them.
const HEADINGS: [&str; 5] = ["Settings", "Getting the key", "What is preserved", "Proof", "Limits"];

#[test]
fn every_connector_has_a_page_with_the_five_headings() {
    let mut missing = Vec::new();
    for (id, _, page) in pages() {
        for heading in HEADINGS {
            let times = page.lines().filter(|line| *line == format!("## {heading}")).count();
            if times != 1 || section(&page, heading).lines().all(|line| line.trim().is_empty()) {
                missing.push(format!(
                    "docs/connectors/{id}.md: {heading:?} {times} times, or nothing below it"
                ));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_settings_have_an_example_and_name_every_one() {
    let mut missing = Vec::new();
    for (id, manifest, page) in pages() {
        let settings = section(&page, "Settings");
        let example = settings
            .split("```yaml\n")
            .nth(1)
            .and_then(|rest| rest.split("```").next())
            .unwrap_or_default();
        if !example.contains(&format!("connector: {id}\n")) {
            missing.push(format!("{id}: an example in YAML"));
        }
        let declared = &manifest["settings"];
        for required in declared["required"].as_array().into_iter().flatten() {
            let key = required.as_str().expect("a name");
            if !example
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{key}: ")))
            {
                missing.push(format!("{id}: {key:?} in the example"));
            }
        }
        for key in declared["properties"].as_object().expect("settings").keys() {
            if !settings.contains(&format!("`{key}`")) {
                missing.push(format!("{id}: {key:?} in the table"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Id, manifest and page of every connector.
fn pages() -> Vec<(String, serde_json::Value, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = Vec::new();
    for entry in fs::read_dir(root.join("connectors")).expect("connectors") {
        let Ok(manifest) = fs::read_to_string(entry.expect("an entry").path().join("manifest.json")) else {
            continue;
        };
        let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
        let id = manifest["id"].as_str().expect("an id").to_owned();
        let page = fs::read_to_string(root.join(format!("docs/connectors/{id}.md"))).unwrap_or_default();
        pages.push((id, manifest, page));
    }
    assert!(pages.len() >= 8, "the connectors were looked through");
    pages
}

/// What stands below a heading, up to the next one of its level.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    page.split(&format!("\n## {heading}\n"))
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap_or_default()
}
