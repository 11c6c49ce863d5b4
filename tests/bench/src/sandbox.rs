//! The sandbox's cost: 1 GiB through both connectors, and through plain reqwest with the same digests and as many threads, in turn.
//! Without fsync: until the draft holds the last byte. With it: until the file has its name and the folder is on the disk.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use bytes::{Bytes, BytesMut};
use camroll_host::{
    ConnectRequest, Connection, Host, HostOptions, Keep, OutletOptions, PipeOptions, Progress, SessionStore, StoreError,
};
use camroll_model::{Algorithm, Change, ConnectorError, LibraryId, ResourceRef, Secret, StageFile, Staged};
use futures::StreamExt as _;
use serde_json::json;
use sha2::Digest as _;
use zeroize::Zeroizing;

use crate::apple::Apple;
use crate::camroll::empty;
use crate::figures::Figures;
use crate::process::Setting;

const SIZE: u64 = 1 << 30;
/// As the engine's pipe has it: bytes that are hashed and written at a time, and how many of those may be under way.
const BLOCK: usize = 256 << 10;
const WINDOW: usize = 1 << 20;
/// What Apple's checksums begin with: docs/connectors/icloud-photos.md.
const SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";

/// Seconds until the draft was whole, and until it was durable under its name.
type Times = (f64, f64);

pub fn run(setting: &Setting) -> anyhow::Result<()> {
    println!("## 1 GiB through the sandbox\n");
    let folder = tempfile::tempdir()?;
    let apple = Apple::start(setting, 1, SIZE, 0, &folder.path().join("authority.pem"))?;
    // The plain client takes the same TLS library as the host, and no proxy.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    empty(&ours)?;
    empty(&theirs)?;
    let url = apple.tell(&json!({"do": "url", "name": "IMG_00000.JPG"}))?;
    let url = url["url"].as_str().context("an address")?;
    runtime.block_on(async {
        let through = Through::open(setting, &apple, &ours).await?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut figures: [Figures; 4] = Default::default();
        // Once each, uncounted: connections are opened, pages come in.
        through.transfer(setting.rounds).await?;
        transfer(&client, url, &theirs).await?;
        for round in 0..setting.rounds {
            // In turn, and each file is gone before the next begins: pages that are free already are cheaper than new ones.
            let (sandboxed, plain) = if round % 2 == 0 {
                let sandboxed = through.transfer(round).await?;
                (sandboxed, transfer(&client, url, &theirs).await?)
            } else {
                let plain = transfer(&client, url, &theirs).await?;
                (through.transfer(round).await?, plain)
            };
            for (figure, value) in figures.iter_mut().zip([sandboxed.0, sandboxed.1, plain.0, plain.1]) {
                figure.push(value);
            }
        }
        println!("| | connectors | plain reqwest | connectors' speed to plain's |\n|---|---|---|---|");
        for (name, at) in [
            ("until the draft is whole, no fsync", 0),
            ("until it is durable under its name", 1),
        ] {
            println!(
                "| {name} | {} | {} | {} |",
                figures[at].told("s", 2),
                figures[at + 2].told("s", 2),
                figures[at + 2].ratios(&figures[at]).told("×", 2)
            );
        }
        println!();
        Ok(())
    })
}

/// The connectors, signed in and ready for one photo.
struct Through {
    source: Connection,
    destination: Connection,
    library: LibraryId,
    photo: ResourceRef,
    photos: PathBuf,
}

struct Nowhere;

impl SessionStore for Nowhere {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Ok(None)
    }

    fn write(&self, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }
}

fn refused(error: ConnectorError) -> anyhow::Error {
    anyhow!("{}: {}", error.code, error.message)
}

impl Through {
    async fn open(setting: &Setting, apple: &Apple, photos: &Path) -> anyhow::Result<Self> {
        let host = Host::new(HostOptions::default())?;
        let connect = |name: &str, settings: serde_json::Value, secrets| -> anyhow::Result<Connection> {
            let component = std::fs::read(setting.binaries.join(format!("../connectors/{name}.wasm")))?;
            host.load(&component)?
                .connect(ConnectRequest {
                    throttle: camroll_host::Throttle::default(),
                    name: name.into(),
                    settings,
                    secrets,
                    store: Arc::new(Nowhere),
                })
                .map_err(refused)
        };
        let settings =
            json!({"apple_id": apple.says("apple_id"), "password": "secret:password", "endpoints": apple.endpoints()});
        let secrets = BTreeMap::from([("password".to_owned(), Secret::new(apple.says("password")))]);
        let source = connect("icloud-photos", settings, secrets)?;
        let destination = connect("local", json!({"path": photos}), BTreeMap::new())?;
        let mut progress = source.sign_in(None, None).await.map_err(refused)?;
        while let Progress::Ask(question) = progress {
            progress = source
                .sign_in(Some(question.step), Some(apple.says("code")))
                .await
                .map_err(refused)?;
        }
        let library = source
            .libraries()
            .await
            .map_err(refused)?
            .first()
            .context("a library")?
            .id
            .clone();
        let mut cursor = None;
        loop {
            let page = source.changes(&library, cursor).await.map_err(refused)?;
            for change in &page.changes {
                if let Change::Asset(asset) = change {
                    let resource = asset.resources.first().context("an original")?;
                    let photo = ResourceRef {
                        asset: asset.id.clone(),
                        resource: resource.id.clone(),
                        version: resource.version.clone(),
                        pointer: resource.pointer.clone(),
                    };
                    let photos = photos.to_owned();
                    return Ok(Self {
                        source,
                        destination,
                        library,
                        photo,
                        photos,
                    });
                }
            }
            if !page.more {
                bail!("the library is empty");
            }
            cursor = Some(page.cursor);
        }
    }

    async fn transfer(&self, round: usize) -> anyhow::Result<Times> {
        let mut located = self
            .source
            .locate(&self.library, vec![self.photo.clone()])
            .await
            .map_err(refused)?;
        let located = located.pop().context("an answer")?.map_err(refused)?;
        let began = Instant::now();
        let mut intake = camroll_host::pipe(PipeOptions {
            size: located.size,
            digests: located.digests,
            compute: vec![Algorithm::Sha256, Algorithm::ApplePhotos],
            window: WINDOW,
            spool: None,
            turns: None,
        });
        let outlet = intake.outlet(OutletOptions {
            keep: Keep::Nothing,
            gate: Box::new(|_| Box::pin(async { Ok(()) })),
        });
        let file = StageFile {
            asset: None,
            role: None,
            path: format!("{round}.jpg"),
            media_type: "image/jpeg".into(),
            modified: None,
            related: Vec::new(),
            replaces: None,
            idempotency_key: format!("round-{round}"),
            checkpoint: None,
        };
        let fetching = async {
            self.source.fetch(located.locator, &mut intake).await?;
            intake.finish().await
        };
        let there = self.destination.clone();
        let staging = tokio::spawn(async move { there.stage(file, outlet).await });
        let (fetched, staged) = tokio::join!(fetching, staging);
        fetched.map_err(refused)?;
        let whole = began.elapsed().as_secs_f64();
        let Staged::Held(token) = staged?.map_err(refused)? else {
            bail!("shown before it was asked for");
        };
        for stored in self.destination.commit(vec![token]).await.map_err(refused)? {
            stored.map_err(refused)?;
        }
        let durable = began.elapsed().as_secs_f64();
        std::fs::remove_file(self.photos.join(format!("{round}.jpg")))?;
        Ok((whole, durable))
    }
}

/// The same by hand: one task reads and hashes, one thread writes.
async fn transfer(client: &reqwest::Client, url: &str, folder: &Path) -> anyhow::Result<Times> {
    let began = Instant::now();
    let (draft, done) = (folder.join("draft"), folder.join("photo.jpg"));
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(WINDOW / BLOCK);
    let path = draft.clone();
    let writing = tokio::task::spawn_blocking(move || -> std::io::Result<std::fs::File> {
        let mut file = std::fs::File::create(path)?;
        while let Some(block) = receiver.blocking_recv() {
            file.write_all(&block)?;
        }
        Ok(file)
    });
    let (mut sha256, mut apple) = (sha2::Sha256::new(), sha1::Sha1::new_with_prefix(SALT));
    let mut body = client.get(url).send().await?.error_for_status()?.bytes_stream();
    let mut block = BytesMut::with_capacity(BLOCK);
    let mut hash = |block: &[u8]| {
        sha256.update(block);
        apple.update(block);
    };
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk?;
        while !chunk.is_empty() {
            let part = chunk.split_to(chunk.len().min(BLOCK - block.len()));
            block.extend_from_slice(&part);
            if block.len() == BLOCK {
                let whole = std::mem::replace(&mut block, BytesMut::with_capacity(BLOCK)).freeze();
                hash(&whole);
                sender.send(whole).await?;
            }
        }
    }
    hash(&block);
    sender.send(block.freeze()).await?;
    drop(sender);
    let file = writing.await??;
    let digests = (sha256.finalize(), apple.finalize());
    std::hint::black_box(digests);
    let whole = began.elapsed().as_secs_f64();
    tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        file.sync_all()?;
        std::fs::rename(&draft, &done)?;
        std::fs::File::open(done.parent().unwrap_or(Path::new(".")))?.sync_all()
    })
    .await??;
    let durable = began.elapsed().as_secs_f64();
    std::fs::remove_file(folder.join("photo.jpg"))?;
    Ok((whole, durable))
}
