use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use serde_json::Value;

/// A server and the connector that speaks to it. All but the first three have an answer for what can't be asked of it.
pub trait Service: Send + Sync {
    /// The heading of its column: "webdav: Apache".
    fn column(&self) -> &str;

    /// The connector's id.
    fn connector(&self) -> &str;

    /// Settings that reach the server at an address: its own, or that of a proxy in front of it. Slots' names stand where secrets are.
    fn settings(&self, address: Option<SocketAddr>) -> Value;

    /// The server's own address; none where there is no network. Without one the cells that need a proxy aren't asked.
    fn address(&self) -> Option<SocketAddr> {
        None
    }

    /// Ports of the same address where connections beside the first one go, which a proxy stands in front of too.
    fn beside(&self) -> Range<u16> {
        0..0
    }

    /// What the slots hold.
    fn secrets(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// The same with one that the server refuses; none where nobody signs in.
    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        None
    }

    /// The folder in which what is stored lies as ordinary files, where that is so: for looking, and for putting many there at once.
    fn files(&self) -> Option<PathBuf> {
        None
    }

    /// What a server answers that asks for a rest of 7 seconds, sent to whoever connects and says something; none where the protocol has no such word.
    fn asks_for_a_rest(&self) -> Option<&'static [u8]> {
        None
    }
}

/// The answer of HTTP for [`Service::asks_for_a_rest`].
pub const HTTP_REST: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
