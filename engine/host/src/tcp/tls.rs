//! TLS over a connection, for the name that was connected to.

use std::sync::Arc;
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

use crate::net::tls;
use crate::tcp::{Peer, closed};

const TIMEOUT: Duration = Duration::from_secs(15);

pub(super) async fn wrap<S>(peer: &Peer, stream: S) -> Result<TlsStream<S>, ConnectorError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let failed = |why: String| ConnectorError::new(ErrorClass::PermissionDenied, "host/tls", format!("{peer}: {why}."));
    let mut config = tls().map_err(|error| failed(error.to_string()))?;
    // What is spoken here is not HTTP.
    config.alpn_protocols.clear();
    let name = ServerName::try_from(peer.host.clone()).map_err(|error| failed(error.to_string()))?;
    let handshake = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(TIMEOUT, handshake).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            Err(failed(error.to_string()))
        }
        Ok(Err(error)) => Err(closed(peer, &error.to_string())),
        Err(_) => Err(closed(peer, "TLS wasn't agreed on in time")),
    }
}
