//! A server with a connection to it, and what the tests do over it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use camroll_host::{
    ConnectRequest, Connection, Host, HostOptions, Intake, Keep, Outlet, OutletOptions, PipeOptions, SessionStore,
    StoreError, memory, pipe,
};
use camroll_model::{
    Algorithm, ConnectorError, Digest, Entry, ErrorClass, Instant, Orphan, Secret, StageFile, Staged, Stored, Target,
};
use camroll_servers::{Fetched, Samba, fetched};
use serde_json::{Value, json};
use sha2::Digest as _;
use zeroize::Zeroizing;

#[derive(Default)]
struct MemoryStore(Mutex<Option<Vec<u8>>>);

impl SessionStore for MemoryStore {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let kept = self.0.lock().expect("nobody panicked with it");
        Ok(kept.clone().map(Zeroizing::new))
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        *self.0.lock().expect("nobody panicked with it") = Some(bytes.to_vec());
        Ok(())
    }
}

/// The tools' folder; none, said, where they can't be had.
pub fn tools(name: &str) -> Option<PathBuf> {
    match fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(reason) => {
            println!("not run: {reason}");
            None
        }
    }
}

pub fn samba() -> Option<Samba> {
    Some(Samba::start(&tools("samba")?))
}

/// A connection with these settings and secrets.
pub fn connect(settings: Value, secrets: &[(&str, &str)]) -> Result<Connection, ConnectorError> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/connectors/smb.wasm");
    let component = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. Run `make connectors` first.", path.display()));
    let host = Host::new(HostOptions::default()).expect("a host");
    host.load(&component).expect("it loads").connect(ConnectRequest {
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

/// When a file was taken.
pub const TAKEN: i64 = 1_600_000_000;

pub fn file(path: &str, key: &str) -> StageFile {
    StageFile {
        asset: None,
        role: None,
        path: path.to_owned(),
        media_type: "image/heic".to_owned(),
        modified: Some(Instant {
            seconds: TAKEN,
            nanoseconds: 0,
        }),
        related: Vec::new(),
        replaces: None,
        idempotency_key: key.to_owned(),
        checkpoint: None,
    }
}

/// A key like the engine's.
pub fn key(of: &str) -> String {
    hex::encode(&sha2::Sha256::digest(of)[..20])
}

/// A body's way in, and its way out.
pub fn body(size: Option<u64>, digests: Vec<Digest>) -> (Intake, Outlet) {
    let intake = pipe(PipeOptions {
        size,
        digests,
        compute: vec![Algorithm::Sha256],
        window: 4 << 20,
        spool: None,
        turns: None,
    });
    let outlet = intake.outlet(OutletOptions {
        keep: Keep::Nothing,
        gate: Box::new(|_| Box::pin(async { Ok(()) })),
    });
    (intake, outlet)
}

/// Puts bytes in, and ends it.
pub async fn pour(mut intake: Intake, bytes: Bytes) -> Result<(), ConnectorError> {
    for start in (0..bytes.len()).step_by(100_003) {
        intake
            .append(bytes.slice(start..bytes.len().min(start + 100_003)))
            .await?;
    }
    intake.finish().await.map(drop)
}

pub async fn stage(connection: &Connection, file: StageFile, bytes: &[u8]) -> Result<Staged, ConnectorError> {
    let (intake, outlet) = body(Some(bytes.len() as u64), Vec::new());
    let bytes = Bytes::copy_from_slice(bytes);
    let (staged, _) = tokio::join!(connection.stage(file, outlet), pour(intake, bytes));
    staged
}

pub fn token(staged: Staged) -> Vec<u8> {
    match staged {
        Staged::Held(token) => token,
        Staged::Stored(_) => panic!("it shows nothing before commit"),
    }
}

/// Stages and commits.
pub async fn put(connection: &Connection, file: StageFile, bytes: &[u8]) -> Result<Stored, ConnectorError> {
    let token = token(stage(connection, file, bytes).await?);
    connection.commit(vec![token]).await?.remove(0)
}

pub async fn stat(connection: &Connection, path: &str) -> Option<Entry> {
    connection.stat(Target::at(path)).await.expect("it can be looked")
}

pub async fn read(connection: &Connection, path: &str, offset: u64) -> Bytes {
    let mut into = memory(256 << 20);
    connection
        .read(Target::at(path), offset, &mut into)
        .await
        .expect("it can be read");
    into.into_bytes().await.expect("all of it")
}

pub async fn list(connection: &Connection) -> Vec<Entry> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = connection.list(String::new(), next).await.expect("a page");
        all.extend(page.entries);
        match page.next {
            Some(more) => next = Some(more),
            None => return all,
        }
    }
}

pub fn orphan(path: &str, key: &str) -> Orphan {
    Orphan {
        path: path.to_owned(),
        idempotency_key: key.to_owned(),
        held: None,
        checkpoint: None,
    }
}

/// Bytes that don't compress and differ from place to place.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

pub fn class<T>(result: Result<T, ConnectorError>) -> (ErrorClass, String) {
    match result {
        Ok(_) => panic!("it should have failed"),
        Err(error) => (error.class, error.code),
    }
}
