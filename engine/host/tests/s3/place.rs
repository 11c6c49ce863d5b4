//! A bucket with a connection to it, and what the tests do over it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use camroll_host::{
    Checkpoint, ConnectRequest, Connection, Host, HostOptions, Intake, Keep, Outlet, OutletOptions, PipeOptions,
    Resolve, SessionStore, Spool, StoreError, memory, pipe,
};
use camroll_model::{
    Algorithm, ConnectorError, Digest, Entry, ErrorClass, Instant, Orphan, Secret, StageFile, Staged, Stored, Target,
};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::{Between, Fetched, fetched};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sha2::Digest as _;
use zeroize::Zeroizing;

/// Of keys that hold for a time.
pub const SESSION_TOKEN: &str = "token-of-a-session";

/// When a file was taken.
pub const TAKEN: i64 = 1_600_000_000;

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

/// Every name is loopback: buckets' own names are nowhere else.
struct ToLoopback;

impl Resolve for ToLoopback {
    fn resolve(&self, _host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

/// A bucket, and what stands before it.
pub struct Place {
    pub bucket: Bucket,
    pub between: Between,
    spool: tempfile::TempDir,
}

fn tools(name: &str) -> Option<PathBuf> {
    match fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(reason) => {
            println!("not run: {reason}");
            None
        }
    }
}

pub fn seaweedfs() -> Option<Place> {
    Some(Place::new(Bucket::seaweedfs(&tools("seaweedfs")?, &tools("rclone")?)))
}

pub fn rclone() -> Option<Place> {
    Some(Place::new(Bucket::rclone(&tools("rclone")?)))
}

impl Place {
    fn new(bucket: Bucket) -> Self {
        Self {
            between: Between::start(bucket.address()),
            bucket,
            spool: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn settings(&self) -> Value {
        json!({
            "provider": "other", "endpoint": self.between.url(), "bucket": "photos", "prefix": "family/archive",
            "access_key": "secret:access-key", "secret_key": "secret:secret-key",
        })
    }

    pub fn connect(&self) -> Connection {
        connect(self.settings(), SECRET_KEY)
    }

    /// A body that is there whole, as files are that go in one request.
    pub async fn whole(&self, bytes: &[u8]) -> Outlet {
        let (mut intake, outlet) = self.body(bytes.len() as u64, Keep::Whole, Vec::new());
        intake
            .append(Bytes::copy_from_slice(bytes))
            .await
            .expect("there is room");
        intake.finish().await.expect("it is right");
        outlet
    }

    /// A way in, and a way out.
    pub fn body(&self, size: u64, keep: Keep, digests: Vec<Digest>) -> (Intake, Outlet) {
        let intake = pipe(PipeOptions {
            size: Some(size),
            digests,
            compute: vec![Algorithm::Sha256, Algorithm::Md5],
            window: 4 << 20,
            spool: Some(Spool::new(self.spool.path().to_owned(), 256 << 20)),
            turns: None,
        });
        let outlet = intake.outlet(OutletOptions {
            keep,
            gate: Box::new(|_| Box::pin(async { Ok(()) })),
        });
        (intake, outlet)
    }

    /// Stages a small file.
    pub async fn put(&self, connection: &Connection, file: StageFile, bytes: &[u8]) -> Result<Stored, ConnectorError> {
        match connection.stage(file, self.whole(bytes).await).await? {
            Staged::Stored(stored) => Ok(*stored),
            Staged::Held(_) => panic!("one request shows it at once"),
        }
    }

    /// Stages a large one, from its beginning on.
    pub async fn parts(
        &self,
        connection: &Connection,
        file: StageFile,
        bytes: &Bytes,
        saved: &Saved,
    ) -> Result<Vec<u8>, ConnectorError> {
        let (intake, outlet) = self.body(bytes.len() as u64, Keep::Behind(40 << 20), Vec::new());
        let outlet = outlet.saving(saved.saver());
        let (staged, _) = tokio::join!(connection.stage(file, outlet), pour(intake, bytes.clone()));
        match staged? {
            Staged::Held(token) => Ok(token),
            Staged::Stored(_) => panic!("parts show nothing before commit"),
        }
    }

    /// Uploads that were begun and not ended. rclone's server answers that it knows none with an error.
    pub fn uploads(&self) -> String {
        self.bucket
            .rclone_says(&["backend", "list-multipart-uploads", &self.bucket.remote()])
            .unwrap_or_default()
    }
}

pub fn connect(settings: Value, secret: &str) -> Connection {
    try_connect(settings, secret).expect("a connection")
}

pub fn try_connect(settings: Value, secret: &str) -> Result<Connection, ConnectorError> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/connectors/s3.wasm");
    let component = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. Run `make connectors` first.", path.display()));
    let options = HostOptions {
        resolver: Arc::new(ToLoopback),
        ..HostOptions::default()
    };
    let host = Host::new(options).expect("a host");
    host.load(&component).expect("it loads").connect(ConnectRequest {
        throttle: camroll_host::Throttle::default(),
        name: "test".to_owned(),
        secrets: [
            ("access-key", ACCESS_KEY),
            ("secret-key", secret),
            ("session-token", SESSION_TOKEN),
        ]
        .into_iter()
        .filter(|(slot, _)| *slot != "session-token" || settings.get("session_token").is_some())
        .map(|(slot, secret)| (slot.to_owned(), Secret::new(secret.to_owned())))
        .collect::<BTreeMap<_, _>>(),
        settings,
        store: Arc::new(MemoryStore::default()),
    })
}

/// The last checkpoint.
#[derive(Clone, Default)]
pub struct Saved(Arc<Mutex<Option<Checkpoint>>>);

impl Saved {
    pub fn saver(&self) -> camroll_host::Saver {
        let kept = Arc::clone(&self.0);
        Arc::new(move |checkpoint| {
            let kept = Arc::clone(&kept);
            Box::pin(async move {
                *kept.lock().expect("nobody panicked with it") = Some(checkpoint);
                Ok(())
            })
        })
    }

    pub fn last(&self) -> Option<Checkpoint> {
        self.0.lock().expect("nobody panicked with it").clone()
    }
}

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
        idempotency_key: hex::encode(&sha2::Sha256::digest(key)[..20]),
        checkpoint: None,
    }
}

/// One that takes another's place.
pub fn replacing(path: &str, key: &str, old: Entry) -> StageFile {
    StageFile {
        replaces: Some(old),
        ..file(path, key)
    }
}

/// Puts bytes in, and ends it.
pub async fn pour(mut intake: Intake, bytes: Bytes) -> Result<(), ConnectorError> {
    for start in (0..bytes.len()).step_by(1 << 20) {
        intake
            .append(bytes.slice(start..bytes.len().min(start + (1 << 20))))
            .await?;
    }
    intake.finish().await.map(drop)
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

/// Every path below a prefix, without the engine's own.
pub async fn list(connection: &Connection, prefix: &str) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = connection.list(prefix.to_owned(), next).await.expect("a page");
        let paths = page.entries.into_iter().filter_map(|entry| entry.target.path);
        all.extend(paths.filter(|path| !path.starts_with(".camroll/")));
        match page.next {
            Some(more) => next = Some(more),
            None => break,
        }
    }
    all.sort();
    all
}

pub async fn commit(connection: &Connection, token: &[u8]) -> Result<Stored, ConnectorError> {
    connection.commit(vec![token.to_vec()]).await?.remove(0)
}

pub async fn abort(connection: &Connection, orphan: Orphan) {
    let mut aborted = connection.abort(vec![orphan]).await.expect("it is asked");
    aborted.remove(0).expect("taken away");
}

pub fn orphan(file: &StageFile) -> Orphan {
    Orphan {
        path: file.path.clone(),
        idempotency_key: file.idempotency_key.clone(),
        held: None,
        checkpoint: None,
    }
}

/// Bytes that differ from place to place.
pub fn noise(length: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

pub fn class<T>(result: Result<T, ConnectorError>) -> (ErrorClass, String) {
    match result {
        Ok(_) => panic!("it should have failed"),
        Err(error) => (error.class, error.code),
    }
}
