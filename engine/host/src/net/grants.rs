//! Which origins a connection may reach: those that the manifest names, that a person set, or that an answer of such a one taught.

use std::net::IpAddr;
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use serde_json::Value;
use url::{Host, Url};

use crate::manifest::{Manifest, SaidBy};
use crate::net::path;
use crate::net::resolver::is_public;
use crate::pointer::pointed;
use crate::vault::{Learnt, Reach, Root, Vault};

/// What a learnt host is good for, seconds.
const GOOD_FOR: i64 = 30 * 86_400;

/// An origin that may be reached.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The manifest's name for it; none for a host pattern.
    pub name: Option<String>,
    /// Its path prefix, without a slash at the end.
    pub prefix: String,
    /// Which addresses it may have.
    pub reach: Reach,
    /// The address at the start of what taught it, itself if it is set; none for a host pattern.
    root: Option<Root>,
}

/// An address that a person or the manifest said.
struct Fixed {
    origin: String,
    prefix: String,
    root: Root,
}

impl Fixed {
    /// A person may name an address of their own network, at the port that they named. The manifest can't.
    fn reach(&self) -> Reach {
        match self.root.said_by {
            SaidBy::Person => Reach::Private,
            SaidBy::Manifest => Reach::Public,
        }
    }
}

/// The grants of a connection.
pub(crate) struct Grants {
    manifest: Arc<Manifest>,
    vault: Arc<Vault>,
    fixed: Vec<Fixed>,
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
        // Where such a name leads is looked at when it is connected to.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

impl Grants {
    pub(crate) fn new(manifest: Arc<Manifest>, settings: &Value, vault: Arc<Vault>) -> Result<Self, ConnectorError> {
        let mut fixed: Vec<Fixed> = Vec::new();
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
                origin: origin_of(&url),
                prefix: url.path().trim_end_matches('/').to_owned(),
                root: Root {
                    name: name.clone(),
                    address: url.to_string(),
                    said_by,
                },
            });
        }
        Ok(Self { manifest, vault, fixed })
    }

    /// The grants under which a URL may be reached; an error that names the host where there is none.
    pub(crate) fn check(&self, url: &Url, now: i64) -> Result<Vec<Granted>, ConnectorError> {
        let origin = origin_of(url);
        let mut granted: Vec<Granted> = self
            .fixed
            .iter()
            .filter(|fixed| fixed.origin == origin && path::below(&fixed.prefix, url.path()).is_some())
            .map(|fixed| Granted {
                name: Some(fixed.root.name.clone()),
                prefix: fixed.prefix.clone(),
                reach: fixed.reach(),
                root: Some(fixed.root.clone()),
            })
            .collect();
        for learnt in self
            .vault
            .learnt_at(&origin, now)
            .into_iter()
            .filter(|learnt| self.holds(learnt))
        {
            let names = self
                .manifest
                .origins
                .iter()
                .filter(|(_, rule)| rule.learnt.as_ref() == Some(&learnt.rule));
            granted.extend(names.map(|(name, _)| Granted {
                name: Some(name.clone()),
                prefix: String::new(),
                reach: learnt.reach,
                root: learnt.root.clone(),
            }));
        }
        if self.manifest.hosts.iter().any(|host| pattern_fits(&host.pattern, url)) {
            granted.push(Granted {
                name: None,
                prefix: String::new(),
                reach: Reach::Public,
                root: None,
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
        if is_private_host(url) && reach_of(&granted) == Reach::Public {
            return Err(private_address(url.host_str().unwrap_or_default()));
        }
        Ok(granted)
    }

    /// What an address taught that isn't the address any more doesn't hold.
    fn holds(&self, learnt: &Learnt) -> bool {
        let root = learnt.root.as_ref();
        root.is_some_and(|root| self.fixed.iter().any(|fixed| fixed.root == *root))
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

    /// Learns the hosts that an answer names; kept with the vault's next write.
    pub(crate) fn learn(&self, method: &str, url: &Url, granted: &[Granted], answer: &Value, now: i64) {
        let mut news: Vec<Learnt> = Vec::new();
        for (name, rule, grant) in self.rules(method, url, granted) {
            let Some(root) = &grant.root else { continue };
            // A name that leads to a private network may not be taught by a public server: else whoever runs that reaches into the person's network.
            let reach = match grant.reach {
                Reach::Private if is_private_host(url) => Reach::Private,
                _ => Reach::Public,
            };
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
                if root.said_by == SaidBy::Manifest
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
                if is_private_host(&named) && reach == Reach::Public {
                    tracing::warn!(
                        host,
                        rule = name,
                        "a public server named a private address; it isn't granted"
                    );
                    continue;
                }
                let learnt = Learnt {
                    rule: name.clone(),
                    origin: origin_of(&named),
                    until: now + GOOD_FOR,
                    reach,
                    root: Some(root.clone()),
                };
                if !news.contains(&learnt) {
                    news.push(learnt);
                }
            }
        }
        self.vault.learn(news, |learnt| self.holds(learnt));
    }

    /// The names that this origin has in the manifest, with what of the path is below it.
    pub(crate) fn below<'a>(granted: &'a [Granted], url: &'a Url) -> impl Iterator<Item = (&'a str, &'a str)> {
        granted
            .iter()
            .filter_map(|grant| Some((grant.name.as_deref()?, path::below(&grant.prefix, url.path())?)))
    }
}

/// Which addresses a URL may have by all its grants.
pub(crate) fn reach_of(granted: &[Granted]) -> Reach {
    match granted.iter().any(|grant| grant.reach == Reach::Private) {
        true => Reach::Private,
        false => Reach::Public,
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
