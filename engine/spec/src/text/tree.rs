//! A YAML file as a tree in which every node knows its place.
//!
//! serde_yaml says what a scalar is; saphyr's parser says where everything stands, and its events are counted against the limits before
//! anything is built from them.

mod build;
mod marks;

use std::path::Path;

pub(crate) use marks::short;

use super::{Diagnostic, Place};

/// A node of a document.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub place: Place,
    pub value: Value,
    /// How a scalar was written.
    pub written: Option<Written>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A scalar as it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub text: String,
    pub style: Style,
}

/// Whether a scalar was quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

/// A line of a map.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Node {
    /// What it is, for error messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The value of a key, if it is a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(*value),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Text(text) => serde_json::Value::String(text.clone()),
            Value::List(nodes) => serde_json::Value::Array(nodes.iter().map(Self::to_json).collect()),
            Value::Map(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Most bytes of a file.
pub(crate) const FILE_LIMIT: usize = 1024 * 1024;

/// The documents of a file, empty ones left out; or what keeps it from being read at all.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Vec<Node>, Vec<Diagnostic>> {
    if text.len() > FILE_LIMIT {
        let message = format!(
            "the file has {} bytes; a file of specs has at most {FILE_LIMIT}",
            text.len()
        );
        return Err(vec![Diagnostic::error("yaml/too-large", file, Place::START, message)]);
    }
    let marks = marks::read(file, text)?;
    build::documents(file, text, marks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(text: &str) -> Vec<(&'static str, u32, u32)> {
        match parse(Path::new("a.yaml"), text) {
            Ok(_) => Vec::new(),
            Err(faults) => faults
                .iter()
                .map(|fault| (fault.code, fault.line, fault.column))
                .collect(),
        }
    }

    #[test]
    fn places_of_keys_and_values() {
        let documents = parse(Path::new("a"), "# c\nä: b\nm: { k: [1, 'x y'] }\n---\n---\nz: 1\n").expect("YAML");
        assert_eq!(documents.len(), 2);
        let list = documents[0].get("m").and_then(|m| m.get("k")).expect("a list");
        assert_eq!((list.place.start.line, list.place.start.column), (3, 9));
        assert_eq!(
            documents[0].to_json(),
            serde_json::json!({"ä": "b", "m": {"k": [1, "x y"]}})
        );
    }

    #[test]
    fn what_is_not_yaml_has_its_place() {
        assert_eq!(codes("a: 1\nb: c: d\n"), [("yaml/syntax", 2, 5)]);
        assert_eq!(codes("a:\n\t- b\n")[0].0, "yaml/syntax");
        assert_eq!(codes("a: *nowhere\n")[0].0, "yaml/syntax");
        assert_eq!(codes("a: !secret b\n"), [("yaml/tag", 1, 12)]);
        assert_eq!(codes("? [a]\n: b\n")[0].0, "yaml/key");
    }

    #[test]
    fn every_key_that_is_there_twice_is_told() {
        let twice = "yaml/duplicate-key";
        assert_eq!(
            codes("a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\n"),
            [(twice, 4, 11), (twice, 3, 1)]
        );
    }

    #[test]
    fn limits_hold() {
        assert_eq!(codes(&"[".repeat(100))[0].0, "yaml/too-deep");
        assert_eq!(codes(&"- ".repeat(100_000))[0].0, "yaml/too-deep");
        assert_eq!(codes(&"- a\n".repeat(200_000))[0].0, "yaml/too-much");
        assert_eq!(codes(&"a: b\n---\n".repeat(100))[0].0, "yaml/too-much");
        assert_eq!(codes(&format!("a: {}", "x".repeat(FILE_LIMIT)))[0].0, "yaml/too-large");
        let uses = |times: usize| format!("a: &a 1\nb: [{}]\n", "*a,".repeat(times));
        assert_eq!(codes(&uses(64)), []);
        assert_eq!(codes(&uses(65))[0].0, "yaml/too-much");
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..20 {
            let item = format!("*a{},", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", item.repeat(3)));
        }
        assert_eq!(codes(&bomb)[0].0, "yaml/too-much");
    }

    #[test]
    fn an_anchor_may_be_used_a_few_times() {
        let documents = parse(Path::new("a"), "x: &a { k: 1 }\ny: *a\n").expect("YAML");
        assert_eq!(
            documents[0].to_json(),
            serde_json::json!({"x": {"k": 1}, "y": {"k": 1}})
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = parse(Path::new("a"), &text);
        }

        #[test]
        fn no_near_yaml_panics(text in "[a-c:\\-\\[\\]{},&*!|>'\"#%?~0-9 \n\t\r]{0,80}") {
            let _ = parse(Path::new("a"), &text);
        }
    }
}
