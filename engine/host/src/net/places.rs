//! Where secrets go in: a placeholder is replaced in the places that the manifest names, and nowhere else.

use camroll_model::{ConnectorError, ErrorClass};
use serde_json::Value;
use url::Url;

use crate::manifest::{Manifest, Place};
use crate::net::grants::{Granted, Grants};
use crate::net::path;
use crate::pointer;
use crate::vault::Vault;

/// What a placeholder looks like.
pub(crate) const PREFIX: &str = "secret:";

/// The placeholders' places for one request.
pub(crate) struct Places<'a> {
    vault: &'a Vault,
    /// Slot and place.
    fitting: Vec<(&'a str, &'a Place)>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(manifest: &'a Manifest, vault: &'a Vault, method: &str, url: &Url, granted: &[Granted]) -> Self {
        let below: Vec<(&str, &str)> = Grants::below(granted, url).collect();
        let fits = |place: &Place| {
            (place.method == "*" || place.method == method)
                && below
                    .iter()
                    .any(|(name, below)| *name == place.origin && path::fits(&place.path, below))
        };
        let fitting = manifest
            .slots
            .iter()
            .flat_map(|(slot, rule)| rule.places.iter().map(move |place| (slot.as_str(), place)))
            .filter(|(_, place)| fits(place))
            .collect();
        Self { vault, fitting }
    }

    /// What a text becomes in a place: the slot's value if it is exactly that slot's placeholder.
    fn fill(&self, text: &str, is_place: impl Fn(&Place) -> bool) -> Result<Option<String>, ConnectorError> {
        let Some(slot) = text.strip_prefix(PREFIX) else {
            return Ok(None);
        };
        if !self
            .fitting
            .iter()
            .any(|(known, place)| *known == slot && is_place(place))
        {
            return Ok(None);
        }
        match self.vault.slot(slot) {
            Some(secret) => Ok(Some(secret.expose().to_owned())),
            None => Err(ConnectorError::new(
                ErrorClass::NotFound,
                "host/empty-slot",
                format!("The secret {slot:?} isn't known."),
            )),
        }
    }

    pub(crate) fn header(&self, name: &str, value: &str) -> Result<Option<String>, ConnectorError> {
        self.fill(value, |place| {
            place
                .header
                .as_deref()
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
        })
    }

    pub(crate) fn form(&self, name: &str, value: &str) -> Result<Option<String>, ConnectorError> {
        self.fill(value, |place| place.form.as_deref() == Some(name))
    }

    pub(crate) fn query(&self, url: &Url) -> Result<Url, ConnectorError> {
        if !self.fitting.iter().any(|(_, place)| place.query.is_some()) {
            return Ok(url.clone());
        }
        let mut filled = url.clone();
        let mut pairs = Vec::new();
        for (name, value) in url.query_pairs() {
            let value = self
                .fill(&value, |place| place.query.as_deref() == Some(&*name))?
                .unwrap_or_else(|| value.into_owned());
            pairs.push((name.into_owned(), value));
        }
        filled.query_pairs_mut().clear().extend_pairs(pairs);
        Ok(filled)
    }

    /// Fills a JSON text; every byte that is no place stays as it is.
    pub(crate) fn json(&self, text: String) -> Result<String, ConnectorError> {
        let pointers: Vec<&str> = self
            .fitting
            .iter()
            .filter_map(|(_, place)| place.json.as_deref())
            .collect();
        // A placeholder may be written with escapes.
        if pointers.is_empty() || !(text.contains(PREFIX) || text.contains('\\')) {
            return Ok(text);
        }
        let mut changes = Vec::new();
        for pointer in pointers {
            let places = pointer::places(&text, pointer)
                .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "host/bad-json", error.to_string()))?;
            for place in places {
                let found = text.get(place.clone()).unwrap_or_default();
                let Ok(Value::String(found)) = serde_json::from_str(found) else {
                    continue;
                };
                if let Some(secret) = self.fill(&found, |known| known.json.as_deref() == Some(pointer))? {
                    changes.push((place, Value::String(secret).to_string()));
                }
            }
        }
        Ok(pointer::replaced(&text, changes))
    }
}
