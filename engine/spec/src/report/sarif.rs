//! SARIF 2.1.0, which code hosts and editors read.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use serde_json::{Value, json};

use super::explain_code;
use crate::text::{Diagnostic, Severity};

/// One SARIF log with one run.
pub fn sarif(diagnostics: &[Diagnostic], tool_version: &str) -> String {
    let used: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let rules: Vec<Value> = used
        .iter()
        .map(|code| {
            let short = explain_code(code).unwrap_or(code);
            json!({"id": code, "shortDescription": {"text": short}})
        })
        .collect();
    let results: Vec<Value> = diagnostics.iter().map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "camroll",
                "semanticVersion": tool_version,
                "informationUri": "https://github.com/camroll/camroll",
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn result(diagnostic: &Diagnostic) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let text = match &diagnostic.help {
        Some(help) => format!("{}. {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    json!({
        "ruleId": diagnostic.code,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&diagnostic.file)},
            "region": {
                "startLine": diagnostic.line,
                "startColumn": diagnostic.column,
                "endLine": diagnostic.end.line,
                "endColumn": diagnostic.end.column,
            },
        }}],
    })
}

/// A URI reference: "/" between parts, all but the unreserved characters escaped.
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for part in path.components() {
        match part {
            Component::RootDir => uri.push_str("file://"),
            Component::CurDir => continue,
            _ => {}
        }
        if part == Component::RootDir {
            continue;
        }
        if !uri.is_empty() {
            uri.push('/');
        }
        for byte in part.as_os_str().to_string_lossy().bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                uri.push(char::from(byte));
            } else {
                uri.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Place;

    #[test]
    fn a_log_names_rules_places_and_files_as_uris() {
        let fault = Diagnostic::error("spec/word", Path::new("./my specs/a.yaml"), Place::START, "wrong")
            .with_help("write it right");
        let log: Value = serde_json::from_str(&sarif(&[fault], "0.1.0")).expect("JSON");
        assert_eq!(log["version"], "2.1.0");
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], log["runs"][0]["tool"]["driver"]["rules"][0]["id"]);
        assert_eq!(
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "my%20specs/a.yaml"
        );
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
        assert_eq!(uri(Path::new("/srv/a b.yaml")), "file:///srv/a%20b.yaml");
    }
}
