//! Whether a host is the one it says it is, by lines as OpenSSH keeps them in known_hosts. A key that stands nowhere is never trusted.

use std::path::PathBuf;

use camroll_model::{ConnectorError, ErrorClass};
use hmac::{Hmac, Mac as _};
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, Marker};
use russh::keys::{Algorithm, HashAlg, PublicKey};
use sha1::Sha1;

/// What is thought of a key that a host showed.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Known,
    /// Nothing is known of this host.
    Unknown,
    /// Other keys are known of it.
    Changed,
    /// A line says that this key is no longer to be trusted.
    Revoked,
}

/// The lines, and where they came from.
pub(super) struct KnownHosts {
    entries: Vec<Entry>,
    place: String,
}

impl KnownHosts {
    /// From a setting: a path (it begins with "/" or "~/") or the lines themselves; without one, the file of whoever runs this.
    pub(super) async fn load(setting: Option<&str>) -> Result<Self, ConnectorError> {
        let (path, must_be_there) = match setting {
            Some(lines) if !lines.starts_with(['/', '~']) => {
                return Ok(Self::parse(lines, "the setting `known_hosts`"));
            }
            Some(path) => (at_home(path), true),
            None => (at_home("~/.ssh/known_hosts"), false),
        };
        let place = path.display().to_string();
        match tokio::fs::read_to_string(&path).await {
            Ok(lines) => Ok(Self::parse(&lines, &place)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_be_there => Ok(Self::parse("", &place)),
            Err(error) => Err(ConnectorError::new(
                ErrorClass::InvalidSetting,
                "ssh/known-hosts",
                format!("{place}, which should hold the keys of known hosts, can't be read: {error}."),
            )),
        }
    }

    fn parse(lines: &str, place: &str) -> Self {
        let entries = lines
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            // A line of a kind that isn't understood makes nobody trusted.
            .filter_map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").parse().ok())
            .collect();
        Self {
            entries,
            place: place.to_owned(),
        }
    }

    /// Which kinds of keys are known of a host.
    pub(super) fn algorithms(&self, host: &str, port: u16) -> Vec<Algorithm> {
        self.of(host, port)
            .filter(|entry| entry.marker().is_none())
            .map(|entry| entry.public_key().algorithm())
            .collect()
    }

    pub(super) fn verdict(&self, host: &str, port: u16, shown: &PublicKey) -> Verdict {
        let mut verdict = Verdict::Unknown;
        for entry in self.of(host, port) {
            let same = entry.public_key().key_data() == shown.key_data();
            match (entry.marker(), same) {
                (Some(Marker::Revoked), true) => return Verdict::Revoked,
                (Some(_), _) => {}
                (None, true) => verdict = Verdict::Known,
                (None, false) if verdict == Verdict::Unknown => verdict = Verdict::Changed,
                (None, false) => {}
            }
        }
        verdict
    }

    /// What a person is told of a key that isn't trusted.
    pub(super) fn refusal(&self, host: &str, port: u16, shown: &PublicKey, verdict: &Verdict) -> ConnectorError {
        let name = name_of(host, port);
        let fingerprint = shown.fingerprint(HashAlg::Sha256);
        let key = PublicKey::new(shown.key_data().clone(), "")
            .to_openssh()
            .unwrap_or_default();
        let line = format!("{name} {}", key.trim());
        let place = &self.place;
        match verdict {
            Verdict::Known | Verdict::Unknown => ConnectorError {
                details: vec![
                    ("fingerprint".to_owned(), fingerprint.to_string()),
                    ("line".to_owned(), line.clone()),
                ],
                ..ConnectorError::new(
                    ErrorClass::Unauthenticated,
                    "ssh/unknown-host-key",
                    format!(
                        "{name} isn't known in {place}. It shows the key {fingerprint}. If whoever keeps that server says that this is its fingerprint, add this line there: {line}"
                    ),
                )
            },
            Verdict::Changed => ConnectorError::new(
                ErrorClass::PermissionDenied,
                "ssh/host-key-changed",
                format!(
                    "{name} shows the key {fingerprint}, and {place} knows another one. Either the server was set up anew, or somebody pretends to be it. Nothing was sent. If whoever keeps it says that this is its fingerprint, replace its lines there by: {line}"
                ),
            ),
            Verdict::Revoked => ConnectorError::new(
                ErrorClass::PermissionDenied,
                "ssh/host-key-revoked",
                format!("{name} shows the key {fingerprint}, which {place} says is revoked. Nothing was sent."),
            ),
        }
    }

    fn of(&self, host: &str, port: u16) -> impl Iterator<Item = &Entry> {
        let name = name_of(host, port);
        self.entries
            .iter()
            .filter(move |entry| fits(entry.host_patterns(), &name))
    }
}

/// As OpenSSH writes it: a port that isn't the ordinary one stands behind brackets.
fn name_of(host: &str, port: u16) -> String {
    match port {
        22 => host.to_owned(),
        _ => format!("[{host}]:{port}"),
    }
}

fn at_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn fits(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
            .map(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok())
            .unwrap_or(false),
        HostPatterns::Patterns(patterns) => {
            let name = name.to_ascii_lowercase();
            let mut any = false;
            for pattern in patterns {
                match pattern.strip_prefix('!') {
                    Some(not) if like(&not.to_ascii_lowercase(), &name) => return false,
                    Some(_) => {}
                    None => any |= like(&pattern.to_ascii_lowercase(), &name),
                }
            }
            any
        }
    }
}

/// "*" stands for anything, "?" for one character.
fn like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let mut fits = vec![false; name.len() + 1];
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    for letter in pattern {
        let mut next = vec![false; name.len() + 1];
        for (place, _) in fits.iter().enumerate().filter(|(_, reached)| **reached) {
            match letter {
                '*' => next.iter_mut().skip(place).for_each(|reached| *reached = true),
                _ if name.get(place).is_some_and(|found| letter == '?' || letter == *found) => {
                    if let Some(reached) = next.get_mut(place + 1) {
                        *reached = true;
                    }
                }
                _ => {}
            }
        }
        fits = next;
    }
    fits.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G1sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";

    fn key(text: &str) -> PublicKey {
        text.parse().expect("a key")
    }

    fn verdict(lines: &str, host: &str, port: u16) -> Verdict {
        KnownHosts::parse(lines, "here").verdict(host, port, &key(ONE))
    }

    #[test]
    fn a_key_is_known_by_its_line_only() {
        assert_eq!(verdict(&format!("nas {ONE}"), "nas", 22), Verdict::Known);
        assert_eq!(
            verdict(&format!("nas {OTHER}\nnas  {ONE} a comment"), "nas", 22),
            Verdict::Known
        );
        assert_eq!(verdict(&format!("nas {OTHER}"), "nas", 22), Verdict::Changed);
        assert_eq!(verdict(&format!("nas {ONE}"), "other", 22), Verdict::Unknown);
        assert_eq!(verdict("", "nas", 22), Verdict::Unknown);
        assert_eq!(verdict(&format!("# nas {ONE}\nnonsense"), "nas", 22), Verdict::Unknown);
    }

    #[test]
    fn another_port_is_another_host() {
        assert_eq!(verdict(&format!("[nas]:2222 {ONE}"), "nas", 2222), Verdict::Known);
        assert_eq!(verdict(&format!("nas {ONE}"), "nas", 2222), Verdict::Unknown);
        assert_eq!(verdict(&format!("[nas]:2222 {ONE}"), "nas", 22), Verdict::Unknown);
    }

    #[test]
    fn several_names_patterns_and_exceptions() {
        assert_eq!(
            verdict(&format!("a,nas,192.168.1.5 {ONE}"), "192.168.1.5", 22),
            Verdict::Known
        );
        assert_eq!(verdict(&format!("*.example {ONE}"), "nas.example", 22), Verdict::Known);
        assert_eq!(verdict(&format!("n?s {ONE}"), "nas", 22), Verdict::Known);
        assert_eq!(verdict(&format!("*,!nas {ONE}"), "nas", 22), Verdict::Unknown);
    }

    #[test]
    fn a_revoked_key_is_never_trusted() {
        assert_eq!(
            verdict(&format!("nas {ONE}\n@revoked * {ONE}"), "nas", 22),
            Verdict::Revoked
        );
        assert_eq!(
            verdict(&format!("@revoked * {OTHER}\nnas {ONE}"), "nas", 22),
            Verdict::Known
        );
        assert_eq!(
            verdict(&format!("@cert-authority * {ONE}"), "nas", 22),
            Verdict::Unknown
        );
    }

    #[test]
    fn names_may_be_hashed() {
        let mac = Hmac::<Sha1>::new_from_slice(b"twenty bytes of salt").expect("any length");
        let hash = mac.chain_update(b"[nas]:2222").finalize().into_bytes();
        let base64 = base64::engine::general_purpose::STANDARD;
        let line = format!(
            "|1|{}|{} {ONE}",
            base64.encode("twenty bytes of salt"),
            base64.encode(hash)
        );
        assert_eq!(verdict(&line, "nas", 2222), Verdict::Known);
        assert_eq!(verdict(&line, "nas", 22), Verdict::Unknown);
    }

    #[test]
    fn a_person_is_told_the_fingerprint_and_the_line() {
        let known = KnownHosts::parse("", "here");
        let told = known.refusal("nas", 2222, &key(ONE), &Verdict::Unknown);
        assert!(told.message.contains("SHA256:"), "{}", told.message);
        assert!(told.message.contains(&format!("[nas]:2222 {ONE}")), "{}", told.message);
    }
}
