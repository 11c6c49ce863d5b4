//! Connections below HTTP: plain, TLS, a subsystem of SSH or a session of SMB. Only to the host and port that a person set, checked after DNS with the address pinned.
//!
//! What a protocol says over one is the connector's business; what is secret (keys, passwords, whether a host is the one it says it is) stays here.

mod dial;
mod grants;
mod inbox;
mod known_hosts;
mod link;
mod smb;
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

    /// Writes the manifest's line with a slot's secret in it.
    pub(crate) async fn write_secret(&self, link: &mut Link, slot: &str) -> Result<(), ConnectorError> {
        let secret = self.vault.slot(slot).ok_or_else(|| {
            ConnectorError::new(
                ErrorClass::NotFound,
                "host/empty-slot",
                format!("There is no {slot} to write."),
            )
        })?;
        link.write_secret(slot, &secret).await
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
        let dialled = dial::dial(self.resolver.as_ref(), &peer).await?;
        let may = Arc::clone(&granted.may);
        match (granted.security, &granted.ssh) {
            (Security::Plain, _) => {
                let tls = tls::Tls::new(&peer, may.newest())?;
                Ok(Link::plain(peer, dialled, self.idle).with(may, Some(tls)))
            }
            (Security::Tls, _) => {
                let tls = tls::Tls::new(&peer, may.newest())?;
                let stream = may.agreed(tls.wrap(&peer, dialled.stream).await)?;
                let place = (dialled.ending, dialled.address);
                Ok(Link::new(peer, stream, place, self.idle).secured().with(may, Some(tls)))
            }
            (Security::Ssh, Some(settings)) => {
                let (stream, session) = ssh::subsystem(&peer, dialled.stream, settings, &self.vault).await?;
                let place = (dialled.ending, dialled.address);
                Ok(Link::new(peer, stream, place, self.idle).secured().over(session))
            }
            (Security::Smb, _) => {
                let Some(settings) = &granted.smb else {
                    return Err(grants::refused(host, port, security));
                };
                let channel = smb::session(&peer, dialled.stream, settings, &self.vault).await?;
                let place = (dialled.ending, dialled.address);
                Ok(Link::new(peer, channel, place, self.idle).secured())
            }
            (Security::Ssh, None) => Err(grants::refused(host, port, security)),
        }
    }
}

/// Whether a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secured {
    Not,
    Yes,
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

/// Why a stream gave nothing more: what a protocol within it said of that, where it did.
fn broken(peer: &Peer, error: std::io::Error) -> ConnectorError {
    match error.downcast::<ConnectorError>() {
        Ok(said) => said,
        Err(error) => closed(peer, &error.to_string()),
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
