//! `spec` and `plan` stay small: no async runtime, no sandbox, no network in what they are built of.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const NEVER: [&str; 8] = [
    "tokio",
    "wasmtime",
    "wasmparser",
    "reqwest",
    "hyper",
    "rustls",
    "sled",
    "mio",
];

/// As rustc calls the one that it builds for.
fn platform() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let said = String::from_utf8(output.stdout).expect("text");
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("it says for which").to_owned()
}

#[test]
fn neither_spec_nor_plan_is_built_with_a_runtime_or_a_sandbox() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Of this platform alone: what is only needed on others was never downloaded.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", &platform()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        // Not what only tests or build scripts need.
        let normal = list(&node["deps"])
            .into_iter()
            .filter(|dep| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
        needs.insert(text(&node["id"]), normal.map(|dep| text(&dep["pkg"])).collect());
    }
    for of in ["camroll-spec", "camroll-plan"] {
        let mut open: Vec<&String> = names.iter().filter(|(_, name)| *name == of).map(|(id, _)| id).collect();
        assert_eq!(open.len(), 1, "{of} is a package");
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(needs.get(id).into_iter().flatten());
            }
        }
        let seen: BTreeSet<&str> = seen
            .iter()
            .filter_map(|id| names.get(*id))
            .map(String::as_str)
            .collect();
        assert!(seen.contains("jiff"), "the walk saw {of}'s packages");
        let found: Vec<_> = NEVER.iter().filter(|name| seen.contains(**name)).collect();
        assert!(found.is_empty(), "{of} is built with {found:?}");
    }
}
