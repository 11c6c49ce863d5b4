//! The way in for clients whose addresses can't be changed: a CONNECT proxy that ends the TLS of Apple's own names itself, with a certificate authority
//! that exists for one test only. A name that isn't Apple's is refused, so nothing that goes through it can leave loopback.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::server::{Door, Place, Shared};

/// Apple's names, and which of the simulator's places each stands for.
const NAMES: [(&str, Place); 5] = [
    ("idmsa.apple.com", Place::Identity),
    ("setup.icloud.com", Place::Identity),
    ("www.icloud.com", Place::Identity),
    ("p42-ckdatabasews.icloud.com", Place::Library),
    ("cvws.icloud-content.com", Place::Content),
];

/// Bytes of a CONNECT request that are read.
const MOST_OF_A_HEAD: usize = 8 << 10;

/// The address by which Apple's service says a place is reached through the front.
pub(crate) fn name_of(place: Place) -> &'static str {
    match place {
        Place::Identity => "https://www.icloud.com",
        Place::Library => "https://p42-ckdatabasews.icloud.com:443",
        Place::Content => "https://cvws.icloud-content.com",
    }
}

/// Where the proxy is, and whom to trust.
#[derive(Clone, Debug)]
pub struct Front {
    /// The proxy's address, for HTTPS_PROXY and the like.
    pub proxy: String,
    /// The authority's certificate, PEM.
    pub authority: String,
}

/// An authority, and a certificate of Apple's names that it signed.
fn certificates() -> Result<(String, rustls::ServerConfig), Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::default();
    authority
        .distinguished_name
        .push(DnType::CommonName, "camroll tests, not Apple");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority_key = KeyPair::generate()?;
    let pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let names: Vec<String> = NAMES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "www.icloud.com");
    // Python's checks of a chain want to know who signed it.
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let chain: Vec<CertificateDer<'static>> = vec![leaf.signed_by(&key, &issuer)?.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // As Apple's: who can, speaks HTTP/2.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((pem, config))
}

/// Opens it.
pub(crate) async fn open(
    shared: Arc<Shared>,
) -> Result<(Front, tokio::task::JoinHandle<()>), Box<dyn std::error::Error + Send + Sync>> {
    let (authority, config) = certificates()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address: SocketAddr = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                let _ = tunnel(stream, acceptor, shared).await;
            });
        }
    });
    let front = Front {
        proxy: format!("http://{address}"),
        authority,
    };
    Ok((front, task))
}

/// One connection: CONNECT, TLS, then HTTP as any other.
async fn tunnel(mut stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let head = read_head(&mut stream).await?;
    let target = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next())
        .unwrap_or_default();
    let name = target.strip_suffix(":443").unwrap_or_default();
    let Some((_, place)) = NAMES.iter().find(|(known, _)| *known == name) else {
        shared.strangers.lock().push(target.to_owned());
        return stream
            .write_all(b"HTTP/1.1 403 Not a name of the simulator\r\nContent-Length: 0\r\n\r\n")
            .await;
    };
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let stream = acceptor.accept(stream).await?;
    let place = *place;
    let service = hyper::service::service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { shared.serve(request, Door::Front, place).await }
    });
    hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(std::io::Error::other)
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MOST_OF_A_HEAD {
            return Err(std::io::Error::other("a head that doesn't end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
