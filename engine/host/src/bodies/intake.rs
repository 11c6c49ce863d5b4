//! The end of a pipe that a source fills: counts, hashes, and holds the last block back until the bytes are proven.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass};
use futures::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::block::{BLOCK, Block, Filling};
use super::digests::Digests;
use super::outlet::{Outlet, Passed};

/// What is known of bytes after they passed: their length and digests agree with what the source said of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// Bytes.
    pub size: u64,
    /// SHA-256 first, then what else was asked for or compared.
    pub digests: Vec<Digest>,
}

/// Awaited after the bytes passed and before the last block leaves: here the engine makes its intent durable. An error of it fails the transfer.
pub type Gate = Box<dyn FnOnce(Proven) -> BoxFuture<'static, Result<(), ConnectorError>> + Send>;

/// How a pipe is made.
pub struct PipeOptions {
    /// Bytes, where known. Another number is an error of class `corrupt`.
    pub size: Option<u64>,
    /// What the source says of the bytes. Another digest is an error of class `corrupt`.
    pub digests: Vec<Digest>,
    /// What to compute besides; SHA-256 always is.
    pub compute: Vec<Algorithm>,
    /// Most bytes that are under way between the two ends; at least 1 MiB.
    pub window: usize,
    /// Opens the way for the last block.
    pub gate: Gate,
}

/// The smallest window. One block fills (up to 1 BLOCK), one is held back and one is just being taken (up to 2 and 1): the rest is under way.
const SMALLEST_WINDOW: usize = 8 * BLOCK;

/// Makes a pipe.
pub fn pipe(options: PipeOptions) -> (Intake, Outlet) {
    let (into, passed) = unbounded_channel();
    let outlet = Outlet::new(options.size, options.digests.clone(), passed);
    let onward = Onward::Pipe {
        into,
        held: None,
        gate: Some(options.gate),
    };
    (
        Intake::new(options.size, options.digests, options.compute, options.window, onward),
        outlet,
    )
}

/// An intake with nothing behind it: only counts and compares. For reading back.
pub fn digest_only(expected: Vec<Digest>, compute: Vec<Algorithm>) -> Intake {
    Intake::new(None, expected, compute, SMALLEST_WINDOW, Onward::Nothing)
}

/// An intake that keeps up to `limit` bytes; more is an error of class `unsupported`.
pub fn memory(limit: usize) -> Intake {
    Intake::new(
        None,
        Vec::new(),
        Vec::new(),
        SMALLEST_WINDOW,
        Onward::Memory {
            bytes: Vec::new(),
            limit,
        },
    )
}

/// The end of a pipe that a source fills. Given to `Connection::fetch` and `Connection::read`, as often as it takes; then `finish`.
/// Dropped without `finish`: the other end fails with class `cancelled`.
pub struct Intake {
    core: Arc<Mutex<Core>>,
    offset: Arc<AtomicU64>,
}

impl Intake {
    fn new(size: Option<u64>, expected: Vec<Digest>, compute: Vec<Algorithm>, window: usize, onward: Onward) -> Self {
        let offset = Arc::new(AtomicU64::new(0));
        let wanted = compute
            .into_iter()
            .chain(expected.iter().map(|digest| digest.algorithm));
        let core = Core {
            size,
            hashing: Hashing::Here(Digests::new(wanted)),
            expected,
            offset: Arc::clone(&offset),
            filling: Filling::default(),
            window: Arc::new(Semaphore::new(window.max(SMALLEST_WINDOW))),
            onward,
            failed: None,
        };
        Self {
            core: Arc::new(Mutex::new(core)),
            offset,
        }
    }

    /// Bytes that were taken so far: where a `fetch` that was cut off goes on.
    pub fn offset(&self) -> u64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Ends it: compares length and digests with what was promised (class `corrupt`, codes `host/wrong-size` and `host/wrong-digest`), awaits the
    /// gate, lets the last block go. To be called after the `fetch` that reached the end returned ok; `fetch` itself doesn't.
    pub async fn finish(self) -> Result<Proven, ConnectorError> {
        self.core.lock().await.finish().await
    }

    /// Gives it up; the other end fails with that error's class.
    pub fn fail(self, error: ConnectorError) {
        // Nobody else holds it while no call is under way.
        if let Ok(mut core) = self.core.try_lock() {
            core.fail(&error);
        }
    }

    /// What `memory` kept.
    pub fn into_bytes(self) -> Bytes {
        let Ok(mut core) = self.core.try_lock() else {
            return Bytes::new();
        };
        match &mut core.onward {
            Onward::Memory { bytes, .. } => Bytes::from(std::mem::take(bytes)),
            _ => Bytes::new(),
        }
    }

    /// What a guest's `sink` writes to.
    pub(crate) fn core(&self) -> Arc<Mutex<Core>> {
        Arc::clone(&self.core)
    }
}

/// What an intake does, shared with the sink of the call that is under way.
pub(crate) struct Core {
    size: Option<u64>,
    expected: Vec<Digest>,
    offset: Arc<AtomicU64>,
    filling: Filling,
    hashing: Hashing,
    window: Arc<Semaphore>,
    onward: Onward,
    failed: Option<ConnectorError>,
}

enum Onward {
    Pipe {
        into: UnboundedSender<Passed>,
        held: Option<Arc<Block>>,
        gate: Option<Gate>,
    },
    Nothing,
    Memory {
        bytes: Vec<u8>,
        limit: usize,
    },
}

/// A file of one block is hashed where it is; a longer one on a thread of its own, beside reading and writing.
enum Hashing {
    Here(Digests),
    Beside {
        blocks: UnboundedSender<Arc<Block>>,
        thread: JoinHandle<Digests>,
    },
    Done,
}

impl Core {
    /// Takes bytes, waiting while the window is full.
    pub(crate) async fn push(&mut self, mut bytes: Bytes) -> Result<(), ConnectorError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let reached = self.offset.load(Ordering::Relaxed) + bytes.len() as u64;
        if let Some(size) = self.size
            && reached > size
        {
            return Err(self.fail(&wrong_size(size, "more")));
        }
        if let Onward::Memory { bytes: kept, limit } = &mut self.onward {
            if kept.len() + bytes.len() > *limit {
                let limit = *limit;
                return Err(self.fail(&ConnectorError::new(
                    ErrorClass::Unsupported,
                    "host/too-large",
                    format!("More than the {limit} bytes came that are read of such a file."),
                )));
            }
            kept.extend_from_slice(&bytes);
        }
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(BLOCK));
            let room = self.room(part.len()).await?;
            let taken = part.len() as u64;
            self.filling.push(part, Some(room));
            self.offset.fetch_add(taken, Ordering::Relaxed);
            if self.filling.is_full() {
                self.pass_on()?;
            }
        }
        Ok(())
    }

    async fn room(&mut self, bytes: usize) -> Result<OwnedSemaphorePermit, ConnectorError> {
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX);
        let window = Arc::clone(&self.window).acquire_many_owned(wanted);
        let room = match &self.onward {
            Onward::Pipe { into, .. } => tokio::select! {
                room = window => room,
                () = into.closed() => return Err(self.fail(&unread())),
            },
            Onward::Nothing | Onward::Memory { .. } => window.await,
        };
        room.map_err(|_| unread())
    }

    /// Hands the filled block to the hashing thread, and the one before it to the other end.
    fn pass_on(&mut self) -> Result<(), ConnectorError> {
        let block = Arc::new(self.filling.take());
        if let Hashing::Here(_) = self.hashing
            && let Hashing::Here(digests) = std::mem::replace(&mut self.hashing, Hashing::Done)
        {
            let (blocks, incoming) = unbounded_channel();
            let thread = tokio::task::spawn_blocking(move || hash_all(digests, incoming));
            self.hashing = Hashing::Beside { blocks, thread };
        }
        if let Hashing::Beside { blocks, .. } = &self.hashing {
            // It only ends before its channel does when it panicked; `finish` sees that.
            let _ = blocks.send(Arc::clone(&block));
        }
        if let Onward::Pipe { into, held, .. } = &mut self.onward
            && let Some(before) = held.replace(block)
            && into.send(Passed::Block(before)).is_err()
        {
            return Err(self.fail(&unread()));
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<Proven, ConnectorError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let size = self.offset.load(Ordering::Relaxed);
        if let Some(promised) = self.size
            && promised != size
        {
            return Err(self.fail(&wrong_size(promised, &format!("{size}"))));
        }
        let last = (!self.filling.is_empty()).then(|| Arc::new(self.filling.take()));
        let digests = match std::mem::replace(&mut self.hashing, Hashing::Done) {
            Hashing::Here(mut digests) => {
                for part in last.iter().flat_map(|block| block.parts()) {
                    digests.update(part);
                }
                digests
            }
            Hashing::Beside { blocks, thread } => {
                if let Some(block) = &last {
                    let _ = blocks.send(Arc::clone(block));
                }
                drop(blocks);
                thread
                    .await
                    .map_err(|error| self.fail(&ended_badly(&error.to_string())))?
            }
            Hashing::Done => return Err(self.fail(&ended_badly("it was finished twice"))),
        };
        let digests = digests.finish();
        for promised in &self.expected {
            let computed = digests.iter().find(|digest| digest.algorithm == promised.algorithm);
            if computed != Some(promised) {
                let told = computed.map_or_else(|| "none".to_owned(), ToString::to_string);
                return Err(self.fail(&ConnectorError::new(
                    ErrorClass::Corrupt,
                    "host/wrong-digest",
                    format!("The bytes are not the ones that were promised: {promised} was promised, {told} came."),
                )));
            }
        }
        let proven = Proven { size, digests };
        let gate = match &mut self.onward {
            Onward::Pipe { gate, .. } => gate.take(),
            Onward::Nothing | Onward::Memory { .. } => None,
        };
        if let Some(gate) = gate {
            gate(proven.clone()).await.map_err(|error| self.fail(&error))?;
        }
        if let Onward::Pipe { into, held, .. } = &mut self.onward {
            for block in held.take().into_iter().chain(last) {
                let _ = into.send(Passed::Block(block));
            }
            // A destination that didn't read to the end says so itself.
            let _ = into.send(Passed::End(proven.clone()));
        }
        Ok(proven)
    }

    /// Remembers the first failure and tells the other end. Gives that failure.
    fn fail(&mut self, error: &ConnectorError) -> ConnectorError {
        let first = self.failed.get_or_insert_with(|| error.clone()).clone();
        if let Onward::Pipe { into, held, .. } = &mut self.onward {
            *held = None;
            let _ = into.send(Passed::Failed(first.clone()));
        }
        first
    }
}

fn hash_all(mut digests: Digests, mut blocks: UnboundedReceiver<Arc<Block>>) -> Digests {
    while let Some(block) = blocks.blocking_recv() {
        for part in block.parts() {
            digests.update(part);
        }
    }
    digests
}

fn wrong_size(promised: u64, came: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Corrupt,
        "host/wrong-size",
        format!("The bytes are not the ones that were promised: {promised} bytes were promised, {came} came."),
    )
}

fn unread() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Cancelled,
        "host/body-unread",
        "The destination stopped reading before the end.",
    )
}

fn ended_badly(reason: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "host/digest-failed",
        format!("The digests could not be computed: {reason}."),
    )
}
