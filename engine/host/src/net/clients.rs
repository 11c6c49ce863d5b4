//! The HTTP clients of a connection: one for each way out, so that what one may reach another one can't, not even over a connection that is kept open.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::RwLock;
use url::Url;

use crate::error::HostError;
use crate::net::resolver::{Leads, Pinned, Resolve};

/// Bytes of HTTP/2 that may come in one frame: as many as are hashed and handed on at a time. With the protocol's 16 KiB each block is put together from sixteen, and each wakes its reader.
const FRAME: u32 = 256 << 10;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How often an HTTP/2 connection that is in use is asked whether it lives, and for how long.
const PING: Duration = Duration::from_secs(20);

/// How a request goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To public addresses.
    Public,
    /// To any address: the person named this host and port.
    Private,
    /// Plain http to this machine itself, by no proxy: a proxy would be told what was meant to stay here, and would look on its own machine.
    Loopback,
}

/// The clients.
pub(crate) struct Clients {
    resolver: Arc<dyn Resolve>,
    /// Hosts of the operator's proxies.
    proxies: Arc<HashSet<String>>,
    built: RwLock<Built>,
}

struct Built {
    public: reqwest::Client,
    private: reqwest::Client,
    loopback: reqwest::Client,
}

impl Clients {
    pub(crate) fn new(resolver: Arc<dyn Resolve>) -> Result<Self, HostError> {
        let proxies = Arc::new(proxies());
        let built = RwLock::new(Built::new(&resolver, &proxies)?);
        Ok(Self {
            resolver,
            proxies,
            built,
        })
    }

    /// The client for a way.
    pub(crate) fn of(&self, way: Way) -> reqwest::Client {
        let built = self.built.read();
        match way {
            Way::Public => built.public.clone(),
            Way::Private => built.private.clone(),
            Way::Loopback => built.loopback.clone(),
        }
    }

    /// Leaves all connections behind: a new pool comes with a new client.
    pub(crate) fn renew(&self) {
        if let Ok(fresh) = Built::new(&self.resolver, &self.proxies) {
            *self.built.write() = fresh;
        }
    }

    /// Whether a host is one of the operator's proxies, whose name may lead to a private address for the proxy's sake.
    pub(crate) fn is_proxy(&self, host: &str) -> bool {
        self.proxies.contains(host)
    }
}

impl Built {
    fn new(resolver: &Arc<dyn Resolve>, proxies: &Arc<HashSet<String>>) -> Result<Self, HostError> {
        let client = |leads| {
            let pinned = Pinned::new(Arc::clone(resolver), leads, Arc::clone(proxies));
            Ok::<_, HostError>(builder(tls()?).dns_resolver(pinned))
        };
        let finished =
            |builder: reqwest::ClientBuilder| builder.build().map_err(|error| HostError::Network(error.to_string()));
        Ok(Self {
            public: finished(client(Leads::ToPublic)?)?,
            private: finished(client(Leads::Anywhere)?)?,
            loopback: finished(client(Leads::ToLoopback)?.no_proxy())?,
        })
    }
}

fn builder(tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        // One connection carries many requests: one that died without a word must be noticed before all of them have waited for it.
        .http2_max_frame_size(FRAME)
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PING)
}

/// The hosts that the environment names as proxies.
fn proxies() -> HashSet<String> {
    [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ]
    .into_iter()
    .filter_map(|variable| proxy_host(&std::env::var(variable).ok()?))
    .collect()
}

/// The host of a proxy, which may be written without a scheme.
fn proxy_host(text: &str) -> Option<String> {
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("http://{text}")),
    };
    url.ok()?.host_str().map(str::to_owned)
}

/// What TLS trusts: the system's roots, and those of SSL_CERT_FILE. Read once a process: it takes tens of milliseconds.
pub(crate) fn tls() -> Result<rustls::ClientConfig, HostError> {
    static TLS: OnceLock<Result<rustls::ClientConfig, String>> = OnceLock::new();
    TLS.get_or_init(|| {
        let mut config = tls_of(rustls::DEFAULT_VERSIONS)?;
        // A preconfigured TLS setting is taken as it is: without this nothing is negotiated, and all is HTTP/1.1.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    })
    .clone()
    .map_err(HostError::Network)
}

/// The same trust, and no newer TLS than 1.2. Nothing is negotiated besides.
pub(crate) fn tls_1_2() -> Result<rustls::ClientConfig, HostError> {
    static TLS: OnceLock<Result<rustls::ClientConfig, String>> = OnceLock::new();
    TLS.get_or_init(|| tls_of(&[&rustls::version::TLS12]))
        .clone()
        .map_err(HostError::Network)
}

fn tls_of(versions: &[&'static rustls::SupportedProtocolVersion]) -> Result<rustls::ClientConfig, String> {
    static ROOTS: OnceLock<Arc<rustls::RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .map(|builder| builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_http_are_offered() {
        assert_eq!(tls().unwrap().alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn a_proxy_has_a_host_however_it_is_written() {
        for text in [
            "proxy.corp:3128",
            "http://proxy.corp:3128",
            "http://user:pass@proxy.corp/",
        ] {
            assert_eq!(proxy_host(text).as_deref(), Some("proxy.corp"), "{text}");
        }
        assert_eq!(proxy_host(""), None);
    }
}
