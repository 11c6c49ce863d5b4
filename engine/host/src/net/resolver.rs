use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;

/// Finds the addresses of a host's name.
pub trait Resolve: Send + Sync {
    /// All of them.
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's own.
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        Box::pin(async move {
            Ok(tokio::net::lookup_host((host.as_str(), 0))
                .await?
                .map(|address| address.ip())
                .collect())
        })
    }
}

/// Where a name may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// The public internet.
    ToPublic,
    /// Private networks as well.
    Anywhere,
    /// This machine itself.
    ToLoopback,
}

impl Leads {
    fn to(self, address: IpAddr) -> bool {
        match self {
            Self::ToPublic => is_public(address),
            Self::Anywhere => true,
            Self::ToLoopback => address.is_loopback(),
        }
    }
}

/// The resolver that an HTTP client connects by: what it gives is what is connected to, so an address that was checked can't be another one a moment later.
#[derive(Clone)]
pub(crate) struct Pinned {
    resolver: Arc<dyn Resolve>,
    leads: Leads,
    /// Their names are the operator's word, not the connector's.
    proxies: Arc<HashSet<String>>,
}

/// Said in the text of the error that reqwest passes on, and looked for there.
pub(crate) const REFUSED: &str = "camroll: a private address";

impl Pinned {
    pub(crate) fn new(resolver: Arc<dyn Resolve>, leads: Leads, proxies: Arc<HashSet<String>>) -> Self {
        Self {
            resolver,
            leads,
            proxies,
        }
    }
}

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let host = name.as_str().to_owned();
        let leads = if self.proxies.contains(&host) {
            Leads::Anywhere
        } else {
            self.leads
        };
        let found = self.resolver.resolve(&host);
        Box::pin(async move {
            let found = found.await?;
            let all = found.len();
            let fine: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| leads.to(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if fine.is_empty() && all > 0 {
                return Err(io::Error::other(format!("{REFUSED}: {host}")).into());
            }
            Ok(Box::new(fine.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// Whether an address is of the public internet. What IANA's registries of special addresses list is not.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b & 0xfe) == 18)
                || a >= 240)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            // NAT64 and 6to4 carry a v4 address; whether that is public is theirs to say.
            let embedded = match v6.segments() {
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                    let [a, b] = high.to_be_bytes();
                    let [c, d] = low.to_be_bytes();
                    Some(std::net::Ipv4Addr::new(a, b, c, d))
                }
                _ => None,
            };
            if let Some(v4) = embedded {
                return is_public(IpAddr::V4(v4));
            }
            // Of all others only 2000::/3 is given out, without what protocols and documents keep of it.
            let is_special = match v6.segments() {
                [0x2001, second, ..] => second < 0x200 || second == 0xdb8,
                [first, second, ..] => first == 0x3fff && second < 0x1000,
            };
            v6.segments()[0] & 0xe000 == 0x2000 && !is_special
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "64:ff9b:1::a00:1",
            "::127.0.0.1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "17.253.144.10",
            "1.1.1.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
