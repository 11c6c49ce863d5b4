//! A server with a connection to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use camroll_host::{ConnectRequest, Connection, Connector};
use camroll_model::{ConnectorError, Secret};
use camroll_servers::{OpenSsh, RcloneSftp, fetched};
use serde_json::{Value, json};

use crate::files::{MemoryStore, connector, here};

/// Compiling it takes longer than most of what is asked of it.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| connector("sftp"));

/// A server's folder; none, said, where it can't be had.
pub fn tools(name: &str) -> Option<PathBuf> {
    here(fetched(name))
}

pub fn openssh() -> Option<OpenSsh> {
    Some(OpenSsh::start(&tools("openssh")?))
}

pub fn rclone() -> Option<RcloneSftp> {
    Some(RcloneSftp::start(&tools("rclone")?, &tools("openssh")?))
}

/// A connection with these settings and secrets.
pub fn connect(settings: Value, secrets: &[(&str, &str)]) -> Result<Connection, ConnectorError> {
    CONNECTOR.connect(ConnectRequest {
        throttle: camroll_host::Throttle::default(),
        name: "test".to_owned(),
        settings,
        secrets: secrets
            .iter()
            .map(|(slot, secret)| ((*slot).to_owned(), Secret::new((*secret).to_owned())))
            .collect::<BTreeMap<_, _>>(),
        store: Arc::new(MemoryStore::default()),
    })
}

pub fn openssh_settings(server: &OpenSsh) -> Value {
    json!({
        "host": "127.0.0.1", "port": server.port(), "user": server.user(), "key": "secret:key",
        "known_hosts": server.known_hosts(), "path": server.files(),
    })
}

pub fn to_openssh(server: &OpenSsh) -> Connection {
    connect(openssh_settings(server), &[("key", &server.key.private)]).expect("a connection")
}

pub fn rclone_settings(server: &RcloneSftp) -> Value {
    json!({
        "host": "127.0.0.1", "port": server.port(), "user": RcloneSftp::USER, "password": "secret:password",
        "known_hosts": server.known_hosts(),
    })
}

pub fn to_rclone(server: &RcloneSftp) -> Connection {
    connect(rclone_settings(server), &[("password", RcloneSftp::PASSWORD)]).expect("a connection")
}
