//! `with:` against a connector's schema: positions for errors, defaults filled in, secrets taken out.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::formats::Format;
use super::schema::{Kind, Schema, TextRule, Whole};
use crate::language::SlotName;
use crate::read::{Faults, read_secret};
use crate::secrets::SecretUse;
use crate::text::{Node, Place, Value, short};
use crate::values::nearest;

/// Settings that are right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Defaults filled in; where a secret stands, "secret:SLOT".
    pub json: Json,
    pub secrets: BTreeMap<SlotName, SecretUse>,
}

/// Checks `with:`. All faults are told; the settings are only worth something if there were none. `place` is where errors go if there is no
/// `with:` at all.
pub(crate) fn check(
    schema: &Schema,
    connector: &str,
    with: Option<&Node>,
    place: Place,
    faults: &mut Faults<'_>,
) -> Settings {
    let mut checker = Checker {
        connector,
        secrets: BTreeMap::new(),
        faults,
    };
    let json = match with {
        Some(node) => checker.value(schema, node, ""),
        None => checker.nothing(schema, place),
    };
    Settings {
        json: json.unwrap_or(Json::Null),
        secrets: checker.secrets,
    }
}

struct Checker<'c, 'f> {
    connector: &'c str,
    secrets: BTreeMap<SlotName, SecretUse>,
    faults: &'c mut Faults<'f>,
}

impl Checker<'_, '_> {
    fn value(&mut self, schema: &Schema, node: &Node, path: &str) -> Option<Json> {
        match (&schema.kind, &node.value) {
            (Kind::Secret(slot), _) => {
                let reference = read_secret(node, path, self.connector, self.faults)?;
                let wanted = SecretUse {
                    reference,
                    setting: path.to_owned(),
                    file: self.faults.file().to_owned(),
                    place: node.place,
                };
                self.secrets.insert(slot.clone(), wanted);
                Some(Json::String(format!("secret:{slot}")))
            }
            (Kind::Object { properties, required }, Value::Map(_)) => self.object(properties, required, node, path),
            (Kind::Object { .. }, Value::Null) if path.is_empty() => self.nothing(schema, node.place),
            (Kind::List { items, min, max }, Value::List(nodes)) => {
                if !(*min..=*max).contains(&nodes.len()) {
                    let message = format!(
                        "{} has {} entries; expected {min} to {max}",
                        self.named(path),
                        nodes.len()
                    );
                    self.faults.error("settings/range", node.place, message);
                }
                let one = |(index, node): (usize, &Node)| match items {
                    Some(schema) => self.value(schema, node, &format!("{path}[{index}]")),
                    None => Some(node.to_json()),
                };
                let values: Vec<Option<Json>> = nodes.iter().enumerate().map(one).collect();
                values.into_iter().collect::<Option<Vec<Json>>>().map(Json::Array)
            }
            (Kind::Text(rule), _) => self.text(rule, schema, node, path),
            (
                Kind::Number {
                    whole,
                    minimum,
                    maximum,
                    allowed,
                },
                Value::Number(number),
            ) => {
                let value = Json::Number(number.clone());
                if *whole == Whole::Yes && !(number.is_i64() || number.is_u64()) {
                    return self.wrong_type(node, path, "a whole number");
                }
                let given = number.as_f64().unwrap_or(f64::NAN);
                if minimum.is_some_and(|minimum| given < minimum) || maximum.is_some_and(|maximum| given > maximum) {
                    let bound = |bound: &Option<f64>, word: &str| {
                        bound.map(|bound| format!(" {word} {bound}")).unwrap_or_default()
                    };
                    let message = format!(
                        "{} is out of range; expected{}{}",
                        self.named(path),
                        bound(minimum, "at least"),
                        bound(maximum, "at most")
                    );
                    self.faults.error("settings/range", node.place, message);
                    return None;
                }
                self.allowed(allowed.as_deref(), value, node, path)
            }
            (Kind::Flag { allowed }, Value::Bool(flag)) => {
                self.allowed(allowed.as_deref(), Json::Bool(*flag), node, path)
            }
            (Kind::Object { .. }, _) => self.wrong_type(node, path, "a map of settings"),
            (Kind::List { .. }, _) => self.wrong_type(node, path, "a list"),
            (Kind::Number { whole: Whole::Yes, .. }, _) => self.wrong_type(node, path, "a whole number"),
            (Kind::Number { .. }, _) => self.wrong_type(node, path, "a number"),
            (Kind::Flag { .. }, _) => self.wrong_type(node, path, "true or false"),
        }
    }

    /// What `with:` would be if there is none.
    fn nothing(&mut self, schema: &Schema, place: Place) -> Option<Json> {
        let empty = Node {
            place,
            value: Value::Map(Vec::new()),
            written: None,
        };
        self.value(schema, &empty, "")
    }

    fn object(
        &mut self,
        properties: &[(String, Schema)],
        required: &[String],
        node: &Node,
        path: &str,
    ) -> Option<Json> {
        let Value::Map(entries) = &node.value else {
            return None;
        };
        let mut complete = true;
        let mut values = Map::new();
        for (name, schema) in properties {
            let inner = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match node.get(name) {
                Some(node) => match self.value(schema, node, &inner) {
                    Some(value) => drop(values.insert(name.clone(), value)),
                    None => complete = false,
                },
                None if required.contains(name) => {
                    complete = false;
                    let message = format!("{} needs the setting \"{inner}\"{}", self.connector, about(schema));
                    let fault = self.faults.error("settings/missing", node.place, message);
                    fault.help = example(name, schema);
                }
                None => {
                    if let Some(default) = &schema.default {
                        values.insert(name.clone(), default.clone());
                    }
                }
            }
        }
        for entry in entries {
            if !properties.iter().any(|(name, _)| *name == entry.key) {
                complete = false;
                let names = || properties.iter().map(|(name, _)| name.as_str());
                let message = format!("{} has no setting \"{}\"", self.connector, short(&entry.key));
                let fault = self.faults.error("settings/unknown-key", entry.key_place, message);
                fault.help = Some(match nearest(&entry.key, names()) {
                    Some(word) => format!("did you mean \"{word}\"?"),
                    None => format!("its settings are {}", names().collect::<Vec<_>>().join(", ")),
                });
                // A misspelt "password" may hold one.
                self.faults.hide(&entry.node);
            }
        }
        complete.then_some(Json::Object(values))
    }

    fn text(&mut self, rule: &TextRule, schema: &Schema, node: &Node, path: &str) -> Option<Json> {
        let what = match &rule.allowed {
            Some(_) => "one of its words",
            None => "a text",
        };
        let Value::Text(text) = &node.value else {
            return self.wrong_type(node, path, what);
        };
        self.faults.warn_of_trap(node);
        let value = self.allowed(rule.allowed.as_deref(), Json::String(text.clone()), node, path)?;
        let named = self.named(path);
        let length = text.chars().count();
        let fault = if !(rule.min..=rule.max).contains(&length) {
            Some((
                "settings/range",
                format!("{named} has {length} characters; expected {} to {}", rule.min, rule.max),
            ))
        } else if let Some(pattern) = rule.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            Some((
                "settings/format",
                format!(
                    "{named} doesn't have the form that {} expects: the pattern {:?}",
                    self.connector,
                    pattern.as_str()
                ),
            ))
        } else {
            let fault = rule.format.and_then(|format| format.fault(text));
            fault.map(|fault| ("settings/format", format!("{named}: {fault}")))
        };
        if let Some((code, message)) = fault {
            let name = path.rsplit('.').next().unwrap_or(path);
            self.faults.error(code, node.place, message).help = example(name, schema);
            return None;
        }
        if rule.format == Some(Format::Path) {
            let folder = self.faults.file().parent().unwrap_or_else(|| Path::new(""));
            return Some(Json::String(folder.join(text).to_string_lossy().into_owned()));
        }
        Some(value)
    }

    fn allowed(&mut self, allowed: Option<&[Json]>, value: Json, node: &Node, path: &str) -> Option<Json> {
        let Some(allowed) = allowed else {
            return Some(value);
        };
        if allowed.contains(&value) {
            return Some(value);
        }
        let words: Vec<String> = allowed
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        let given = node.written.as_ref().map_or("", |written| written.text.as_str());
        let message = format!(
            "{} can't be \"{}\"; expected {}",
            self.named(path),
            short(given),
            words.join(", ")
        );
        let fault = self.faults.error("settings/word", node.place, message);
        fault.help = nearest(given, words.iter().map(String::as_str)).map(|word| format!("did you mean \"{word}\"?"));
        None
    }

    fn wrong_type(&mut self, node: &Node, path: &str, expected: &str) -> Option<Json> {
        let message = format!("{} is {}; expected {expected}", self.named(path), node.kind());
        let fault = self.faults.error("settings/type", node.place, message);
        if expected == "a text" && matches!(node.value, Value::Bool(_) | Value::Number(_)) {
            fault.help = Some("put it in quotes".to_owned());
        }
        None
    }

    fn named(&self, path: &str) -> String {
        if path.is_empty() {
            format!("\"with\" of {}", self.connector)
        } else {
            format!("\"{path}\" of {}", self.connector)
        }
    }
}

/// ": what it is", where the manifest says it in a line.
fn about(schema: &Schema) -> String {
    match &schema.description {
        Some(text) if text.len() <= 120 => format!(": {}", text.trim_end_matches('.')),
        _ => String::new(),
    }
}

fn example(name: &str, schema: &Schema) -> Option<String> {
    if matches!(schema.kind, Kind::Secret(_)) {
        return Some(format!(
            "{name}: {{ env: NAME }}, {{ file: PATH }} or {{ command: [PROGRAM, …] }}"
        ));
    }
    schema.examples.first().map(|example| {
        format!(
            "for example {name}: {}",
            example.as_str().map_or_else(|| example.to_string(), str::to_owned)
        )
    })
}
