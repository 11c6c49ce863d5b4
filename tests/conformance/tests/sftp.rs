//! SFTP: OpenSSH with a key, rclone with a password.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use camroll_conformance::{Service, conforms};
use camroll_servers::{Fetched, OpenSsh, RcloneSftp, fetched};
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
    small: fn() -> Result<Small, String>,
}

/// A service with little room, and its server, which ends with it.
struct Small {
    sftp: Sftp,
    _server: Box<dyn Any + Send + Sync>,
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

    fn small(&self) -> Result<Box<dyn Service>, String> {
        Ok(Box::new((self.small)()?))
    }
}

impl Service for Small {
    fn column(&self) -> &str {
        self.sftp.column()
    }

    fn connector(&self) -> &str {
        self.sftp.connector()
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        self.sftp.settings(address)
    }

    fn address(&self) -> Option<SocketAddr> {
        self.sftp.address()
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        self.sftp.secrets()
    }
}

fn no_other() -> Result<Small, String> {
    Err("it is the small one".to_owned())
}

fn of_openssh(server: &OpenSsh, small: fn() -> Result<Small, String>) -> Sftp {
    Sftp {
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
        small,
    }
}

fn of_rclone(server: &RcloneSftp, small: fn() -> Result<Small, String>) -> Sftp {
    Sftp {
        column: "sftp: rclone",
        port: server.port(),
        user: RcloneSftp::USER.to_owned(),
        host_key: host_key(&server.known_hosts()),
        secret: ("password", RcloneSftp::PASSWORD.to_owned(), "not this one".to_owned()),
        path: None,
        files: server.files(),
        small,
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
    let small: fn() -> Result<Small, String> = || {
        let tools = here("openssh").ok_or("it isn't there")?;
        let server = OpenSsh::small(&tools)?;
        Ok(Small {
            sftp: of_openssh(&server, no_other),
            _server: Box::new(server),
        })
    };
    conforms(&of_openssh(&server, small)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone() {
    let (Some(rclone), Some(tools)) = (here("rclone"), here("openssh")) else {
        return;
    };
    let server = RcloneSftp::start(&rclone, &tools);
    let small: fn() -> Result<Small, String> = || {
        let (rclone, tools) = here("rclone").zip(here("openssh")).ok_or("it isn't there")?;
        let server = RcloneSftp::small(&rclone, &tools)?;
        Ok(Small {
            sftp: of_rclone(&server, no_other),
            _server: Box::new(server),
        })
    };
    conforms(&of_rclone(&server, small)).await;
}
