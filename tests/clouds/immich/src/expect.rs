//! What a request's document must hold. A server strips what it doesn't know; here it is noted.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::Refusal;

/// A document that is being read.
pub(crate) struct Document {
    fields: Map<String, Value>,
    asked: BTreeSet<&'static str>,
}

impl Document {
    pub(crate) fn of(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self {
                fields,
                asked: BTreeSet::new(),
            }),
            _ => Err(Refusal::Bad("Unexpected token in JSON".to_owned())),
        }
    }

    fn get(&mut self, name: &'static str) -> Option<&Value> {
        self.asked.insert(name);
        self.fields.get(name)
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Refusal::invalid(name, "must be a string")),
        }
    }

    pub(crate) fn required_text(&mut self, name: &'static str) -> Result<String, Refusal> {
        self.text(name)?
            .ok_or_else(|| Refusal::invalid(name, "must be a string"))
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Refusal::invalid(name, "must be a boolean value")),
        }
    }

    pub(crate) fn number(&mut self, name: &'static str, least: f64, most: f64) -> Result<Option<f64>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => match number.as_f64().filter(|number| (least..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(Refusal::invalid(name, format!("must be from {least} to {most}"))),
            },
            Some(_) => Err(Refusal::invalid(name, "must be a number")),
        }
    }

    pub(crate) fn word(&mut self, name: &'static str, words: &[&str]) -> Result<Option<String>, Refusal> {
        match self.text(name)? {
            Some(word) if words.contains(&word.as_str()) => Ok(Some(word)),
            None => Ok(None),
            Some(_) => Err(Refusal::invalid(
                name,
                format!("must be one of the following values: {}", words.join(", ")),
            )),
        }
    }

    /// None: not there. Some(None): null.
    pub(crate) fn nullable_id(&mut self, name: &'static str) -> Result<Option<Option<Uuid>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => Ok(Some(Some(uuid(name, value)?))),
        }
    }

    pub(crate) fn ids(&mut self, name: &'static str) -> Result<Option<Vec<Uuid>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(ids)) => ids.iter().map(|id| uuid(name, id)).collect::<Result<_, _>>().map(Some),
            Some(_) => Err(Refusal::invalid(name, "must be an array")),
        }
    }

    pub(crate) fn required_ids(&mut self, name: &'static str) -> Result<Vec<Uuid>, Refusal> {
        self.ids(name)?
            .ok_or_else(|| Refusal::invalid(name, "must be an array"))
    }

    pub(crate) fn list(&mut self, name: &'static str) -> Result<Vec<Value>, Refusal> {
        match self.get(name) {
            Some(Value::Array(items)) => Ok(items.clone()),
            _ => Err(Refusal::invalid(name, "must be an array")),
        }
    }

    /// What was sent and not asked for.
    pub(crate) fn unknown(&self) -> Vec<String> {
        let known = |name: &&String| !self.asked.contains(name.as_str());
        self.fields.keys().filter(known).cloned().collect()
    }
}

fn uuid(name: &str, value: &Value) -> Result<Uuid, Refusal> {
    value
        .as_str()
        .and_then(|text| Uuid::parse_str(text).ok())
        .ok_or_else(|| Refusal::invalid(name, "must be a UUID"))
}
