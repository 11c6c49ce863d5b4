//! From references to secrets. What is read comes through a trait, so that the rules are tested without an environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camroll_model::Secret;
use zeroize::Zeroizing;

use super::{SecretRef, SecretUse};
use crate::language::{Connection, SlotName};
use crate::text::Diagnostic;

/// Most that a secret may have, bytes.
pub const SECRET_LIMIT: usize = 64 * 1024;

/// Why a secret could not be read. Never holds any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// There is none.
    #[error("{0}")]
    Missing(String),
    /// It is there, and can't be read or used.
    #[error("{0}")]
    Unusable(String),
}

/// The edge to the machine.
pub trait SecretReader {
    /// An environment variable's value.
    fn env(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault>;
    /// A file's bytes, at most one more than `SECRET_LIMIT`.
    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault>;
    /// What a program writes to standard output, at most one byte more than `SECRET_LIMIT`; run in `folder`.
    fn command(&self, words: &[String], folder: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault>;
}

/// Reads all secrets of a connection; or says of each that can't be had which spec and which setting wants it.
pub fn resolve_secrets(
    spec: &str,
    connection: &Connection,
    reader: &dyn SecretReader,
) -> Result<BTreeMap<SlotName, Secret>, Vec<Diagnostic>> {
    let mut secrets = BTreeMap::new();
    let mut faults = Vec::new();
    for (slot, wanted) in &connection.secrets {
        match read(wanted, reader) {
            Ok(secret) => {
                secrets.insert(slot.clone(), secret);
            }
            Err(fault) => faults.push(diagnostic(spec, connection, wanted, &fault)),
        }
    }
    if faults.is_empty() { Ok(secrets) } else { Err(faults) }
}

/// A private key as ssh-keygen, openssl and PuTTY write it is the one secret that has lines.
fn is_key(text: &str) -> bool {
    ["-----BEGIN ", "PuTTY-User-Key-File-"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn read(wanted: &SecretUse, reader: &dyn SecretReader) -> Result<Secret, SecretFault> {
    let folder = wanted.file.parent().map_or_else(PathBuf::new, Path::to_owned);
    let bytes = match &wanted.reference {
        SecretRef::Env(name) => reader.env(name)?,
        SecretRef::File(path) => reader.file(&folder.join(path))?,
        SecretRef::Command(words) => reader.command(words, &folder)?,
    };
    if bytes.len() > SECRET_LIMIT {
        let limit = SECRET_LIMIT / 1024;
        return Err(SecretFault::Unusable(format!(
            "it is longer than {limit} KiB, the most that a secret may have"
        )));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretFault::Unusable("it is not UTF-8 text".to_owned()))?;
    if is_key(text) && !text.contains('\0') {
        return Ok(Secret::new(text.to_owned()));
    }
    let text = match wanted.reference {
        // What such programs print after the first line is about the secret: a user's name, an address.
        SecretRef::Command(_) => text.split('\n').next().unwrap_or(""),
        // Editors and `echo` end a file with a line break that is no part of the secret.
        _ => text.strip_suffix('\n').unwrap_or(text),
    };
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(SecretFault::Missing("it is empty".to_owned()));
    }
    if text.contains(['\n', '\r', '\0']) {
        let found = "it has more than one line; a secret is one line of text";
        return Err(SecretFault::Unusable(found.to_owned()));
    }
    Ok(Secret::new(text.to_owned()))
}

fn diagnostic(spec: &str, connection: &Connection, wanted: &SecretUse, fault: &SecretFault) -> Diagnostic {
    let (what, help) = match &wanted.reference {
        SecretRef::Env(name) => (
            format!("the environment variable {name}"),
            format!(
                "set {name} for the process that runs camroll, or name another source: {{ file: /run/secrets/{} }}",
                wanted.setting
            ),
        ),
        SecretRef::File(path) => (
            format!("the file {}", path.display()),
            "the file holds the secret as one line, readable by the user that runs camroll and nobody else (chmod 600)"
                .to_owned(),
        ),
        SecretRef::Command(words) => (
            format!("the command {}", words.first().map_or("", String::as_str)),
            "the program ends with status 0 within 30 seconds and writes the secret to standard output as its first line"
                .to_owned(),
        ),
    };
    let code = match fault {
        SecretFault::Missing(_) => "secret/missing",
        SecretFault::Unusable(_) => "secret/unusable",
    };
    let connector = connection.connector.id();
    let setting = &wanted.setting;
    let message = format!("spec \"{spec}\" needs a secret for \"{setting}\" of {connector} from {what}: {fault}");
    Diagnostic::error(code, &wanted.file, wanted.place, message).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{ConnectionName, ConnectionOrigin, ConnectorId, ConnectorRef};
    use crate::text::Place;

    struct Fixed(Vec<u8>);

    impl SecretReader for Fixed {
        fn env(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
            if name == "SET" {
                Ok(Zeroizing::new(self.0.clone()))
            } else {
                Err(SecretFault::Missing("it is not set".to_owned()))
            }
        }
        fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
            Ok(Zeroizing::new(path.to_string_lossy().into_owned().into_bytes()))
        }
        fn command(&self, words: &[String], _: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
            Ok(Zeroizing::new(words.join(" ").into_bytes()))
        }
    }

    fn resolve(reference: SecretRef, bytes: &[u8]) -> Result<String, Diagnostic> {
        let slot = SlotName::parse("password").expect("a slot");
        let wanted = SecretUse {
            reference,
            setting: "password".to_owned(),
            file: "specs/a.yaml".into(),
            place: Place::START,
        };
        let connection = Connection {
            name: ConnectionName::parse("alice").expect("a name"),
            origin: ConnectionOrigin::Named,
            connector: ConnectorRef::Bundled(ConnectorId::parse("icloud-photos").expect("an id")),
            settings: serde_json::Value::Null,
            secrets: BTreeMap::from([(slot.clone(), wanted)]),
            pace: crate::language::Pace::default(),
        };
        match resolve_secrets("family", &connection, &Fixed(bytes.to_owned())) {
            Ok(mut secrets) => Ok(secrets.remove(&slot).expect("the slot").expose().to_owned()),
            Err(mut faults) => Err(faults.remove(0)),
        }
    }

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_it() {
        let env = || SecretRef::Env("SET".to_owned());
        assert_eq!(resolve(env(), b"hunter2\n").as_deref(), Ok("hunter2"));
        assert_eq!(resolve(env(), b"hunter2\r\n").as_deref(), Ok("hunter2"));
        assert_eq!(resolve(env(), b" spaced ").as_deref(), Ok(" spaced "));
        for bad in [
            b"".as_slice(),
            b"\n",
            b"two\nlines",
            b"\xff\xfe",
            vec![b'x'; SECRET_LIMIT + 1].as_slice(),
        ] {
            let fault = resolve(env(), bad).expect_err("unusable");
            assert!(!fault.to_string().contains("lines\""), "{fault}");
        }
    }

    #[test]
    fn of_a_program_the_first_line_counts() {
        let words = |text: &str| SecretRef::Command(vec![text.to_owned()]);
        assert_eq!(resolve(words("hunter2\nuser: alice\n"), b"").as_deref(), Ok("hunter2"));
        assert!(resolve(words("\nhunter2"), b"").is_err());
    }

    #[test]
    fn a_missing_variable_is_named_with_spec_and_setting() {
        let fault = resolve(SecretRef::Env("APPLE_PASSWORD".to_owned()), b"").expect_err("missing");
        assert_eq!(fault.code, "secret/missing");
        for word in ["family", "password", "APPLE_PASSWORD", "icloud-photos"] {
            assert!(fault.message.contains(word), "{} lacks {word}", fault.message);
        }
    }

    #[test]
    fn a_file_is_found_beside_the_spec() {
        assert_eq!(resolve(SecretRef::File("pw".into()), b"").as_deref(), Ok("specs/pw"));
        assert_eq!(
            resolve(SecretRef::File("/run/pw".into()), b"").as_deref(),
            Ok("/run/pw")
        );
    }
}
