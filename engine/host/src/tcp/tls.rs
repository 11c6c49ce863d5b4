//! TLS over a connection, for the name that was connected to.

use std::sync::Arc;
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

use crate::net::{tls, tls_1_2};
use crate::tcp::{Peer, closed};

const TIMEOUT: Duration = Duration::from_secs(15);

/// The code of a handshake that failed for its age.
pub(super) const TOO_OLD: &str = "tcp/tls-too-old";

/// Sessions that are kept of one connection: it has one, and of TLS 1.3 a ticket for each time.
const SESSIONS: usize = 8;

/// Which TLS is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    /// 1.3, where the server has it.
    Any,
    /// 1.2, for what others go on with beside it: a session of 1.2 is gone on with any number of times. Of 1.3 each time takes a ticket, servers give two, and many give no more over a data connection.
    GoneOnWith,
}

/// TLS for one connection and those beside it: they share a session, and nobody else has it.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    pub(super) fn new(peer: &Peer, newest: Newest) -> Result<Self, ConnectorError> {
        let config = match newest {
            Newest::Any => tls(),
            Newest::GoneOnWith => tls_1_2(),
        };
        Ok(Self::of(config.map_err(|error| failed(peer, &error.to_string()))?))
    }

    fn of(mut config: ClientConfig) -> Self {
        // What is spoken here is not HTTP.
        config.alpn_protocols.clear();
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Self(Arc::new(config))
    }

    /// Agrees on TLS, going on with a session that was agreed on before where the server kept it.
    pub(super) async fn wrap<S>(&self, peer: &Peer, stream: S) -> Result<TlsStream<S>, ConnectorError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(peer.host.clone()).map_err(|error| failed(peer, &error.to_string()))?;
        let handshake = tokio_rustls::TlsConnector::from(Arc::clone(&self.0)).connect(name, stream);
        match tokio::time::timeout(TIMEOUT, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(
                match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)) => ConnectorError::new(
                        ErrorClass::Transient,
                        TOO_OLD,
                        format!(
                            "{peer} speaks no TLS that is as old as what it was offered; newer TLS is offered the next time."
                        ),
                    ),
                    Some(_) => failed(peer, &error.to_string()),
                    None => closed(peer, &error.to_string()),
                },
            ),
            Err(_) => Err(closed(peer, "TLS wasn't agreed on in time")),
        }
    }
}

fn failed(peer: &Peer, why: &str) -> ConnectorError {
    ConnectorError::new(ErrorClass::PermissionDenied, "host/tls", format!("{peer}: {why}."))
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
        let trusting = Tls::of(config);
        let (here, there) = tokio::io::duplex(4096);
        let name = peer("nas.example");
        let (client, server) = tokio::join!(trusting.wrap(&name, here), acceptor.accept(there));
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
        let trusting = Tls::of(config);
        let (here, there) = tokio::io::duplex(4096);
        let name = peer("other.example");
        let (client, _server) = tokio::join!(trusting.wrap(&name, here), acceptor.accept(there));
        assert_eq!(client.expect_err("refused").code, "host/tls");
        let (here, there) = tokio::io::duplex(4096);
        let name = peer("nas.example");
        let of_the_system = Tls::new(&name, Newest::Any).expect("it has roots");
        let (client, _server) = tokio::join!(of_the_system.wrap(&name, here), acceptor.accept(there));
        assert_eq!(client.expect_err("refused").code, "host/tls");
    }

    /// Agrees on TLS a number of times, one after the other; how each began. The server says something each time, so that its tickets are read.
    async fn handshakes(tls: &[&Tls], acceptor: &tokio_rustls::TlsAcceptor) -> Vec<rustls::HandshakeKind> {
        let mut kinds = Vec::new();
        for tls in tls {
            let (here, there) = tokio::io::duplex(16 << 10);
            let name = peer("nas.example");
            let (client, server) = tokio::join!(tls.wrap(&name, here), acceptor.accept(there));
            let (mut client, mut server) = (client.expect("agreed"), server.expect("agreed"));
            server.write_all(b"220 ready").await.unwrap();
            server.flush().await.unwrap();
            client.read_exact(&mut [0; 9]).await.unwrap();
            kinds.extend(client.get_ref().1.handshake_kind());
        }
        kinds
    }

    #[tokio::test]
    async fn what_is_beside_a_connection_goes_on_with_its_session_and_nobody_else_does() {
        use rustls::HandshakeKind::{Full, Resumed};
        let (mut config, acceptor) = sides();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (one, other) = (Tls::of(config.clone()), Tls::of(config));
        let kinds = handshakes(&[&one, &one, &other, &one, &other], &acceptor).await;
        assert_eq!(kinds, [Full, Resumed, Full, Resumed, Resumed]);
    }

    #[tokio::test]
    async fn a_server_that_has_only_newer_tls_is_told_from_one_that_nobody_vouches_for() {
        let made = rcgen::generate_simple_self_signed(["nas.example".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
        let name = peer("nas.example");
        for (newest, code) in [(Newest::GoneOnWith, TOO_OLD), (Newest::Any, "host/tls")] {
            let (here, there) = tokio::io::duplex(4096);
            let tls = Tls::new(&name, newest).expect("it has roots");
            let (client, _server) = tokio::join!(tls.wrap(&name, here), acceptor.accept(there));
            assert_eq!(client.expect_err("refused").code, code);
        }
    }
}
