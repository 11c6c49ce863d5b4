//! https: HTTP/2 where it is offered, roots of SSL_CERT_FILE, and the operator's proxy on the way.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::proxy::{all_by, asked_with};

/// A server that says which HTTP it was asked by; its port, and its certificate as PEM.
async fn server(offers: &[&[u8]]) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "photos.example.com".to_owned()]).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![made.cert.der().clone()],
            PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()),
        )
        .unwrap();
    config.alpn_protocols = offers.iter().map(|offer| offer.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let is_two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let answer = service_fn(|request: hyper::Request<Incoming>| async move {
                    let body = Full::new(Bytes::from(format!("{:?}", request.version())));
                    Ok::<_, Infallible>(Response::new(body))
                });
                let stream = TokioIo::new(stream);
                if is_two {
                    let two = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let _ = two.serve_connection(stream, answer).await;
                } else {
                    let one = hyper::server::conn::http1::Builder::new();
                    let _ = one.serve_connection(stream, answer).await;
                }
            });
        }
    });
    (port, made.cert.pem())
}

/// A proxy that leads every tunnel to one port; what it was asked for.
async fn tunnels_to(port: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 4096];
            let count = stream.read(&mut bytes).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            seen.lock().unwrap().extend(text.lines().next().map(str::to_owned));
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
            });
        }
    });
    (address, asked)
}

fn trusting(pem: &str) -> (tempfile::NamedTempFile, (&'static str, String)) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    let variable = ("SSL_CERT_FILE", file.path().display().to_string());
    (file, variable)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newer_http_is_spoken_where_it_is_offered() {
    for (offers, spoken) in [
        (vec![b"h2".as_slice(), b"http/1.1"], "HTTP/2.0"),
        (vec![b"http/1.1".as_slice()], "HTTP/1.1"),
        (vec![], "HTTP/1.1"),
    ] {
        let (port, pem) = server(&offers).await;
        let (_file, trust) = trusting(&pem);
        let address = format!("https://127.0.0.1:{port}");
        let said = asked_with(&[trust], &address, &address).await;
        assert!(said.contains(&format!("said: 200 {spoken}")), "{offers:?}: {said}");
        // Without the root it isn't trusted.
        let said = asked_with(&[], &address, &address).await;
        assert!(said.contains("failed: host/tls"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_goes_by_the_proxy() {
    let (port, pem) = server(&[b"h2"]).await;
    let (proxy, asked) = tunnels_to(port).await;
    let (_file, trust) = trusting(&pem);
    for variables in [&["HTTPS_PROXY"][..], &["ALL_PROXY"]] {
        let mut environment: Vec<_> = all_by(&proxy)
            .into_iter()
            .filter(|(variable, _)| variables.contains(variable))
            .collect();
        environment.push(trust.clone());
        let said = asked_with(
            &environment,
            "https://mirror.example.org",
            "https://photos.example.com/",
        )
        .await;
        assert!(said.contains("said: 200 HTTP/2.0"), "{variables:?}: {said}");
    }
    assert_eq!(*asked.lock().unwrap(), ["CONNECT photos.example.com:443 HTTP/1.1"; 2]);
}
