//! JSON pointers in which "*" is every member: what they name in a document, and where it stands in its text.

use std::ops::Range;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The parts of a pointer.
fn parts(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
}

/// All values that a pointer names.
pub(crate) fn pointed<'a>(value: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for part in parts(pointer) {
        found = found
            .into_iter()
            .flat_map(|value| -> Vec<&Value> {
                match (value, part.as_str()) {
                    (Value::Array(items), "*") => items.iter().collect(),
                    (Value::Object(members), "*") => members.values().collect(),
                    (Value::Array(items), index) => index
                        .parse()
                        .ok()
                        .and_then(|index: usize| items.get(index))
                        .into_iter()
                        .collect(),
                    (Value::Object(members), name) => members.get(name).into_iter().collect(),
                    _ => Vec::new(),
                }
            })
            .collect();
    }
    found
}

/// Where in a text the values stand that a pointer names; with a name that is there twice, both. An error where the text isn't one JSON document.
pub(crate) fn places(text: &str, pointer: &str) -> Result<Vec<Range<usize>>, serde_json::Error> {
    let mut found: Vec<&RawValue> = vec![serde_json::from_str(text)?];
    for part in parts(pointer) {
        let mut next = Vec::new();
        for value in found {
            match value.get().as_bytes().first() {
                Some(b'{') => {
                    let members = serde_json::Deserializer::from_str(value.get()).deserialize_map(Members)?;
                    let named = members.into_iter().filter(|(name, _)| part == "*" || *name == part);
                    next.extend(named.map(|(_, member)| member));
                }
                Some(b'[') => {
                    let items = serde_json::Deserializer::from_str(value.get()).deserialize_seq(Items)?;
                    match part.as_str() {
                        "*" => next.extend(items),
                        index => next.extend(index.parse().ok().and_then(|index: usize| items.get(index).copied())),
                    }
                }
                _ => {}
            }
        }
        found = next;
    }
    // Each raw value is a slice of the text.
    let start = text.as_ptr() as usize;
    Ok(found
        .into_iter()
        .map(|value| {
            let from = value.get().as_ptr() as usize - start;
            from..from + value.get().len()
        })
        .collect())
}

/// The text with other values in some places; every other byte stays. Of places in one another the outer one counts.
pub(crate) fn replaced(text: &str, mut changes: Vec<(Range<usize>, String)>) -> String {
    changes.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (place, value) in changes {
        let Some(before) = text.get(done..place.start) else {
            continue;
        };
        out.push_str(before);
        out.push_str(&value);
        done = place.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// All members of an object, also those that have one name: a reader may take either.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((name, map.next_value()?));
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(text: &'a str, pointer: &str) -> Vec<&'a str> {
        places(text, pointer)
            .unwrap()
            .into_iter()
            .map(|place| &text[place])
            .collect()
    }

    #[test]
    fn places_are_found_as_they_are_written() {
        let text =
            r#" { "a" : [ {"b": 1.0e2}, {"b": [1, 2]}, 3 ], "x/y": {"~": "v"}, "\u0061": [{"b":null}] , "a": [] } "#;
        assert_eq!(named(text, "/a/*/b"), ["1.0e2", "[1, 2]", "null"]);
        assert_eq!(named(text, "/a/1/b/0"), ["1"]);
        assert_eq!(named(text, "/x~1y/~0"), ["\"v\""]);
        assert_eq!(named(text, "/a/7/b"), [""; 0]);
        assert_eq!(named(text, "/*/~0"), ["\"v\""]);
        assert_eq!(named(text, ""), [text.trim()]);
    }

    #[test]
    fn what_isnt_one_document_is_an_error() {
        for text in ["", "{", "{} {}", "{\"a\" 1}", "[1,]", "\u{feff}{}"] {
            assert!(places(text, "/a").is_err(), "{text}");
        }
        // As deep as it may be: nothing here recurses by what it reads.
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let _ = places(&deep, "/0/0/0");
    }

    #[test]
    fn all_other_bytes_stay() {
        let text = "{\"b\":123456789012345678901234567890.10, \"a\" : \"old\",\n \"b\":1e400}";
        let changes = places(text, "/a")
            .unwrap()
            .into_iter()
            .map(|place| (place, "\"new\"".to_owned()))
            .collect();
        assert_eq!(
            replaced(text, changes),
            "{\"b\":123456789012345678901234567890.10, \"a\" : \"new\",\n \"b\":1e400}"
        );
        assert_eq!(
            replaced(
                "0123456789",
                vec![(2..5, "x".into()), (2..9, "y".into()), (3..4, "z".into())]
            ),
            "01y9"
        );
    }
}
