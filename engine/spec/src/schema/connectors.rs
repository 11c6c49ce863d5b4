//! The connectors' settings under each `connector:`.
//!
//! The shape is tag `enum` plus `allOf` of `if`/`then`: yaml-language-server 1.25 completes the right settings, and tells an unknown one,
//! a missing one and a wrong tag exactly, where the `oneOf` that is usually derived makes it complain about the first variant.

use serde_json::{Map, Value, json};

use crate::settings::{ConnectorInfo, ConnectorRole, Connectors};

/// Puts settings into the definitions of connections, sources and destinations, and what a document needs into the whole.
pub(super) fn merge(schema: &mut Value, connectors: &Connectors) {
    for (definition, role) in [
        ("Connection", None),
        ("Source", Some(ConnectorRole::Source)),
        ("Destination", Some(ConnectorRole::Destination)),
    ] {
        let fitting: Vec<&ConnectorInfo> = connectors
            .all()
            .filter(|info| role.is_none_or(|role| info.is(role)))
            .collect();
        if let Some(Value::Object(definition)) = schema.pointer_mut(&format!("/definitions/{definition}")) {
            tag(definition, &fitting, role);
        }
    }
    if let Some(Value::Object(definitions)) = schema.get_mut("definitions") {
        definitions.shift_remove("With");
        definitions.shift_remove("Connector");
    }
    needs(schema);
}

fn tag(definition: &mut Map<String, Value>, connectors: &[&ConnectorInfo], role: Option<ConnectorRole>) {
    let keys: Vec<String> = definition
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect();
    if let Some(Value::Object(properties)) = definition.get_mut("properties") {
        let ids: Vec<&str> = connectors.iter().map(|info| info.id.as_str()).collect();
        let words: Vec<String> = connectors
            .iter()
            .map(|info| format!("{}: {}", info.title, info.summary))
            .collect();
        let what = "Which connector.";
        properties.insert(
            "connector".to_owned(),
            json!({
                "type": "string", "enum": ids, "enumDescriptions": words, "markdownEnumDescriptions": words,
                "description": what, "markdownDescription": what,
            }),
        );
        let what = "The connector's own settings.";
        properties.insert(
            "with".to_owned(),
            json!({"type": "object", "description": what, "markdownDescription": what}),
        );
    }
    let mut branches: Vec<Value> = Vec::new();
    for info in connectors {
        // Told again in each branch, so that nothing but these is allowed there.
        let mut properties: Map<String, Value> = keys.iter().map(|key| (key.clone(), json!(true))).collect();
        properties.shift_remove("connection");
        properties.insert("with".to_owned(), settings(info));
        let needs_some = info
            .settings
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| !names.is_empty());
        let mut then = json!({"properties": properties, "additionalProperties": false});
        if needs_some {
            then["required"] = json!(["with"]);
        }
        branches.push(json!({
            "if": {"properties": {"connector": {"const": info.id.as_str()}}, "required": ["connector"]},
            "then": then,
        }));
    }
    if role.is_some() {
        let mut properties: Map<String, Value> = keys.iter().map(|key| (key.clone(), json!(true))).collect();
        properties.shift_remove("connector");
        properties.shift_remove("with");
        branches.push(json!({
            "if": {"required": ["connection"]},
            "then": {"properties": properties, "additionalProperties": false},
            "else": {"required": ["connector"]},
        }));
    }
    definition.insert("allOf".to_owned(), Value::Array(branches));
}

/// The settings of a connector as an editor's schema.
fn settings(info: &ConnectorInfo) -> Value {
    let mut schema = info.settings.clone();
    editor(&mut schema);
    schema["title"] = json!(info.title);
    let what = format!("Settings of {}.", info.title);
    schema["description"] = json!(what);
    schema["markdownDescription"] = json!(what);
    schema
}

/// From the manifests' dialect to what editors know.
fn editor(schema: &mut Value) {
    let Value::Object(map) = schema else {
        return;
    };
    if map.contains_key("secret") {
        *schema = secret(map.get("description").and_then(Value::as_str).unwrap_or("A secret."));
        return;
    }
    if let Some(Value::String(text)) = map.get("description").cloned() {
        map.insert("description".to_owned(), json!(text.replace('`', "")));
        map.insert("markdownDescription".to_owned(), json!(text));
    }
    if map.get("format").is_some_and(|format| format == "path") {
        map.shift_remove("format");
    }
    if map.get("type").is_some_and(|name| name == "object") {
        map.insert("additionalProperties".to_owned(), json!(false));
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(editor);
    }
    if let Some(items) = map.get_mut("items") {
        editor(items);
    }
}

/// A reference to a secret. Completed by snippets: a `maxProperties` would keep editors from completing at all.
fn secret(description: &str) -> Value {
    let markdown = format!(
        "{description}\n\nA secret is never written here, only where it comes from: `{{ env: NAME }}`, `{{ file: PATH }}` or `{{ command: [PROGRAM, …] }}`."
    );
    let plain = markdown.replace('`', "");
    json!({
        "type": "object",
        "description": plain,
        "markdownDescription": markdown,
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
            "env": {
                "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
                "description": "The name of an environment variable.", "markdownDescription": "The name of an environment variable.",
                "examples": ["APPLE_PASSWORD"],
            },
            "file": {
                "type": "string", "minLength": 1,
                "description": "A file with the secret as one line; a relative path begins at this file's folder.",
                "markdownDescription": "A file with the secret as one line; a relative path begins at this file's folder.",
                "examples": ["/run/secrets/apple"],
            },
            "command": {
                "type": "array", "items": {"type": "string"}, "minItems": 1,
                "description": "A program and its arguments, run without a shell; its output is the secret.",
                "markdownDescription": "A program and its arguments, run without a shell; its output is the secret.",
                "examples": [["pass", "show", "apple"]],
            },
        },
        "defaultSnippets": [
            {"label": "from the environment", "body": {"env": "${1:NAME}"}},
            {"label": "from a file", "body": {"file": "${1:/run/secrets/name}"}},
            {"label": "from a command", "body": {"command": ["${1:pass}", "${2:show}", "${3:name}"]}},
        ],
        "examples": [{"env": "APPLE_PASSWORD"}],
    })
}

/// A document is a spec, which needs a name, a source and one of two ways to say destinations; or connections alone.
fn needs(schema: &mut Value) {
    let any_key = |keys: &[&str]| Value::Array(keys.iter().map(|key| json!({"required": [key]})).collect());
    let spec = [
        "name",
        "source",
        "destination",
        "destinations",
        "filters",
        "versions",
        "schedule",
        "limits",
    ];
    let mut is_spec = any_key(&spec);
    if let Value::Array(choices) = &mut is_spec {
        choices.push(json!({"not": {"required": ["connections"]}}));
    }
    schema["allOf"] = json!([
        {"if": {"anyOf": is_spec}, "then": {"required": ["name", "source"]}},
        {
            "if": {"allOf": [{"anyOf": any_key(&spec)}, {"not": {"required": ["destinations"]}}]},
            "then": {"required": ["destination"]},
        },
        // Both at once.
        {"if": {"required": ["destinations"]}, "then": {"properties": {"destination": false}}},
    ]);
    schema["defaultSnippets"] = json!([{
        "label": "a first spec",
        "description": "An iCloud library in a folder",
        "body": {
            "version": 1,
            "name": "${1:family-archive}",
            "source": {
                "connector": "icloud-photos",
                "with": {"apple_id": "${2:you@example.com}", "password": {"env": "APPLE_PASSWORD"}},
            },
            "destination": {"connector": "local", "with": {"path": "${3:/mnt/nas/photos}"}},
        },
    }]);
}
