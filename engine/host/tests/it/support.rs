//! What the tests share: guests, hosts, a session store in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use camroll_host::{ConnectRequest, Connection, Connector, Gate, Host, HostOptions, Limits, PipeOptions, SessionStore};
use camroll_model::{Algorithm, ConnectorError, Digest, Secret, StageFile};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A component of tests/connectors.
pub fn guest(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/connectors/tests")
        .join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}. Run `make connectors` first.", path.display()))
}

#[derive(Default)]
pub struct MemoryStore(Mutex<Option<Vec<u8>>>);

impl SessionStore for MemoryStore {
    fn read(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.0.lock().unwrap().clone().map(Zeroizing::new))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        *self.0.lock().unwrap() = Some(bytes.to_vec());
        Ok(())
    }
}

pub fn host(limits: Limits) -> Host {
    Host::new(HostOptions {
        limits,
        ..HostOptions::default()
    })
    .unwrap()
}

pub async fn connector(name: &str) -> Connector {
    connector_within(name, Limits::default()).await
}

pub async fn connector_within(name: &str, limits: Limits) -> Connector {
    host(limits).load(&guest(name)).await.unwrap()
}

pub fn connect(connector: &Connector, settings: Value) -> Connection {
    try_connect(connector, settings).unwrap()
}

pub fn try_connect(connector: &Connector, settings: Value) -> Result<Connection, ConnectorError> {
    connect_with(connector, settings, BTreeMap::new(), Arc::new(MemoryStore::default()))
}

pub fn connect_with(
    connector: &Connector,
    settings: Value,
    secrets: BTreeMap<String, Secret>,
    store: Arc<dyn SessionStore>,
) -> Result<Connection, ConnectorError> {
    connector.connect(ConnectRequest {
        name: "test".to_owned(),
        settings,
        secrets,
        store,
    })
}

/// The mirror over a new folder.
pub async fn mirror() -> (Connection, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let connector = connector("mirror").await;
    let connection = connect(&connector, json!({"path": folder.path()}));
    (connection, folder)
}

/// A connection whose `libraries` tries one attack.
pub async fn hostile(settings: Value) -> Connection {
    connect(&connector("hostile").await, settings)
}

/// What an attack got, or the code of what stopped it.
pub async fn attack(connection: &Connection) -> Result<String, ConnectorError> {
    connection.libraries().await.map(|libraries| libraries[0].name.clone())
}

pub fn open_gate() -> Gate {
    Box::new(|_| Box::pin(async { Ok(()) }))
}

pub fn pipe_of(size: Option<u64>, digests: Vec<Digest>) -> PipeOptions {
    PipeOptions {
        size,
        digests,
        compute: vec![Algorithm::Sha256],
        window: 1 << 20,
        gate: open_gate(),
    }
}

pub fn file(path: &str, key: &str) -> StageFile {
    StageFile {
        asset: Some(camroll_model::Asset {
            id: "asset".into(),
            keys: vec!["key".to_owned()],
            version: "1".to_owned(),
            kind: camroll_model::AssetKind::Photo,
            traits: Vec::new(),
            name: Some("IMG_0001.HEIC".to_owned()),
            taken: None,
            taken_offset: None,
            added: None,
            favorite: false,
            hidden: false,
            resources: Vec::new(),
            attributes: Vec::new(),
        }),
        role: Some(camroll_model::Role::Original),
        path: path.to_owned(),
        media_type: "image/heic".to_owned(),
        modified: Some(camroll_model::Instant {
            seconds: 1_500_000_000,
            nanoseconds: 0,
        }),
        related: Vec::new(),
        replaces: None,
        idempotency_key: key.to_owned(),
        checkpoint: None,
    }
}

/// Bytes that `own COUNT` of the mirror gives.
pub fn own_bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}
