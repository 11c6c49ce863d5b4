//! Which origins a connection may reach: those that the manifest names, that a person set, or that an answer of such a one taught.

use std::net::IpAddr;
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use parking_lot::RwLock;
use serde_json::Value;
use url::{Host, Url};

use crate::manifest::{Manifest, SaidBy, pointed};
use crate::net::path;
use crate::net::resolver::is_public;
use crate::vault::{Learnt, Vault};

/// What a learnt host is good for, seconds.
const GOOD_FOR: i64 = 30 * 86_400;

/// An origin that may be reached.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The manifest's name for it; none for a host pattern.
    pub name: Option<String>,
    /// Its path prefix, without a slash at the end.
    pub prefix: String,
    /// It may have a private address.
    pub private: bool,
}

#[derive(Clone, Debug)]
struct Fixed {
    name: String,
    origin: String,
    prefix: String,
    said_by: SaidBy,
    private: bool,
}

/// The grants of a connection.
pub(crate) struct Grants {
    manifest: Arc<Manifest>,
    fixed: Vec<Fixed>,
    learnt: RwLock<Vec<Learnt>>,
}

/// "scheme://host:port".
pub(crate) fn origin_of(url: &Url) -> String {
    format!(
        "{}://{}:{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or(0)
    )
}

fn is_private_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl Grants {
    pub(crate) fn new(manifest: Arc<Manifest>, settings: &Value, vault: &Vault) -> Result<Self, ConnectorError> {
        let mut fixed = Vec::new();
        for (name, origin) in &manifest.origins {
            if origin.learnt.is_some() {
                continue;
            }
            let Some((url, said_by)) = manifest.address(name, settings) else {
                continue;
            };
            if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
                return Err(ConnectorError::new(
                    ErrorClass::InvalidSetting,
                    "host/not-https",
                    format!(
                        "{url} isn't https. Plain http is only for this machine itself (127.0.0.1, [::1], localhost)."
                    ),
                ));
            }
            fixed.push(Fixed {
                name: name.clone(),
                origin: origin_of(&url),
                prefix: url.path().trim_end_matches('/').to_owned(),
                said_by,
                private: said_by == SaidBy::Person,
            });
        }
        Ok(Self {
            manifest,
            fixed,
            learnt: RwLock::new(vault.learnt()),
        })
    }

    /// The grants under which a URL may be reached; an error that names the host where there is none.
    pub(crate) fn check(&self, url: &Url, now: i64) -> Result<Vec<Granted>, ConnectorError> {
        let origin = origin_of(url);
        let mut granted: Vec<Granted> = self
            .fixed
            .iter()
            .filter(|fixed| fixed.origin == origin && path::below(&fixed.prefix, url.path()).is_some())
            .map(|fixed| Granted {
                name: Some(fixed.name.clone()),
                prefix: fixed.prefix.clone(),
                private: fixed.private,
            })
            .collect();
        for learnt in self
            .learnt
            .read()
            .iter()
            .filter(|learnt| learnt.origin == origin && learnt.until > now)
        {
            let names = self
                .manifest
                .origins
                .iter()
                .filter(|(_, rule)| rule.learnt.as_ref() == Some(&learnt.rule));
            granted.extend(names.map(|(name, _)| Granted {
                name: Some(name.clone()),
                prefix: String::new(),
                private: learnt.private,
            }));
        }
        if self.manifest.hosts.iter().any(|host| pattern_fits(&host.pattern, url)) {
            granted.push(Granted {
                name: None,
                prefix: String::new(),
                private: false,
            });
        }
        if granted.is_empty() {
            return Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/not-granted",
                format!(
                    "The connector {} wanted to reach {origin}, which it isn't granted: its manifest doesn't name it, and no answer that may teach hosts did.",
                    self.manifest.id
                ),
            ));
        }
        if let Some(what) = path::ambiguity(url.path())
            && granted.iter().any(|grant| self.path_decides(grant))
        {
            return Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/ambiguous-path",
                format!(
                    "The connector {} wanted a path with {what} at {origin}, where the path decides what it may do.",
                    self.manifest.id
                ),
            ));
        }
        if is_private_host(url) && !granted.iter().any(|grant| grant.private) {
            return Err(private_address(url.host_str().unwrap_or_default()));
        }
        Ok(granted)
    }

    /// Whether a path decides under this grant what may be done: by its prefix, or by a rule that speaks of its origin.
    fn path_decides(&self, grant: &Granted) -> bool {
        let Some(name) = &grant.name else { return false };
        let manifest = &self.manifest;
        !grant.prefix.is_empty()
            || manifest.captures.iter().any(|rule| rule.origin == *name)
            || manifest.learns.values().any(|rule| rule.origin == *name)
            || manifest
                .slots
                .values()
                .flat_map(|slot| &slot.places)
                .any(|place| place.origin == *name)
    }

    /// The rules by which an answer from here teaches hosts.
    fn rules<'a>(
        &'a self,
        method: &str,
        url: &Url,
        granted: &'a [Granted],
    ) -> impl Iterator<Item = (&'a String, &'a crate::manifest::Learn, &'a Granted)> {
        let (method, whole) = (method.to_owned(), url.path().to_owned());
        self.manifest.learns.iter().filter_map(move |(name, rule)| {
            let grant = granted.iter().find(|grant| grant.name.as_ref() == Some(&rule.origin))?;
            let below = path::below(&grant.prefix, &whole)?;
            let fits = (rule.method == "*" || rule.method == method)
                && rule.path.iter().any(|pattern| path::fits(pattern, below));
            fits.then_some((name, rule, grant))
        })
    }

    /// Whether an answer from here teaches hosts, so that it must be read.
    pub(crate) fn teaches(&self, method: &str, url: &Url, granted: &[Granted]) -> bool {
        let may = url.scheme() == "https" || is_loopback(url);
        may && self.rules(method, url, granted).next().is_some()
    }

    /// Learns the hosts that an answer names.
    pub(crate) fn learn(
        &self,
        vault: &Vault,
        method: &str,
        url: &Url,
        granted: &[Granted],
        answer: &Value,
        now: i64,
    ) -> Result<(), ConnectorError> {
        let mut news: Vec<Learnt> = Vec::new();
        for (name, rule, grant) in self.rules(method, url, granted) {
            let teacher_is_set = grant.private
                || self
                    .fixed
                    .iter()
                    .any(|fixed| Some(&fixed.name) == grant.name.as_ref() && fixed.said_by == SaidBy::Person);
            for value in rule.pointers.iter().flat_map(|pointer| pointed(answer, pointer)) {
                let Some(named) = value.as_str().and_then(|text| Url::parse(text).ok()) else {
                    continue;
                };
                let plain = named.scheme() == "http" && is_loopback(&named) && is_loopback(url);
                if named.scheme() != "https" && !plain {
                    continue;
                }
                // A suffix holds for the manifest's own addresses; where a person set another server, that server's word is taken.
                let host = named.host_str().unwrap_or_default();
                if !teacher_is_set
                    && !rule.under.is_empty()
                    && !rule.under.iter().any(|suffix| host.ends_with(suffix.as_str()))
                {
                    tracing::warn!(
                        host,
                        rule = name,
                        "an answer named a host outside of the suffixes that the connector may learn; it isn't granted"
                    );
                    continue;
                }
                if is_private_host(&named) && !is_private_host(url) {
                    continue;
                }
                let learnt = Learnt {
                    rule: name.clone(),
                    origin: origin_of(&named),
                    until: now + GOOD_FOR,
                    private: grant.private,
                };
                if !news.contains(&learnt) {
                    news.push(learnt);
                }
            }
        }
        if news.is_empty() {
            return Ok(());
        }
        {
            let known = self.learnt.read();
            let is_known = |one: &Learnt| {
                known.iter().any(|known| {
                    known.rule == one.rule && known.origin == one.origin && known.until + 86_400 > one.until
                })
            };
            news.retain(|one| !is_known(one));
        }
        if news.is_empty() {
            return Ok(());
        }
        vault.learn(news)?;
        *self.learnt.write() = vault.learnt();
        Ok(())
    }

    /// The names that this origin has in the manifest, with what of the path is below it.
    pub(crate) fn below<'a>(granted: &'a [Granted], url: &'a Url) -> impl Iterator<Item = (&'a str, &'a str)> {
        granted
            .iter()
            .filter_map(|grant| Some((grant.name.as_deref()?, path::below(&grant.prefix, url.path())?)))
    }
}

/// "https://*.example.com": "*." is one or more labels.
fn pattern_fits(pattern: &str, url: &Url) -> bool {
    let Some(rest) = pattern.strip_prefix("https://") else {
        return false;
    };
    if url.scheme() != "https" {
        return false;
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(0)),
        None => (rest, 443),
    };
    let Some(Host::Domain(name)) = url.host() else {
        return false;
    };
    let host_fits = match host.strip_prefix("*") {
        Some(suffix) => suffix.starts_with('.') && name.len() > suffix.len() && name.ends_with(suffix),
        None => name == host,
    };
    host_fits && url.port_or_known_default() == Some(port)
}

pub(crate) fn private_address(host: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::PermissionDenied,
        "host/private-address",
        format!(
            "{host} leads to an address of this machine or of a private network, which the connector isn't granted."
        ),
    )
}

#[cfg(test)]
mod tests;
