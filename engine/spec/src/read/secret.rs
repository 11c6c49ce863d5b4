//! Where a secret comes from: `{ env: NAME }`, `{ file: PATH }`, `{ command: [..] }`. A value in its place is never repeated.

use super::fields::{find, not_built_yet};
use super::{Faults, expect};
use crate::secrets::SecretRef;
use crate::text::{Node, Value, short};
use crate::values::nearest;

const FORMS: &str = "{ env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }";
const KNOWN: [&str; 3] = ["env", "file", "command"];
const LATER: [&str; 3] = ["keyring", "age", "sops"];

/// Reads a secret reference.
pub(crate) fn read_secret(node: &Node, setting: &str, connector: &str, faults: &mut Faults<'_>) -> Option<SecretRef> {
    let Value::Map(entries) = &node.value else {
        faults.hide(node);
        let variable = setting.to_ascii_uppercase().replace(['.', '-'], "_");
        if matches!(node.value, Value::Null) {
            let message = format!("\"{setting}\" of {connector} is empty; expected a reference to a secret");
            faults.error("secret/form", node.place, message).help = Some(format!("write {setting}: {FORMS}"));
            return None;
        }
        let message = format!("\"{setting}\" of {connector} is a secret, and a secret doesn't stand in a spec");
        let fault = faults.error("secret/bare", node.place, message);
        fault.help = Some(format!(
            "say where it comes from: {setting}: {{ env: {variable} }}, or {{ file: PATH }} or {{ command: [PROGRAM, …] }}; and change it if this file was shared"
        ));
        return None;
    };
    let [entry] = entries.as_slice() else {
        faults.hide(node);
        let message = format!("\"{setting}\" of {connector} must say exactly one place where the secret comes from");
        faults.error("secret/form", node.place, message).help = Some(format!("write {setting}: {FORMS}"));
        return None;
    };
    let key = entry.key.as_str();
    if LATER.contains(&key) {
        not_built_yet(entry.key_place, &format!("a secret from \"{key}\""), faults);
        return None;
    }
    let value = find(entries, key)?;
    match key {
        "env" => {
            let name = expect::text(value, "env", faults)?;
            let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            let plain = name.len() <= 255 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if first && plain {
                return Some(SecretRef::Env(name.to_owned()));
            }
            // It may be the secret itself, or "$NAME".
            faults.hide(value);
            let message =
                "\"env\" is no name of an environment variable; expected letters, digits and \"_\", without \"$\"";
            let example = setting.to_ascii_uppercase().replace(['.', '-'], "_");
            faults.error("secret/form", value.place, message).help = Some(format!("for example {{ env: {example} }}"));
            None
        }
        "file" => {
            let path = expect::text(value, "file", faults)?;
            if path.is_empty() || path.contains(['\0', '\n']) || path.starts_with('~') {
                let message = "\"file\" is no path; expected one such as /run/secrets/apple, or one beside the spec";
                faults.error("secret/form", value.place, message).help = path
                    .starts_with('~')
                    .then(|| "\"~\" is not expanded here: write the whole path".to_owned());
                return None;
            }
            Some(SecretRef::File(path.into()))
        }
        "command" => {
            let Value::List(words) = &value.value else {
                expect::wrong_type(
                    value,
                    "command",
                    "a list: the program and its arguments, each a text",
                    faults,
                )
                .help = Some("no shell reads it: [pass, show, apple]".to_owned());
                return None;
            };
            let words: Option<Vec<String>> = words
                .iter()
                .map(|word| expect::text(word, "command", faults).map(str::to_owned))
                .collect();
            let words = words?;
            if words.first().is_none_or(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
                faults
                    .error("secret/form", value.place, "\"command\" names no program")
                    .help = Some("for example [pass, show, apple]".to_owned());
                return None;
            }
            Some(SecretRef::Command(words))
        }
        other => {
            faults.hide(&entry.node);
            let message = format!("a secret can't come from \"{}\"; expected {FORMS}", short(other));
            let fault = faults.error("secret/form", entry.key_place, message);
            fault.help = nearest(other, KNOWN).map(|word| format!("did you mean \"{word}\"?"));
            None
        }
    }
}
