//! One JSON document for all of it.

use serde_json::json;

use crate::read::Reading;
use crate::text::Diagnostic;

/// `{"valid", "specs": [{name, file, line}], "diagnostics": [{code, severity, file, line, column, end, message, help}]}`.
pub fn json(reading: &Reading) -> String {
    let specs = reading.specs.iter().map(
        |spec| json!({"name": spec.name.as_str(), "file": spec.file.to_string_lossy(), "line": spec.position.line}),
    );
    let document = json!({
        "valid": !reading.has_errors(),
        "specs": specs.collect::<Vec<_>>(),
        "diagnostics": reading.diagnostics.iter().map(one).collect::<Vec<_>>(),
    });
    format!("{document:#}")
}

fn one(diagnostic: &Diagnostic) -> serde_json::Value {
    json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "file": diagnostic.file.to_string_lossy(),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "end": diagnostic.end,
        "message": diagnostic.message,
        "help": diagnostic.help,
    })
}
