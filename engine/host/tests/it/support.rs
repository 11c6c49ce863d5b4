//! What the tests share: guests, hosts, a session store in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use camroll_host::{
    ConnectRequest, Connection, Host, HostOptions, Limits, Resolve, SessionStore, StoreError, SystemResolver,
};
use camroll_model::{ConnectorError, Secret};
use serde_json::Value;
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

impl MemoryStore {
    /// What is durable now.
    pub fn text(&self) -> String {
        let bytes = self
            .0
            .lock()
            .expect("nobody panicked with it")
            .clone()
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl SessionStore for MemoryStore {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Ok(self
            .0
            .lock()
            .expect("nobody panicked with it")
            .clone()
            .map(Zeroizing::new))
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        *self.0.lock().expect("nobody panicked with it") = Some(bytes.to_vec());
        Ok(())
    }
}

pub fn host(limits: Limits, resolver: Arc<dyn Resolve>) -> Host {
    Host::new(HostOptions {
        code_cache: None,
        resolver,
        limits,
    })
    .expect("a host")
}

pub fn plain_host() -> Host {
    host(Limits::default(), Arc::new(SystemResolver))
}

/// A connection of the hostile guest.
pub fn hostile(host: &Host, settings: Value, secret: Option<&str>) -> Connection {
    remembering(host, settings, secret, Arc::new(MemoryStore::default()))
}

/// One that keeps what it remembers there.
pub fn remembering(host: &Host, settings: Value, secret: Option<&str>, store: Arc<MemoryStore>) -> Connection {
    let connector = host
        .load(&guest("hostile"))
        .expect("it loads: being hostile isn't seen from outside");
    let secrets = secret
        .map(|secret| ("password".to_owned(), Secret::new(secret.to_owned())))
        .into_iter()
        .collect::<BTreeMap<_, _>>();
    connector
        .connect(ConnectRequest {
            throttle: camroll_host::Throttle::default(),
            name: "test".to_owned(),
            settings,
            secrets,
            store,
        })
        .expect("a connection")
}

/// What an attack got, or what stopped it.
pub async fn attack(connection: &Connection) -> Result<String, ConnectorError> {
    connection.libraries().await.map(|libraries| {
        libraries
            .first()
            .map(|library| library.name.clone())
            .unwrap_or_default()
    })
}
