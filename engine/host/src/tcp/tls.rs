//! TLS over a connection, for the name that was connected to.

use std::sync::Arc;
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use rustls::ClientConfig;
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
    over(peer, stream, tls().map_err(|error| failed(peer, &error.to_string()))?).await
}

fn failed(peer: &Peer, why: &str) -> ConnectorError {
    ConnectorError::new(ErrorClass::PermissionDenied, "host/tls", format!("{peer}: {why}."))
}

async fn over<S>(peer: &Peer, stream: S, mut config: ClientConfig) -> Result<TlsStream<S>, ConnectorError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // What is spoken here is not HTTP.
    config.alpn_protocols.clear();
    let name = ServerName::try_from(peer.host.clone()).map_err(|error| failed(peer, &error.to_string()))?;
    let handshake = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(TIMEOUT, handshake).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            Err(failed(peer, &error.to_string()))
        }
        Ok(Err(error)) => Err(closed(peer, &error.to_string())),
        Err(_) => Err(closed(peer, "TLS wasn't agreed on in time")),
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{RootCertStore, ServerConfig};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn peer(host: &str) -> Peer {
        Peer {
            host: host.to_owned(),
            port: 990,
        }
    }

    /// One that trusts the server's certificate, and the server.
    fn sides() -> (ClientConfig, tokio_rustls::TlsAcceptor) {
        let provider = || Arc::new(rustls::crypto::ring::default_provider());
        let made = rcgen::generate_simple_self_signed(["nas.example".to_owned()]).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).expect("a root");
        let client = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate");
        (client, tokio_rustls::TlsAcceptor::from(Arc::new(server)))
    }

    #[tokio::test]
    async fn bytes_go_through_where_the_name_is_right() {
        let (config, acceptor) = sides();
        let (here, there) = tokio::io::duplex(4096);
        let name = peer("nas.example");
        let (client, server) = tokio::join!(over(&name, here, config), acceptor.accept(there));
        let (mut client, mut server) = (client.expect("agreed"), server.expect("agreed"));
        client.write_all(b"hello").await.unwrap();
        client.flush().await.unwrap();
        let mut heard = [0; 5];
        server.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }

    #[tokio::test]
    async fn another_name_and_a_certificate_of_nobody_are_refused() {
        let (config, acceptor) = sides();
        let (here, there) = tokio::io::duplex(4096);
        let name = peer("other.example");
        let (client, _server) = tokio::join!(over(&name, here, config), acceptor.accept(there));
        assert_eq!(client.expect_err("refused").code, "host/tls");
        let (here, there) = tokio::io::duplex(4096);
        let name = peer("nas.example");
        let (client, _server) = tokio::join!(wrap(&name, here), acceptor.accept(there));
        assert_eq!(client.expect_err("refused").code, "host/tls");
    }
}
