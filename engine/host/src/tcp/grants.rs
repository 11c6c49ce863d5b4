//! Which host and port may be connected to: what the manifest's `tcp` rules take from the settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camroll_model::{ConnectorError, ErrorClass};
use serde_json::Value;

use crate::manifest::{Manifest, Security, SmbRule, SshRule, TcpRule};
use crate::tcp::tls::{Newest, TOO_OLD};
use crate::tcp::{Peer, Secured};

/// What may be connected to, and how.
pub(super) struct Granted {
    name: String,
    pub host: String,
    port: u16,
    pub security: Security,
    pub ssh: Option<SshSettings>,
    pub smb: Option<SmbSettings>,
    pub may: Arc<May>,
}

/// What may be done over a connection besides reading and writing.
#[derive(Default)]
pub(super) struct May {
    /// Slot → the line that its secret stands in.
    lines: BTreeMap<String, String>,
    plainly: Plainly,
    beside: bool,
    /// The server was met, and has no TLS as old as 1.2.
    is_newer: AtomicBool,
}

/// Whether the person takes it that a secret goes out without TLS.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Plainly {
    #[default]
    Never,
    Accepted,
}

impl May {
    fn new(rule: &TcpRule, settings: &Value) -> Self {
        let accepts = rule
            .plain
            .as_ref()
            .is_some_and(|plain| text(settings, &plain.setting).is_some_and(|value| value == plain.is));
        Self {
            lines: rule.lines.clone(),
            plainly: if accepts { Plainly::Accepted } else { Plainly::Never },
            beside: rule.beside,
            is_newer: AtomicBool::new(false),
        }
    }

    /// Which TLS is spoken.
    pub(super) fn newest(&self) -> Newest {
        match self.beside && !self.is_newer.load(Ordering::Relaxed) {
            true => Newest::GoneOnWith,
            false => Newest::Any,
        }
    }

    /// Learns from a handshake.
    pub(super) fn agreed<T>(&self, result: Result<T, ConnectorError>) -> Result<T, ConnectorError> {
        if result.as_ref().is_err_and(|error| error.code == TOO_OLD) {
            self.is_newer.store(true, Ordering::Relaxed);
        }
        result
    }

    /// All of it, for tests of what does it.
    #[cfg(test)]
    pub(super) fn everything(slot: &str, line: &str) -> Self {
        Self {
            lines: BTreeMap::from([(slot.to_owned(), line.to_owned())]),
            plainly: Plainly::Accepted,
            beside: true,
            is_newer: AtomicBool::new(false),
        }
    }

    /// The line that a slot's secret stands in, before and behind it.
    pub(super) fn line(&self, slot: &str, over: Secured) -> Result<(&str, &str), ConnectorError> {
        let refused = |why: &str| {
            Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/not-granted",
                format!("The secret {slot:?} isn't written: {why}."),
            ))
        };
        let Some(line) = self.lines.get(slot) else {
            return refused("the manifest names no line for it on this connection");
        };
        if over == Secured::Not && self.plainly == Plainly::Never {
            return refused("the connection isn't secured, and the settings don't allow it without");
        }
        match line.split_once("{}") {
            Some(parts) => Ok(parts),
            None => refused("its line has no place for it"),
        }
    }

    /// Whether others may be made beside it.
    pub(super) fn go_beside(&self, peer: &Peer, port: u16) -> Result<(), ConnectorError> {
        match self.beside && port > 0 {
            true => Ok(()),
            false => Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/not-granted",
                format!("A connection to port {port} beside {peer} isn't granted."),
            )),
        }
    }
}

/// How SSH signs in: what of it isn't secret, and the slots of what is.
pub(super) struct SshSettings {
    pub user: String,
    pub password: Option<String>,
    pub key: Option<String>,
    pub passphrase: Option<String>,
    /// A path or the lines themselves.
    pub known_hosts: Option<String>,
    pub subsystem: String,
}

/// How SMB signs in: what of it isn't secret, and the slot of what is.
pub(super) struct SmbSettings {
    pub user: String,
    pub domain: Option<String>,
    pub password: String,
    pub encrypting: Encrypting,
}

/// Whether a session must be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encrypting {
    /// A server that can't isn't spoken to.
    Always,
    /// Where the server can; signed elsewise.
    WherePossible,
}

pub(super) struct Grants {
    connector: String,
    granted: Vec<Granted>,
}

impl Grants {
    pub(super) fn new(manifest: &Manifest, settings: &Value) -> Result<Self, ConnectorError> {
        let mut granted = Vec::new();
        for (name, rule) in &manifest.tcp {
            // A setting that isn't there grants nothing; whether it may be left out is the schema's to say.
            let Some(host) = text(settings, &rule.host) else {
                continue;
            };
            let port = match rule.port.as_deref().and_then(|pointer| settings.pointer(pointer)) {
                Some(port) => port
                    .as_u64()
                    .and_then(|port| u16::try_from(port).ok())
                    .filter(|port| *port > 0)
                    .ok_or_else(|| bad_host(&host, "its port isn't between 1 and 65535"))?,
                None => rule.default_port,
            };
            let host = name_of(&host)?;
            let may = Arc::new(May::new(rule, settings));
            for security in &rule.security {
                granted.push(Granted {
                    name: name.clone(),
                    host: host.clone(),
                    port,
                    security: *security,
                    ssh: rule.ssh.as_ref().map(|rule| ssh_settings(rule, settings)),
                    smb: rule.smb.as_ref().map(|rule| smb_settings(rule, settings)),
                    may: Arc::clone(&may),
                });
            }
        }
        Ok(Self {
            connector: manifest.id.clone(),
            granted,
        })
    }

    pub(super) fn check(
        &self,
        host: &str,
        port: u16,
        security: &str,
        auth: Option<&str>,
    ) -> Result<&Granted, ConnectorError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        self.granted
            .iter()
            .find(|granted| {
                granted.host.eq_ignore_ascii_case(host)
                    && granted.port == port
                    && granted.security.name() == security
                    && auth.is_none_or(|auth| auth == granted.name)
            })
            .ok_or_else(|| {
                let mut error = refused(host, port, security);
                error.message = format!("The connector {}: {}", self.connector, error.message);
                error
            })
    }
}

pub(super) fn refused(host: &str, port: u16, security: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::PermissionDenied,
        "host/not-granted",
        format!(
            "a connection to {host}:{port} ({security}) isn't granted: only the settings name where it may connect."
        ),
    )
}

fn text(settings: &Value, pointer: &str) -> Option<String> {
    settings
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn ssh_settings(rule: &SshRule, settings: &Value) -> SshSettings {
    SshSettings {
        user: text(settings, &rule.user).unwrap_or_default(),
        password: rule.password.clone(),
        key: rule.key.clone(),
        passphrase: rule.passphrase.clone(),
        known_hosts: text(settings, &rule.known_hosts),
        subsystem: rule.subsystem.clone(),
    }
}

fn smb_settings(rule: &SmbRule, settings: &Value) -> SmbSettings {
    let encryption = rule.encryption.as_deref().and_then(|pointer| text(settings, pointer));
    SmbSettings {
        user: text(settings, &rule.user).unwrap_or_default(),
        domain: rule.domain.as_deref().and_then(|pointer| text(settings, pointer)),
        password: rule.password.clone(),
        encrypting: match encryption.as_deref() {
            None | Some("prefer") => Encrypting::WherePossible,
            Some(_) => Encrypting::Always,
        },
    }
}

/// A name or an address, without the brackets that an IPv6 address may have.
fn name_of(host: &str) -> Result<String, ConnectorError> {
    let name = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    let is_fine = name
        .chars()
        .all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':' | '%'));
    if name.is_empty() || !is_fine {
        return Err(bad_host(host, "it isn't the name or address of a host"));
    }
    Ok(name.to_ascii_lowercase())
}

fn bad_host(host: &str, why: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::InvalidSetting,
        "tcp/bad-host",
        format!("{host:?} can't be connected to: {why}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(settings: &str) -> Result<Grants, ConnectorError> {
        let manifest = br#"{"manifest":1,"id":"t","version":"0.1.0","interface":"0.1","title":"t","summary":"t","roles":["destination"],
            "settings":{},"slots":{"password":{"setting":"/password","why":"t"}},
            "tcp":{"sftp":{"host":"/host","port":"/port","default-port":22,"security":["ssh"],"why":"t",
            "ssh":{"user":"/user","password":"password","known-hosts":"/known_hosts","subsystem":"sftp"}}}}"#;
        let manifest = Manifest::parse(manifest).expect("it is right");
        Grants::new(&manifest, &serde_json::from_str(settings).expect("JSON"))
    }

    #[test]
    fn only_what_a_person_set_is_granted() {
        let grants = grants(r#"{"host":"NAS.example","user":"alice"}"#).unwrap();
        assert!(grants.check("nas.example", 22, "ssh", Some("sftp")).is_ok());
        for (host, port, security) in [
            ("nas.example", 23, "ssh"),
            ("nas.example", 22, "plain"),
            ("nas.example.org", 22, "ssh"),
            ("127.0.0.1", 22, "ssh"),
        ] {
            let refused = grants.check(host, port, security, None).err().expect("refused");
            assert_eq!(refused.code, "host/not-granted");
        }
    }

    #[test]
    fn hosts_and_ports_that_are_none_are_settings_to_mend() {
        for settings in [
            r#"{"host":"nas/evil"}"#,
            r#"{"host":"nas evil"}"#,
            r#"{"host":"nas","port":70000}"#,
            r#"{"host":"nas","port":0}"#,
        ] {
            assert_eq!(
                grants(settings).err().expect("refused").code,
                "tcp/bad-host",
                "{settings}"
            );
        }
        assert!(
            grants(r#"{"host":"[::1]"}"#)
                .unwrap()
                .check("::1", 22, "ssh", None)
                .is_ok()
        );
    }

    fn ftp(settings: &str) -> Grants {
        let manifest = br#"{"manifest":1,"id":"t","version":"0.1.0","interface":"0.1","title":"t","summary":"t","roles":["destination"],
            "settings":{},"slots":{"password":{"setting":"/password","why":"t"},"other":{"setting":"/other","why":"t"}},
            "tcp":{"ftp":{"host":"/host","default-port":21,"security":["plain"],"why":"t",
            "lines":{"password":"PASS {}\r\n"},"plain":{"setting":"/tls","is":"none"},"beside":true}}}"#;
        let manifest = Manifest::parse(manifest).expect("it is right");
        Grants::new(&manifest, &serde_json::from_str(settings).expect("JSON")).expect("granted")
    }

    #[test]
    fn a_secret_goes_out_in_the_clear_only_where_a_person_said_so() {
        for (settings, plainly) in [
            (r#"{"host":"nas"}"#, false),
            (r#"{"host":"nas","tls":"explicit"}"#, false),
            (r#"{"host":"nas","tls":"none"}"#, true),
        ] {
            let grants = ftp(settings);
            let may = &grants.check("nas", 21, "plain", Some("ftp")).unwrap().may;
            assert_eq!(may.line("password", Secured::Yes).unwrap(), ("PASS ", "\r\n"));
            assert_eq!(may.line("password", Secured::Not).is_ok(), plainly, "{settings}");
            assert!(may.line("other", Secured::Yes).is_err(), "it has no line");
        }
    }

    #[test]
    fn beside_a_connection_is_what_the_manifest_says() {
        let peer = Peer {
            host: "nas".to_owned(),
            port: 21,
        };
        let granted = ftp(r#"{"host":"nas"}"#);
        let may = &granted.check("nas", 21, "plain", None).unwrap().may;
        assert!(may.go_beside(&peer, 40_000).is_ok() && may.go_beside(&peer, 0).is_err());
        let granted = grants(r#"{"host":"nas"}"#).unwrap();
        let may = &granted.check("nas", 22, "ssh", None).unwrap().may;
        assert_eq!(may.go_beside(&peer, 40_000).unwrap_err().code, "host/not-granted");
    }
}
