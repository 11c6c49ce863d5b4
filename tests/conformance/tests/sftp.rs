//! SFTP: OpenSSH with a key.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use camroll_conformance::{Service, conforms};
use camroll_servers::{Fetched, OpenSsh, fetched};
use serde_json::{Value, json};

struct Sftp {
    column: &'static str,
    port: u16,
    user: String,
    /// The server's key, without its address.
    host_key: String,
    /// The slot, what it holds, and what the server refuses.
    secret: (&'static str, String, String),
    path: Option<PathBuf>,
    files: PathBuf,
}

impl Service for Sftp {
    fn column(&self) -> &str {
        self.column
    }

    fn connector(&self) -> &str {
        "sftp"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let port = address.map_or(self.port, |address| address.port());
        let (slot, ..) = &self.secret;
        let mut settings = json!({
            "host": "127.0.0.1",
            "port": port,
            "user": self.user,
            "known_hosts": format!("[127.0.0.1]:{port} {}", self.host_key),
            *slot: slot,
        });
        if let Some(path) = &self.path {
            settings["path"] = json!(path);
        }
        settings
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(([127, 0, 0, 1], self.port).into())
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        let (slot, right, _) = &self.secret;
        BTreeMap::from([((*slot).to_owned(), right.clone())])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        let (slot, _, wrong) = &self.secret;
        Some(BTreeMap::from([((*slot).to_owned(), wrong.clone())]))
    }

    fn files(&self) -> Option<PathBuf> {
        Some(self.files.clone())
    }
}

/// The folder of a server, or a line that says why it isn't run.
fn here(name: &str) -> Option<PathBuf> {
    match fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

/// What stands behind the address in a line of known_hosts.
fn host_key(known_hosts: &str) -> String {
    let (_, key) = known_hosts.trim().split_once(' ').expect("an address and a key");
    key.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh() {
    let Some(tools) = here("openssh") else { return };
    let server = OpenSsh::start(&tools);
    conforms(&Sftp {
        column: "sftp: OpenSSH",
        port: server.port(),
        user: server.user().to_owned(),
        host_key: host_key(&server.known_hosts()),
        secret: (
            "key",
            server.key.private.clone(),
            server.other_key("ed25519", "").private,
        ),
        path: Some(server.files()),
        files: server.files(),
    })
    .await;
}
