//! Connections below HTTP: plain, TLS or a subsystem of SSH. Only to the host and port that a person set, checked after DNS with the address pinned.
//!
//! What a protocol says over one is the connector's business; what is secret (keys, passwords, whether a host is the one it says it is) stays here.

mod dial;
mod grants;
mod inbox;
mod known_hosts;
mod link;
mod ssh;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use serde_json::Value;

use crate::manifest::{Manifest, Security};
use crate::net::Resolve;
use crate::redact::redact;
use crate::vault::Vault;

pub(crate) use link::Link;

/// Connections below HTTP for one connection.
pub(crate) struct Tcp {
    grants: grants::Grants,
    vault: Arc<Vault>,
    resolver: Arc<dyn Resolve>,
    idle: Duration,
}

impl Tcp {
    pub(crate) fn new(
        manifest: &Manifest,
        settings: &Value,
        vault: Arc<Vault>,
        resolver: Arc<dyn Resolve>,
        idle: Duration,
    ) -> Result<Self, ConnectorError> {
        Ok(Self {
            grants: grants::Grants::new(manifest, settings)?,
            vault,
            resolver,
            idle,
        })
    }

    /// Connects, if that is granted.
    pub(crate) async fn connect(
        &self,
        host: &str,
        port: u16,
        security: &str,
        auth: Option<&str>,
    ) -> Result<Link, ConnectorError> {
        let connected = self.connected(host, port, security, auth).await;
        connected.map_err(|mut error| {
            error.message = redact(&self.vault, &error.message);
            error
        })
    }

    async fn connected(
        &self,
        host: &str,
        port: u16,
        security: &str,
        auth: Option<&str>,
    ) -> Result<Link, ConnectorError> {
        let granted = self.grants.check(host, port, security, auth)?;
        let peer = Peer {
            host: granted.host.clone(),
            port,
        };
        let (stream, ending) = dial::dial(self.resolver.as_ref(), &peer).await?;
        match (granted.security, &granted.ssh) {
            (Security::Plain, _) => Ok(Link::new(peer, stream, ending, self.idle)),
            (Security::Tls, _) => {
                let stream = tls::wrap(&peer, stream).await?;
                Ok(Link::new(peer, stream, ending, self.idle).secured())
            }
            (Security::Ssh, Some(settings)) => {
                let (stream, session) = ssh::subsystem(&peer, stream, settings, &self.vault).await?;
                Ok(Link::new(peer, stream, ending, self.idle).secured().over(session))
            }
            (Security::Ssh, None) => Err(grants::refused(host, port, security)),
        }
    }
}

/// Who is at the other end, as the person named it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    host: String,
    port: u16,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The connection is gone, and it may come back.
fn closed(peer: &Peer, why: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Transient,
        "tcp/closed",
        format!("The connection to {peer} ended: {why}."),
    )
}
