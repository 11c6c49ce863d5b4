//! The text of a file as it may be shown beside an error: without what could be a secret.

use std::path::PathBuf;

use crate::text::{Node, Place, Position, Value};

/// A file's text for error messages. Places fit: what is hidden is as many characters long as it was.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownText {
    /// The file.
    pub file: PathBuf,
    /// Its text. A file that could not be read as YAML has none, for then nobody knows what in it is a secret.
    pub text: String,
}

impl std::fmt::Debug for ShownText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownText({:?})", self.file)
    }
}

/// Words in keys whose value is hidden wherever they stand: a secret may be in the wrong place.
const SUSPECT: [&str; 7] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "key",
    "credential",
];

/// Stretches that hold scalars under suspect keys.
pub(crate) fn suspects(node: &Node, places: &mut Vec<Place>) {
    match &node.value {
        Value::List(nodes) => nodes.iter().for_each(|node| suspects(node, places)),
        Value::Map(entries) => {
            for entry in entries {
                let key = entry.key.to_lowercase();
                let scalar = !matches!(entry.node.value, Value::List(_) | Value::Map(_) | Value::Null);
                if scalar && SUSPECT.iter().any(|word| key.contains(word)) {
                    places.push(entry.node.place);
                }
                suspects(&entry.node, places);
            }
        }
        _ => {}
    }
}

/// Puts dots over the stretches.
pub(crate) fn mask(text: &str, places: &mut [Place]) -> String {
    places.sort();
    let mut rest = places.iter().peekable();
    let mut hidden_until = Position::START;
    let mut masked = String::with_capacity(text.len());
    for (line, content) in (1_u32..).zip(text.split_inclusive('\n')) {
        for (column, c) in (1_u32..).zip(content.chars()) {
            let at = Position { line, column };
            while let Some(place) = rest.next_if(|place| place.start <= at) {
                hidden_until = hidden_until.max(place.end);
            }
            masked.push(if at < hidden_until && !c.is_whitespace() {
                '•'
            } else {
                c
            });
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_keeps_its_length() {
        let place = |from: (u32, u32), to: (u32, u32)| Place {
            start: Position {
                line: from.0,
                column: from.1,
            },
            end: Position {
                line: to.0,
                column: to.1,
            },
        };
        let text = "ä: secret # c\nb: |\n  two\n  lines\nc: d\n";
        let masked = mask(text, &mut [place((2, 4), (5, 1)), place((1, 4), (1, 10))]);
        assert_eq!(masked, "ä: •••••• # c\nb: •\n  •••\n  •••••\nc: d\n");
    }
}
