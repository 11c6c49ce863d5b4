//! Puts a file as the engine does: from a source through the digests, staged, then committed.

use std::sync::Arc;

use bytes::Bytes;
use camroll_host::{Connection, Keep, OutletOptions, PipeOptions, Saver, Spool, memory, pipe};
use camroll_model::{
    Algorithm, Asset, AssetId, AssetKind, ConnectorError, Digest, Entry, ErrorClass, Features, Instant, Orphan, Role,
    StageFile, Staged, Stored, Target,
};

use tokio::sync::Notify;

use crate::content::digest;

/// Bytes that a source gives at a time.
const CHUNK: usize = 100_000;

/// How much a source gives.
enum Source {
    /// All of it.
    Whole,
    /// So many bytes; then it says so, and gives nothing more for ever.
    Halts { after: usize, halted: Arc<Notify> },
}

/// A file to put.
pub(crate) struct Placing<'a> {
    connection: &'a Connection,
    path: String,
    bytes: Bytes,
    said: Digest,
    modified: Option<Instant>,
    replaces: Option<Entry>,
    checkpoint: Option<Vec<u8>>,
    saver: Saver,
    source: Source,
}

impl<'a> Placing<'a> {
    pub(crate) fn new(connection: &'a Connection, path: impl Into<String>, bytes: Bytes) -> Self {
        Self {
            connection,
            path: path.into(),
            said: digest(&bytes),
            bytes,
            modified: None,
            replaces: None,
            checkpoint: None,
            saver: Arc::new(|_| Box::pin(async { Ok(()) })),
            source: Source::Whole,
        }
    }

    /// With a time.
    pub(crate) fn taken(mut self, modified: Instant) -> Self {
        self.modified = Some(modified);
        self
    }

    /// In the place of what is there.
    pub(crate) fn replacing(mut self, entry: Entry) -> Self {
        self.replaces = Some(entry);
        self
    }

    /// From a source that says something else of the bytes than they are.
    pub(crate) fn promised(mut self, bytes: &[u8]) -> Self {
        self.said = digest(bytes);
        self
    }

    /// From where an upload of the same file was cut off.
    pub(crate) fn going_on(mut self, checkpoint: Option<Vec<u8>>) -> Self {
        self.checkpoint = checkpoint;
        self
    }

    /// With somebody who keeps the checkpoints.
    pub(crate) fn saving(mut self, saver: Saver) -> Self {
        self.saver = saver;
        self
    }

    /// From a source that gives so many bytes and then, once that was said, nothing more for ever.
    pub(crate) fn halting(mut self, after: usize, halted: Arc<Notify>) -> Self {
        self.source = Source::Halts { after, halted };
        self
    }

    /// The same for this file and content, as the engine's are.
    pub(crate) fn key(&self) -> String {
        let path = digest(self.path.as_bytes()).hex();
        format!("{}{}", &path[..16], &digest(&self.bytes).hex()[..16])
    }

    /// What is to be cleared if it isn't committed.
    pub(crate) fn orphan(&self, held: Option<Vec<u8>>) -> Orphan {
        Orphan {
            path: self.path.clone(),
            idempotency_key: self.key(),
            held,
            checkpoint: self.checkpoint.clone(),
        }
    }

    /// A photo of nothing but this file.
    fn asset(&self) -> Asset {
        Asset {
            id: AssetId(self.path.clone()),
            keys: Vec::new(),
            version: String::new(),
            kind: AssetKind::Photo,
            traits: Vec::new(),
            name: None,
            taken: self.modified,
            taken_offset: None,
            added: None,
            favorite: false,
            hidden: false,
            resources: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Brings the bytes and leaves them without a name.
    pub(crate) async fn stage(&self) -> Result<Staged, ConnectorError> {
        let size = self.bytes.len() as u64;
        let features = self.connection.probe().await?.features;
        let needs = features.needs_of(size);
        let whole_first = wants_all_first(&features, size);
        let window = needs.map_or(0, |needs| needs.window);
        let keep = match (whole_first, window) {
            (true, _) | (false, u64::MAX) => Keep::Whole,
            (false, 0) => Keep::Nothing,
            (false, window) => Keep::Behind(window),
        };
        let spool = tempfile::tempdir().expect("a temporary folder");
        let known = features.digests.iter().chain(&features.checked_digests);
        let asked = needs.iter().flat_map(|needs| &needs.digests);
        let mut compute: Vec<Algorithm> = known
            .chain(asked)
            .filter_map(|name| Algorithm::from_name(name))
            .collect();
        compute.sort_by_key(|algorithm| algorithm.name());
        compute.dedup();
        let mut intake = pipe(PipeOptions {
            size: Some(size),
            digests: vec![self.said.clone()],
            compute,
            window: 1 << 20,
            spool: Some(Spool::new(spool.path().to_owned(), 256 << 20)),
            turns: None,
        });
        let outlet = intake.outlet(OutletOptions {
            keep,
            gate: Box::new(|_| Box::pin(async { Ok(()) })),
        });
        let (mut bytes, halted) = match &self.source {
            Source::Whole => (self.bytes.clone(), None),
            Source::Halts { after, halted } => (self.bytes.slice(..*after), Some(Arc::clone(halted))),
        };
        let source = tokio::spawn(async move {
            while !bytes.is_empty() {
                let chunk = bytes.split_to(CHUNK.min(bytes.len()));
                intake.append(chunk).await?;
            }
            if let Some(halted) = halted {
                halted.notify_one();
                std::future::pending::<()>().await;
            }
            intake.finish().await
        });
        if whole_first {
            outlet.passed().await?;
        }
        let file = StageFile {
            // A photo service keeps nothing that belongs to no photo.
            asset: features.names.is_none().then(|| self.asset()),
            role: features.names.is_none().then_some(Role::Original),
            path: self.path.clone(),
            media_type: "image/jpeg".to_owned(),
            modified: self.modified,
            related: Vec::new(),
            replaces: self.replaces.clone(),
            idempotency_key: self.key(),
            checkpoint: self.checkpoint.clone(),
        };
        let outlet = outlet.saving(Arc::clone(&self.saver));
        let staged = self.connection.stage(file, outlet).await;
        // How it ended for the source is what the stage said, or less.
        drop(source.await);
        staged
    }

    /// All of it.
    pub(crate) async fn put(&self) -> Result<Stored, ConnectorError> {
        match self.stage().await? {
            Staged::Stored(stored) => Ok(*stored),
            Staged::Held(held) => {
                let committed = commit(self.connection, held.clone()).await;
                if committed.is_err() {
                    // As the engine does. What the cell is about is the commit's failure.
                    drop(self.connection.abort(vec![self.orphan(Some(held))]).await);
                }
                committed
            }
        }
    }
}

/// Whether the last byte must have come before the first one leaves.
pub(crate) fn wants_all_first(features: &Features, size: u64) -> bool {
    let needs = features.needs_of(size);
    needs.is_some_and(|needs| !needs.digests.is_empty())
}

/// Gives one staged file its name.
pub(crate) async fn commit(connection: &Connection, held: Vec<u8>) -> Result<Stored, ConnectorError> {
    let answers = connection.commit(vec![held]).await?;
    answers.into_iter().next().unwrap_or_else(|| {
        Err(ConnectorError::new(
            ErrorClass::Unexpected,
            "conformance/no-answer",
            "One was committed and nothing was said of it.",
        ))
    })
}

/// What is stored at a path, from an offset on.
pub(crate) async fn read(connection: &Connection, path: &str, offset: u64) -> Result<Bytes, ConnectorError> {
    read_target(connection, Target::at(path), offset).await
}

/// The same of what has no path.
pub(crate) async fn read_target(connection: &Connection, target: Target, offset: u64) -> Result<Bytes, ConnectorError> {
    let mut intake = memory(160 << 20);
    connection.read(target, offset, &mut intake).await?;
    intake.into_bytes().await
}
