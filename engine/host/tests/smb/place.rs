//! A server with a connection to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use camroll_host::{ConnectRequest, Connection, Connector};
use camroll_model::{ConnectorError, Secret};
use camroll_servers::{Samba, fetched};
use serde_json::{Value, json};

use crate::files::{MemoryStore, connector, here};

/// Compiling it takes longer than most of what is asked of it.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| connector("smb"));

/// A server's folder; none, said, where it can't be had.
pub fn tools(name: &str) -> Option<PathBuf> {
    here(fetched(name))
}

pub fn samba() -> Option<Samba> {
    Some(Samba::start(&tools("samba")?))
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

pub fn settings(server: &Samba) -> Value {
    json!({
        "host": "127.0.0.1", "port": server.port(), "user": server.user(), "password": "secret:password",
        "share": Samba::SHARE,
    })
}

pub fn to_samba(server: &Samba) -> Connection {
    connect(settings(server), &[("password", Samba::PASSWORD)]).expect("a connection")
}
