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

    /// Puts a file there as somebody else would, at a path below the folder of the settings. False where there is no way to.
    fn plant(&self, path: &str, bytes: &[u8]) -> bool {
        let Some(files) = self.files() else { return false };
        let path = files.join(path);
        let folder = path.parent().map(std::fs::create_dir_all);
        folder.is_some_and(|made| made.is_ok()) && std::fs::write(path, bytes).is_ok()
    }

    /// What is left of uploads that came to nothing, where that can be seen in another way than by [`Service::files`].
    fn left_behind(&self) -> Option<Vec<String>> {
        None
    }

    /// Another server of the same kind with two to four MiB of room.
    ///
    /// # Errors
    /// Why there is none: it goes into the table.
    fn small(&self) -> Result<Box<dyn Service>, String> {
        Err("no server of this kind with so little room can be had".to_owned())
    }

    /// What a server answers that asks for a rest of 7 seconds, sent to whoever connects and says something; none where the protocol has no such word.
    fn asks_for_a_rest(&self) -> &'static [&'static [u8]] {
        &[]
    }
}

/// The answers of HTTP for [`Service::asks_for_a_rest`].
pub const HTTP_REST: &[&[u8]] = &[
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
];
