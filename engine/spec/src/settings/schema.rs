//! The bounded dialect of JSON Schema in which manifests describe settings (docs/manifest.md). What it doesn't know, it refuses.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::formats::Format;
use crate::language::SlotName;

/// Deepest nesting of a schema.
const DEPTH: usize = 8;
/// Most properties, values of an enum, and so on.
const ENTRIES: usize = 256;
/// Longest pattern, bytes.
const PATTERN: usize = 1024;

/// A checked schema.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub kind: Kind,
    pub default: Option<Value>,
    pub description: Option<String>,
    pub examples: Vec<Value>,
}

/// What a value must be.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A secret reference; the slot it fills.
    Secret(SlotName),
    Object {
        properties: Vec<(String, Schema)>,
        required: Vec<String>,
    },
    List {
        items: Option<Box<Schema>>,
        min: usize,
        max: usize,
    },
    Text(TextRule),
    Number {
        whole: Whole,
        minimum: Option<f64>,
        maximum: Option<f64>,
        allowed: Option<Vec<Value>>,
    },
    Flag {
        allowed: Option<Vec<Value>>,
    },
}

/// Whether a number must be a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Yes,
    No,
}

/// What a text must be.
#[derive(Clone, Debug)]
pub(crate) struct TextRule {
    pub allowed: Option<Vec<Value>>,
    pub pattern: Option<regex_lite::Regex>,
    pub min: usize,
    pub max: usize,
    pub format: Option<Format>,
}

impl Schema {
    /// Reads a schema of `with:`. Slots are given by the JSON pointer of the setting that fills them.
    pub fn parse(schema: &Value, slots: &BTreeMap<String, SlotName>) -> Result<Self, String> {
        let parsed = Reader { slots }.schema(schema, "", 0)?;
        match parsed.kind {
            Kind::Object { .. } => Ok(parsed),
            _ => Err("the type of all settings together is \"object\"".to_owned()),
        }
    }

    /// Whether a secret is among the settings.
    pub fn has_secret(&self) -> bool {
        match &self.kind {
            Kind::Secret(_) => true,
            Kind::Object { properties, .. } => properties.iter().any(|(_, schema)| schema.has_secret()),
            Kind::List { items, .. } => items.as_ref().is_some_and(|items| items.has_secret()),
            _ => false,
        }
    }
}

const ANY: [&str; 7] = ["type", "enum", "const", "default", "description", "examples", "title"];

struct Reader<'s> {
    slots: &'s BTreeMap<String, SlotName>,
}

impl Reader<'_> {
    fn schema(&self, schema: &Value, at: &str, depth: usize) -> Result<Schema, String> {
        let shown = if at.is_empty() { "/" } else { at };
        if depth > DEPTH {
            return Err(format!("{shown}: nested deeper than {DEPTH} levels"));
        }
        let map = schema
            .as_object()
            .ok_or_else(|| format!("{shown}: a schema is a map"))?;
        let keys = Keys { map, at: shown };
        let kind = if let Some(secret) = map.get("secret") {
            keys.only(&["type", "description", "examples", "title", "secret"])?;
            self.secret(secret, at)?
        } else {
            match map.get("type").and_then(Value::as_str) {
                Some("object") => self.object(&keys, at, depth)?,
                Some("array") => {
                    keys.only(&["items", "minItems", "maxItems"])?;
                    let items = map
                        .get("items")
                        .map(|items| self.schema(items, &format!("{at}/*"), depth + 1))
                        .transpose()?;
                    if items.as_ref().is_some_and(Schema::has_secret) {
                        return Err(format!("{shown}: a secret can't stand in a list"));
                    }
                    Kind::List {
                        items: items.map(Box::new),
                        min: keys.count("minItems", 0)?,
                        max: keys.count("maxItems", 1_000)?,
                    }
                }
                Some("string") => {
                    keys.only(&["pattern", "minLength", "maxLength", "format"])?;
                    Kind::Text(TextRule {
                        allowed: keys.allowed()?,
                        pattern: keys.pattern()?,
                        min: keys.count("minLength", 0)?,
                        max: keys.count("maxLength", 10_000)?,
                        format: keys.format()?,
                    })
                }
                Some(number @ ("integer" | "number")) => {
                    keys.only(&["minimum", "maximum"])?;
                    Kind::Number {
                        whole: if number == "integer" { Whole::Yes } else { Whole::No },
                        minimum: keys.number("minimum")?,
                        maximum: keys.number("maximum")?,
                        allowed: keys.allowed()?,
                    }
                }
                Some("boolean") => {
                    keys.only(&[])?;
                    Kind::Flag {
                        allowed: keys.allowed()?,
                    }
                }
                _ => {
                    return Err(format!(
                        "{shown}: \"type\" is object, array, string, integer, number or boolean"
                    ));
                }
            }
        };
        Ok(Schema {
            kind,
            default: map.get("default").cloned(),
            description: keys.text("description")?,
            examples: map
                .get("examples")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        })
    }

    /// `"secret"` is "slot", or the name of the slot; either way the slot must say that this setting fills it.
    fn secret(&self, secret: &Value, at: &str) -> Result<Kind, String> {
        let slot = self
            .slots
            .get(at)
            .ok_or_else(|| format!("{at}: no slot of the manifest has \"setting\": \"{at}\""))?;
        match secret.as_str() {
            Some(name) if name == "slot" || name == slot.as_str() => Ok(Kind::Secret(slot.clone())),
            _ => Err(format!("{at}: \"secret\" is \"slot\" or \"{slot}\"")),
        }
    }

    fn object(&self, keys: &Keys<'_>, at: &str, depth: usize) -> Result<Kind, String> {
        keys.only(&["properties", "required", "additionalProperties"])?;
        let shown = keys.at;
        match keys.map.get("additionalProperties") {
            None | Some(Value::Bool(false)) => {}
            Some(_) => return Err(format!("{shown}: \"additionalProperties\" is false")),
        }
        let mut properties = Vec::new();
        if let Some(given) = keys.map.get("properties") {
            let given = given
                .as_object()
                .ok_or_else(|| format!("{shown}: \"properties\" is a map"))?;
            if given.len() > ENTRIES {
                return Err(format!("{shown}: more than {ENTRIES} properties"));
            }
            for (name, schema) in given {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                properties.push((
                    name.clone(),
                    self.schema(schema, &format!("{at}/{escaped}"), depth + 1)?,
                ));
            }
        }
        let mut required = Vec::new();
        if let Some(given) = keys.map.get("required") {
            for name in given
                .as_array()
                .ok_or_else(|| format!("{shown}: \"required\" is a list"))?
            {
                let name = name
                    .as_str()
                    .filter(|name| properties.iter().any(|(known, _)| known == name));
                let name = name.ok_or_else(|| format!("{shown}: \"required\" names what isn't in \"properties\""))?;
                required.push(name.to_owned());
            }
        }
        Ok(Kind::Object { properties, required })
    }
}

/// The keys of one schema.
struct Keys<'m> {
    map: &'m Map<String, Value>,
    at: &'m str,
}

impl Keys<'_> {
    fn only(&self, own: &[&str]) -> Result<(), String> {
        match self
            .map
            .keys()
            .find(|key| !ANY.contains(&key.as_str()) && !own.contains(&key.as_str()))
        {
            Some(key) => Err(format!("{}: \"{key}\" isn't known, or not for this type", self.at)),
            None => Ok(()),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>, String> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{}: \"{key}\" is a text", self.at)),
        }
    }

    fn count(&self, key: &str, default: usize) -> Result<usize, String> {
        match self.map.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| format!("{}: \"{key}\" is a whole number", self.at)),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f64>, String> {
        match self.map.get(key) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| format!("{}: \"{key}\" is a number", self.at)),
        }
    }

    fn allowed(&self) -> Result<Option<Vec<Value>>, String> {
        if let Some(value) = self.map.get("const") {
            return Ok(Some(vec![value.clone()]));
        }
        match self.map.get("enum") {
            None => Ok(None),
            Some(Value::Array(values)) if (1..=ENTRIES).contains(&values.len()) => Ok(Some(values.clone())),
            Some(_) => Err(format!("{}: \"enum\" is a list of 1 to {ENTRIES} values", self.at)),
        }
    }

    fn pattern(&self) -> Result<Option<regex_lite::Regex>, String> {
        let Some(pattern) = self.text("pattern")? else {
            return Ok(None);
        };
        if pattern.len() > PATTERN {
            return Err(format!("{}: a pattern has at most {PATTERN} bytes", self.at));
        }
        let pattern = regex_lite::RegexBuilder::new(&pattern).size_limit(1 << 20).build();
        pattern
            .map(Some)
            .map_err(|error| format!("{}: \"pattern\": {error}", self.at))
    }

    fn format(&self) -> Result<Option<Format>, String> {
        let Some(format) = self.text("format")? else {
            return Ok(None);
        };
        Format::parse(&format)
            .map(Some)
            .ok_or_else(|| format!("{}: \"format\" is uri, hostname or path", self.at))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(schema: Value) -> String {
        let slots = BTreeMap::from([("/password".to_owned(), SlotName::parse("pw").expect("a name"))]);
        Schema::parse(&schema, &slots).expect_err("refused")
    }

    #[test]
    fn what_the_dialect_does_not_know_is_refused() {
        let property = |schema: Value| json!({"type": "object", "properties": {"x": schema}});
        assert!(fault(json!({"type": "string"})).contains("object"));
        assert!(fault(json!({"type": "object", "$ref": "#"})).contains("$ref"));
        assert!(fault(json!({"type": "object", "additionalProperties": true})).contains("additionalProperties"));
        assert!(fault(json!({"type": "object", "required": ["y"]})).contains("required"));
        assert!(fault(property(json!({"type": "text"}))).contains("/x"));
        assert!(fault(property(json!({"type": "string", "format": "email"}))).contains("format"));
        assert!(fault(property(json!({"type": "string", "pattern": "("}))).contains("pattern"));
        assert!(fault(property(json!({"secret": "slot"}))).contains("no slot"));
        assert!(fault(json!({"type": "object", "properties": {"password": {"secret": "other"}}})).contains("\"pw\""));
        let mut deep = json!({"type": "object"});
        for _ in 0..10 {
            deep = json!({"type": "object", "properties": {"x": deep}});
        }
        assert!(fault(deep).contains("deeper"));
    }
}
