//! What is done with an answer before the connector sees it: cookies into the jar, captures into slots, hosts learnt.

use camroll_model::{ConnectorError, ErrorClass};
use serde_json::Value;
use url::Url;

use crate::manifest::{Capture, Manifest};
use crate::net::grants::{Granted, Grants};
use crate::net::path;
use crate::net::places::PREFIX;
use crate::pointer;

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

/// Takes secrets out of a JSON answer: their values, and the text with placeholders in their places and every other byte as it was. None where it isn't JSON.
pub(crate) fn from_json(rules: &[&Capture], answer: &str) -> Option<(Vec<(String, String)>, String)> {
    let mut captured = Vec::new();
    let mut changes = Vec::new();
    for rule in rules {
        let Some(pointer) = &rule.json else { continue };
        for place in pointer::places(answer, pointer).ok()? {
            let raw = answer.get(place.clone())?;
            let value = match raw.as_bytes().first()? {
                b'"' => serde_json::from_str(raw).ok()?,
                // Nothing that could be a secret.
                b'n' | b't' | b'f' => continue,
                // A number, or an object or array with secrets in it: the slot holds it as it is written.
                _ => raw.to_owned(),
            };
            if value.is_empty() {
                continue;
            }
            captured.push((rule.slot.clone(), value));
            changes.push((place, Value::String(format!("{PREFIX}{}", rule.slot)).to_string()));
        }
    }
    Some((captured, pointer::replaced(answer, changes)))
}

/// Whether a header says a length or a digest of the body that came.
pub(crate) fn tells_of_the_body(name: &str) -> bool {
    const TELL: [&str; 5] = [
        "content-length",
        "content-md5",
        "digest",
        "content-digest",
        "repr-digest",
    ];
    TELL.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// An answer that is too large to be looked into.
pub(crate) fn too_large() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "host/answer-too-large",
        format!("An answer that is looked into for secrets or hosts has more than {READ_LIMIT} bytes."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(slot: &str, pointer: &str) -> Capture {
        Capture {
            slot: slot.to_owned(),
            method: "*".to_owned(),
            origin: "server".to_owned(),
            path: "/**".to_owned(),
            header: None,
            cookie: None,
            json: Some(pointer.to_owned()),
        }
    }

    #[test]
    fn a_secret_is_taken_whatever_it_is_and_the_rest_stays() {
        let answer = r#"{"z":123456789012345678901234567890, "token":"a\u0062c","pin": 1234.0,"keys":{"b":[1, "x"],"a":2},"old":null,"token":"twice"}"#;
        let (one, two, three, four) = (
            rule("token", "/token"),
            rule("pin", "/pin"),
            rule("keys", "/keys"),
            rule("old", "/old"),
        );
        let (captured, seen) = from_json(&[&one, &two, &three, &four], answer).unwrap();
        assert_eq!(
            seen,
            r#"{"z":123456789012345678901234567890, "token":"secret:token","pin": "secret:pin","keys":"secret:keys","old":null,"token":"secret:token"}"#
        );
        let captured: Vec<(&str, &str)> = captured
            .iter()
            .map(|(slot, value)| (slot.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            captured,
            [
                ("token", "abc"),
                ("token", "twice"),
                ("pin", "1234.0"),
                ("keys", r#"{"b":[1, "x"],"a":2}"#)
            ]
        );
    }

    #[test]
    fn what_isnt_json_is_told_to_be_none() {
        assert!(from_json(&[&rule("token", "/token")], "token=abc").is_none());
        assert!(from_json(&[&rule("token", "/token")], "{\"token\":\"abc\"} trailing").is_none());
    }
}
