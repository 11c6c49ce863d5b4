//! What a value must be: each function takes a node, tells what is wrong with it, and gives the value if nothing is.

use super::Faults;
use crate::text::{Node, Value, short};
use crate::values::{Rate, Size, nearest};

/// A text. Words that other YAML readers take for something else are warned of.
pub(crate) fn text<'n>(node: &'n Node, key: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) => {
            faults.warn_of_trap(node);
            Some(text)
        }
        Value::Bool(_) | Value::Number(_) => {
            let written = written(node);
            wrong_type(node, key, "a text", faults).help = Some(format!("put it in quotes: \"{}\"", short(written)));
            None
        }
        _ => {
            wrong_type(node, key, "a text", faults);
            None
        }
    }
}

/// A scalar as it is written, number or text: sizes and dates may look like either.
pub(crate) fn scalar<'n>(node: &'n Node, key: &str, expected: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) => Some(text),
        Value::Number(_) => Some(written(node)),
        _ => {
            wrong_type(node, key, expected, faults);
            None
        }
    }
}

/// True or false.
pub(crate) fn flag(node: &Node, key: &str, faults: &mut Faults<'_>) -> Option<bool> {
    if let Value::Bool(flag) = node.value {
        return Some(flag);
    }
    let meant = match written(node).to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some("true"),
        "no" | "off" | "n" => Some("false"),
        _ => None,
    };
    let fault = wrong_type(node, key, "true or false", faults);
    fault.help = meant.map(|word| format!("write {word}"));
    None
}

/// A whole number within bounds.
pub(crate) fn whole(
    node: &Node,
    key: &str,
    range: std::ops::RangeInclusive<u64>,
    faults: &mut Faults<'_>,
) -> Option<u64> {
    let (min, max) = (range.start(), range.end());
    let expected = if *max == u64::MAX {
        format!("a whole number of at least {min}")
    } else {
        format!("a whole number from {min} to {max}")
    };
    let Value::Number(number) = &node.value else {
        wrong_type(node, key, &expected, faults);
        return None;
    };
    let value = number.as_u64().filter(|value| range.contains(value));
    if value.is_none() {
        faults.error(
            "spec/range",
            node.place,
            format!("\"{key}\" is {number}; expected {expected}"),
        );
    }
    value
}

/// One of several words.
pub(crate) fn word<T: Copy>(node: &Node, key: &str, words: &[(T, &'static str)], faults: &mut Faults<'_>) -> Option<T> {
    let listed = || words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ");
    let given = match &node.value {
        Value::Text(text) => text.as_str(),
        Value::Bool(_) | Value::Number(_) => written(node),
        _ => {
            wrong_type(node, key, &format!("one of {}", listed()), faults);
            return None;
        }
    };
    let found = words.iter().find(|(_, word)| *word == given).map(|(value, _)| *value);
    if found.is_none() {
        let message = format!("\"{}\" is no value of \"{key}\"; expected {}", short(given), listed());
        let fault = faults.error("spec/word", node.place, message);
        fault.help =
            nearest(given, words.iter().map(|(_, word)| *word)).map(|word| format!("did you mean \"{word}\"?"));
    }
    found
}

/// One thing, or a list of such things; an empty list is an error.
pub(crate) fn one_or_more<'n>(node: &'n Node, key: &str, faults: &mut Faults<'_>) -> &'n [Node] {
    match &node.value {
        Value::List(nodes) if nodes.is_empty() => {
            faults
                .error("spec/empty", node.place, format!("\"{key}\" is an empty list"))
                .help = Some("leave the line out, or name something".to_owned());
            &[]
        }
        Value::List(nodes) => nodes,
        _ => std::slice::from_ref(node),
    }
}

/// Says that a value has the wrong type; the value itself is not repeated.
pub(crate) fn wrong_type<'m>(
    node: &Node,
    key: &str,
    expected: &str,
    faults: &'m mut Faults<'_>,
) -> &'m mut crate::text::Diagnostic {
    let message = match node.value {
        Value::Null => format!("\"{key}\" is empty; expected {expected}"),
        _ => format!("\"{key}\" is {}; expected {expected}", node.kind()),
    };
    faults.error("spec/type", node.place, message)
}

/// A size in bytes, as people write it.
pub(crate) fn size(node: &Node, key: &str, faults: &mut Faults<'_>) -> Option<u64> {
    let text = scalar(node, key, Size::FORM, faults)?;
    let size = Size::parse(text);
    if size.is_none() {
        faults.error(
            "spec/size",
            node.place,
            format!("\"{key}\" is \"{}\"; expected {}", short(text), Size::FORM),
        );
    }
    size.map(|size| size.0)
}

/// Bytes in a second, as people write them.
pub(crate) fn rate(node: &Node, key: &str, faults: &mut Faults<'_>) -> Option<u64> {
    let text = scalar(node, key, Rate::FORM, faults)?;
    let rate = Rate::parse(text);
    if rate.is_none() {
        faults.error(
            "spec/rate",
            node.place,
            format!("\"{key}\" is \"{}\"; expected {}", short(text), Rate::FORM),
        );
    }
    rate.map(|rate| rate.0)
}

/// A scalar as it stands in the file.
pub(crate) fn written(node: &Node) -> &str {
    node.written.as_ref().map_or("", |written| written.text.as_str())
}
