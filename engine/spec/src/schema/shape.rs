//! What schemars derives, made to what editors complete best: no null beside an optional value, words as an `enum` with their
//! descriptions, descriptions as markdown.

use serde_json::{Map, Value, json};

/// Rewrites a whole schema.
pub(super) fn for_editors(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(for_editors),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                // These hold values, not schemas.
                if !matches!(key.as_str(), "default" | "examples" | "enum" | "const" | "required") {
                    for_editors(value);
                }
            }
            without_null(map);
            words(map);
            markdown(map);
            // Formats of numbers ("uint32") are schemars' own, and editors complain of them.
            if map
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|format| format.starts_with("uint") || format == "double")
            {
                map.shift_remove("format");
            }
        }
        _ => {}
    }
}

/// An optional value is one that may be left out, not one that may be null.
fn without_null(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        if let [only] = choices.as_slice() {
            // Draft 7 knows nothing beside a "$ref".
            let only = json!([only]);
            map.shift_remove("anyOf");
            map.insert("allOf".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// One `enum` with a description for each word, instead of one schema for each word.
fn words(map: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("oneOf") else {
        return;
    };
    let word = |choice: &Value| {
        Some((
            choice.get("const")?.clone(),
            choice.get("description").cloned().unwrap_or_else(|| json!("")),
        ))
    };
    let Some(words) = choices.iter().map(word).collect::<Option<Vec<_>>>() else {
        return;
    };
    let (values, descriptions): (Vec<Value>, Vec<Value>) = words.into_iter().unzip();
    map.shift_remove("oneOf");
    map.insert("type".to_owned(), json!("string"));
    map.insert("enum".to_owned(), Value::Array(values));
    map.insert("enumDescriptions".to_owned(), Value::Array(descriptions.clone()));
    map.insert("markdownEnumDescriptions".to_owned(), Value::Array(descriptions));
}

/// Descriptions are markdown, and one paragraph of source is one of text.
fn markdown(map: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = map.get("description") {
        let text = text.replace('\n', " ");
        map.insert("description".to_owned(), json!(text.replace('`', "")));
        map.insert("markdownDescription".to_owned(), json!(text));
    }
}

/// The order in which the words of a schema are written: what it is before what is in it.
const ORDER: [&str; 12] = [
    "$schema",
    "$id",
    "title",
    "description",
    "markdownDescription",
    "type",
    "enum",
    "const",
    "if",
    "then",
    "else",
    "properties",
];

/// Sorts the words of each schema, so that the committed file reads well and doesn't change with the way it was put together.
pub(super) fn in_order(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(in_order),
        Value::Object(map) => {
            let rank = |key: &str| ORDER.iter().position(|word| *word == key).unwrap_or(ORDER.len());
            let mut words: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            // "definitions" last: it is the longest.
            words.sort_by_key(|(key, _)| if key == "definitions" { usize::MAX } else { rank(key) });
            for (key, mut value) in words {
                match key.as_str() {
                    // Names of properties stay in the order of the language.
                    "properties" | "definitions" => {
                        value
                            .as_object_mut()
                            .into_iter()
                            .flat_map(Map::values_mut)
                            .for_each(in_order);
                    }
                    "default" | "examples" | "enum" | "const" | "required" | "defaultSnippets" => {}
                    _ => in_order(&mut value),
                }
                map.insert(key, value);
            }
        }
        _ => {}
    }
}
