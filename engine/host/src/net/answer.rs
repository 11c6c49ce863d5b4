//! What is done with an answer before the connector sees it: cookies into the jar, captures into slots, hosts learnt.

use camroll_model::{ConnectorError, ErrorClass};
use serde_json::Value;
use url::Url;

use crate::manifest::{Capture, Manifest, parts, pointed_mut};
use crate::net::grants::{Granted, Grants};
use crate::net::path;
use crate::net::places::PREFIX;

/// The largest answer that is read for captures or hosts, bytes.
pub(crate) const READ_LIMIT: usize = 4 << 20;

/// The capture rules that fit an answer.
pub(crate) fn captures<'a>(manifest: &'a Manifest, method: &str, url: &Url, granted: &[Granted]) -> Vec<&'a Capture> {
    let below: Vec<(&str, &str)> = Grants::below(granted, url).collect();
    manifest
        .captures
        .iter()
        .filter(|capture| {
            (capture.method == "*" || capture.method == method)
                && below
                    .iter()
                    .any(|(name, below)| *name == capture.origin && path::fits(&capture.path, below))
        })
        .collect()
}

/// Takes secrets out of headers: their values, and the headers as the connector sees them.
pub(crate) fn from_headers(rules: &[&Capture], headers: &mut [(String, String)]) -> Vec<(String, String)> {
    let mut captured = Vec::new();
    for rule in rules {
        let Some(name) = &rule.header else { continue };
        for (_, value) in headers.iter_mut().filter(|(known, _)| known.eq_ignore_ascii_case(name)) {
            if !value.is_empty() && !value.starts_with(PREFIX) {
                captured.push((
                    rule.slot.clone(),
                    std::mem::replace(value, format!("{PREFIX}{}", rule.slot)),
                ));
            }
        }
    }
    captured
}

/// Takes secrets out of cookies that were set.
pub(crate) fn from_cookies(rules: &[&Capture], cookies: &[(String, String)]) -> Vec<(String, String)> {
    rules
        .iter()
        .filter_map(|rule| {
            let name = rule.cookie.as_ref()?;
            let (_, value) = cookies
                .iter()
                .find(|(known, value)| known == name && !value.is_empty())?;
            Some((rule.slot.clone(), value.clone()))
        })
        .collect()
}

/// Takes secrets out of a JSON answer.
pub(crate) fn from_json(rules: &[&Capture], answer: &mut Value) -> Vec<(String, String)> {
    let mut captured = Vec::new();
    for rule in rules {
        let Some(pointer) = &rule.json else { continue };
        pointed_mut(answer, &parts(pointer), &mut |place| {
            if let Some(value) = place.as_str().filter(|value| !value.is_empty()) {
                captured.push((rule.slot.clone(), value.to_owned()));
                *place = Value::String(format!("{PREFIX}{}", rule.slot));
            }
        });
    }
    captured
}

/// An answer that is too large to be looked into.
pub(crate) fn too_large() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "host/answer-too-large",
        format!("An answer that is looked into for secrets or hosts has more than {READ_LIMIT} bytes."),
    )
}
