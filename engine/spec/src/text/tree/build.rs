//! What serde_yaml reads, joined with the places.

use std::path::Path;
use std::rc::Rc;

use serde::Deserialize;

use super::marks::{Mark, Shape, syntax};
use super::{Entry, Node, Value, Written};
use crate::text::{Diagnostic, Place, Position};

/// Reads the text with serde_yaml and gives every value its place.
pub(super) fn documents(file: &Path, text: &str, marks: Vec<Option<Rc<Mark>>>) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let mut values = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        match serde_yaml::Value::deserialize(document) {
            Ok(value) => values.push(value),
            Err(error) => {
                let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
                let at = error.location().map_or(Position::START, |location| Position {
                    line: number(location.line()),
                    column: number(location.column()),
                });
                return Err(vec![syntax(file, at, &error.to_string())]);
            }
        }
    }
    // An empty file is one empty document to serde_yaml and none to saphyr.
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    if values.len() != marks.len() {
        return Err(vec![ambiguous(file, Place::START)]);
    }
    let mut nodes = Vec::new();
    for (value, mark) in values.into_iter().zip(marks) {
        match mark {
            None if value.is_null() => {}
            None => return Err(vec![ambiguous(file, Place::START)]),
            Some(mark) => {
                let node = join(file, value, &mark)?;
                if !matches!(node.value, Value::Null) {
                    nodes.push(node);
                }
            }
        }
    }
    Ok(nodes)
}

fn join(file: &Path, value: serde_yaml::Value, mark: &Mark) -> Result<Node, Vec<Diagnostic>> {
    let mut written = None;
    let value = match (value, &mark.shape) {
        (serde_yaml::Value::Sequence(values), Shape::List(marks)) if values.len() == marks.len() => {
            let nodes = values
                .into_iter()
                .zip(marks)
                .map(|(value, mark)| join(file, value, mark));
            Value::List(nodes.collect::<Result<_, _>>()?)
        }
        (serde_yaml::Value::Mapping(values), Shape::Map(marks)) if values.len() == marks.len() => {
            let mut entries = Vec::with_capacity(marks.len());
            for ((_, value), (key, mark)) in values.into_iter().zip(marks) {
                let Shape::Scalar { text, .. } = &key.shape else {
                    return Err(vec![ambiguous(file, key.place)]);
                };
                entries.push(Entry {
                    key: text.clone(),
                    key_place: key.place,
                    node: join(file, value, mark)?,
                });
            }
            Value::Map(entries)
        }
        (scalar, Shape::Scalar { text, style }) => {
            written = Some(Written {
                text: text.clone(),
                style: *style,
            });
            match scalar {
                serde_yaml::Value::Null => Value::Null,
                serde_yaml::Value::Bool(value) => Value::Bool(value),
                serde_yaml::Value::Number(number) => {
                    number_of(&number).map_or_else(|| Value::Text(text.clone()), Value::Number)
                }
                serde_yaml::Value::String(text) => Value::Text(text),
                _ => return Err(vec![ambiguous(file, mark.place)]),
            }
        }
        _ => return Err(vec![ambiguous(file, mark.place)]),
    };
    Ok(Node {
        place: mark.place,
        value,
        written,
    })
}

/// None for what JSON has no number for: infinity, and what is no number.
fn number_of(number: &serde_yaml::Number) -> Option<serde_json::Number> {
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    number.as_f64().and_then(serde_json::Number::from_f64)
}

fn ambiguous(file: &Path, place: Place) -> Diagnostic {
    let message = "this can be read in more than one way: two YAML readers disagree about it";
    Diagnostic::error("yaml/ambiguous", file, place, message)
        .with_help("write it in the plain form: one key a line, indented by two blanks")
}
