//! A server with a connection to it, and what the tests do over it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use camroll_cloud_immich::{Immich, KEY, Release};
use camroll_host::{
    ConnectRequest, Connection, Connector, Host, HostOptions, Intake, Keep, Outlet, OutletOptions, PipeOptions,
    SessionStore, Spool, StoreError, memory, pipe,
};
use camroll_model::{
    Album, Algorithm, Asset, AssetId, AssetKind, ConnectorError, Digest, Entry, ErrorClass, Instant, Related, Resource,
    ResourceId, Role, Secret, StageFile, Staged, Stored, Target, Value,
};
use serde_json::json;
use sha1::Digest as _;
use zeroize::Zeroizing;

/// When things were taken.
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

/// Compiling it takes longer than all that is asked of it.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/connectors/immich.wasm");
    let component = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. Run `make connectors` first.", path.display()));
    let host = Host::new(HostOptions::default()).expect("a host");
    host.load(&component).expect("it loads")
});

/// A server and a connection to it.
pub struct Place {
    pub immich: Immich,
    pub connection: Connection,
    spool: tempfile::TempDir,
}

impl Place {
    pub async fn start(release: Release) -> Self {
        let immich = Immich::start(release).await.expect("a port on loopback");
        Self {
            connection: connect(&immich.url(), KEY),
            immich,
            spool: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// One of each generation.
    pub async fn each() -> Vec<Self> {
        let mut places = Vec::new();
        for release in Release::ALL {
            places.push(Self::start(release).await);
        }
        places
    }

    /// A way in, and a way out.
    pub fn body(&self, size: u64, keep: Keep, digests: Vec<Digest>) -> (Intake, Outlet) {
        let intake = pipe(PipeOptions {
            size: Some(size),
            digests,
            compute: vec![Algorithm::Sha256, Algorithm::Sha1],
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

    /// A body that is there whole, as the engine has it where a digest is asked for ahead.
    pub async fn whole(&self, bytes: &[u8]) -> Outlet {
        let (mut intake, outlet) = self.body(bytes.len() as u64, Keep::Whole, Vec::new());
        for block in bytes.chunks(1 << 20) {
            intake
                .append(Bytes::copy_from_slice(block))
                .await
                .expect("there is room");
        }
        intake.finish().await.expect("it is right");
        outlet
    }

    /// Stages a file of an asset.
    pub async fn stage(&self, file: StageFile, bytes: &[u8]) -> Result<Stored, ConnectorError> {
        match self.connection.stage(file, self.whole(bytes).await).await? {
            Staged::Stored(stored) => Ok(*stored),
            Staged::Held(_) => panic!("Immich shows it at once"),
        }
    }

    /// The same, of an asset with one file.
    pub async fn put(&self, name: &str, bytes: &[u8]) -> Result<Stored, ConnectorError> {
        let asset = photo(name);
        self.stage(file(&asset, Role::Original, name), bytes).await
    }

    /// What was sent besides what servers of that generation know.
    pub fn assert_nothing_unknown_was_sent(&self) {
        assert_eq!(self.immich.unknown(), Vec::<String>::new());
    }
}

pub fn connect(url: &str, key: &str) -> Connection {
    CONNECTOR
        .connect(ConnectRequest {
            throttle: camroll_host::Throttle::default(),
            name: "test".to_owned(),
            settings: json!({"url": url, "api_key": "api-key"}),
            secrets: BTreeMap::from([("api-key".to_owned(), Secret::new(key.to_owned()))]),
            store: Arc::new(MemoryStore::default()),
        })
        .expect("a connection")
}

fn resource(role: Role, media_type: &str) -> Resource {
    Resource {
        id: ResourceId(role.name().to_owned()),
        role,
        version: "1".to_owned(),
        name: None,
        media_type: media_type.to_owned(),
        size: None,
        digests: Vec::new(),
        available: true,
        pointer: Vec::new(),
        attributes: Vec::new(),
    }
}

/// An asset as a source has it, with these files.
pub fn asset(name: &str, files: &[(Role, &str)]) -> Asset {
    Asset {
        id: AssetId(format!("source of {name}")),
        keys: Vec::new(),
        version: "1".to_owned(),
        kind: AssetKind::Photo,
        traits: Vec::new(),
        name: Some(name.to_owned()),
        taken: Some(Instant {
            seconds: TAKEN,
            nanoseconds: 0,
        }),
        taken_offset: Some(7200),
        added: None,
        favorite: false,
        hidden: false,
        resources: files
            .iter()
            .map(|(role, media_type)| resource(*role, media_type))
            .collect(),
        attributes: Vec::new(),
    }
}

pub fn photo(name: &str) -> Asset {
    asset(name, &[(Role::Original, "image/jpeg")])
}

/// A still and its film.
pub fn live(name: &str) -> Asset {
    let mut asset = asset(
        name,
        &[(Role::Original, "image/heic"), (Role::PairedVideo, "video/quicktime")],
    );
    asset.resources[1]
        .attributes
        .push(("duration".to_owned(), Value::Real(2.5)));
    asset
}

/// A file of an asset, before it is brought.
pub fn file(asset: &Asset, role: Role, path: &str) -> StageFile {
    StageFile {
        asset: Some(asset.clone()),
        role: Some(role),
        path: path.to_owned(),
        media_type: asset
            .role(role)
            .map_or("image/jpeg".to_owned(), |resource| resource.media_type.clone()),
        modified: asset.taken,
        related: Vec::new(),
        replaces: None,
        idempotency_key: hex::encode(&sha1::Sha1::digest(format!("{} {role:?} {path}", asset.id))[..16]),
        checkpoint: None,
    }
}

/// One that belongs to what is there.
pub fn beside(file: StageFile, there: &[(Role, &Stored)]) -> StageFile {
    let related = there.iter().map(|(role, stored)| Related {
        role: *role,
        target: stored.entry.target.clone(),
    });
    StageFile {
        related: related.collect(),
        ..file
    }
}

pub fn album(name: &str) -> Album {
    Album {
        id: format!("source's {name}"),
        name: name.to_owned(),
        parent: None,
        traits: Vec::new(),
        attributes: Vec::new(),
    }
}

pub fn target(id: &str) -> Target {
    Target {
        path: None,
        id: Some(id.to_owned()),
    }
}

pub fn id(stored: &Stored) -> String {
    stored.entry.target.id.clone().expect("an id")
}

pub async fn read(connection: &Connection, target: Target, offset: u64) -> Result<Bytes, ConnectorError> {
    let mut into = memory(64 << 20);
    connection.read(target, offset, &mut into).await?;
    into.into_bytes().await
}

/// All that is listed, and in how many pages.
pub async fn list(connection: &Connection) -> (Vec<Entry>, usize) {
    let (mut all, mut next, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = connection.list(String::new(), next).await.expect("a page");
        all.extend(page.entries);
        pages += 1;
        match page.next {
            Some(more) => next = Some(more),
            None => return (all, pages),
        }
    }
}

/// Bytes that differ from seed to seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub fn sha1_of(bytes: &[u8]) -> Digest {
    Digest {
        algorithm: Algorithm::Sha1,
        value: sha1::Sha1::digest(bytes).to_vec(),
    }
}

pub fn class<T: std::fmt::Debug>(result: Result<T, ConnectorError>) -> (ErrorClass, String) {
    let error = result.expect_err("it should have failed");
    assert!(!error.message.contains(KEY), "{}", error.message);
    (error.class, error.code)
}
