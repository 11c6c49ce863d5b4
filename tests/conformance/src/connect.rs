//! Connections, as the engine makes them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use camroll_host::{
    ConnectRequest, Connection, Connector, Host, HostOptions, Limits, SessionStore, StoreError, SystemResolver,
};
use camroll_model::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::Service;

#[derive(Default)]
struct Memory(Mutex<Option<Vec<u8>>>);

impl SessionStore for Memory {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(kept.map(Zeroizing::new))
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
        Ok(())
    }
}

/// The connector, loaded once for all cells: compiling it takes longer than they do.
fn connector(id: &str) -> Connector {
    static LOADED: Mutex<BTreeMap<String, Connector>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(connector) = loaded.get(id) {
        return connector.clone();
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/connectors");
    let path = folder.join(id).with_extension("wasm");
    let component = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. Run `make connectors` first.", path.display()));
    let host = Host::new(HostOptions {
        code_cache: None,
        resolver: Arc::new(SystemResolver),
        limits: Limits::default(),
    })
    .expect("a host");
    let connector = host.load(&component).expect("the connector loads");
    loaded.insert(id.to_owned(), connector.clone());
    connector
}

/// A connection to a service at an address, with these secrets.
pub(crate) fn connect(
    service: &dyn Service,
    address: Option<SocketAddr>,
    secrets: BTreeMap<String, String>,
) -> Connection {
    connect_by(service.connector(), service.settings(address), secrets)
}

/// A connection by the connector of this id.
pub(crate) fn connect_by(id: &str, settings: Value, secrets: BTreeMap<String, String>) -> Connection {
    connector(id)
        .connect(ConnectRequest {
            throttle: camroll_host::Throttle::default(),
            name: "conformance".to_owned(),
            settings,
            secrets: secrets
                .into_iter()
                .map(|(slot, value)| (slot, Secret::new(value)))
                .collect(),
            store: Arc::new(Memory::default()),
        })
        .expect("a connection")
}
