//! A server with a connection to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use camroll_host::{ConnectRequest, Connection, Connector};
use camroll_model::{ConnectorError, Secret};
use camroll_servers::ftp::Protection::{self, Explicit, Implicit, Plain};
use camroll_servers::ftp::{Ftp, PASSWORD, fetched};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files::{MemoryStore, connector, here};

/// Compiling it takes longer than most of what is asked of it.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| connector("ftp"));

/// Where a server is, who signs in there, and where its files are.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Place {
    pub port: u16,
    pub user: String,
    pub path: Option<String>,
    pub tls: String,
    pub files: PathBuf,
    /// Whether it keeps the time that a file should have.
    pub keeps_times: bool,
    /// Whether an upload goes on in the midst.
    pub goes_on: bool,
}

impl Place {
    pub fn of(server: &Ftp) -> Self {
        Self {
            port: server.port(),
            user: server.user().to_owned(),
            path: server.path().map(str::to_owned),
            tls: server.protection().word().to_owned(),
            files: server.files(),
            keeps_times: true,
            goes_on: true,
        }
    }

    pub fn settings(&self) -> Value {
        let mut settings = json!({
            "host": "127.0.0.1", "port": self.port, "user": self.user, "password": "secret:password", "tls": self.tls,
        });
        if let Some(path) = &self.path {
            settings["path"] = json!(path);
        }
        settings
    }

    pub fn connect(&self) -> Connection {
        connect(self.settings(), PASSWORD).expect("a connection")
    }
}

/// A server's folder; none, said, where it can't be had.
pub fn tools(name: &str) -> Option<PathBuf> {
    here(fetched(name))
}

/// The servers that can be had, with this protection; each is started when its turn comes.
pub fn servers(protection: Protection) -> impl Iterator<Item = (&'static str, Ftp, Place)> {
    type Start = fn(&Path, Protection) -> Ftp;
    let all: [(&str, Start, &[Protection]); 5] = [
        ("pyftpdlib", Ftp::pyftpdlib, &[Plain, Explicit, Implicit]),
        ("vsftpd", Ftp::vsftpd, &[Plain, Explicit, Implicit]),
        ("proftpd", Ftp::proftpd, &[Plain, Explicit]),
        ("pureftpd", Ftp::pureftpd, &[Plain, Explicit]),
        ("rclone", Ftp::rclone, &[Plain]),
    ];
    all.into_iter().filter_map(move |(name, start, protections)| {
        if !protections.contains(&protection) {
            return None;
        }
        let server = start(&tools(name)?, protection);
        let mut place = Place::of(&server);
        place.keeps_times = name != "rclone";
        place.goes_on = name != "rclone";
        Some((name, server, place))
    })
}

/// A connection with these settings.
pub fn connect(settings: Value, password: &str) -> Result<Connection, ConnectorError> {
    CONNECTOR.connect(ConnectRequest {
        throttle: camroll_host::Throttle::default(),
        name: "test".to_owned(),
        settings,
        secrets: BTreeMap::from([("password".to_owned(), Secret::new(password.to_owned()))]),
        store: Arc::new(MemoryStore::default()),
    })
}
