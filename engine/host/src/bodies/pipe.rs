use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass};
use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::bodies::hashes::Hashes;

/// Bytes that are hashed and handed on at a time: large enough that a write is worth its system call.
const BLOCK: usize = 256 << 10;

/// What is known of bytes that passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// Bytes.
    pub size: u64,
    /// The digests that were asked for, and those that were expected.
    pub digests: Vec<Digest>,
}

/// Awaited after the source passed its checks and before the last block leaves.
pub type Gate = Box<dyn FnOnce(Proven) -> BoxFuture<'static, Result<(), ConnectorError>> + Send>;

/// How a file's bytes go from a source to a destination.
pub struct PipeOptions {
    /// Bytes, where known; others are `corrupt`.
    pub size: Option<u64>,
    /// What the source says of them; others are `corrupt`.
    pub digests: Vec<Digest>,
    /// What to compute besides.
    pub compute: Vec<Algorithm>,
    /// Bytes that may be under way.
    pub window: usize,
    /// Whose turn it is to move bytes: a file waits for one with its first byte and gives it back before the gate. So requests can be under way, and wait for
    /// their answers, for more files than may send at a time.
    pub turns: Option<Arc<Semaphore>>,
    /// Opens before the last block.
    pub gate: Gate,
}

enum Behind {
    Outlet(mpsc::Sender<Result<Bytes, ConnectorError>>),
    Memory { bytes: BytesMut, limit: usize },
    Nothing,
}

/// Where a source's bytes go in.
pub struct Intake {
    behind: Behind,
    hashes: Option<Hashes>,
    expected_size: Option<u64>,
    expected: Vec<Digest>,
    gate: Option<Gate>,
    turns: Option<Arc<Semaphore>>,
    turn: Option<OwnedSemaphorePermit>,
    block: BytesMut,
    held: Option<Bytes>,
    offset: u64,
    /// Bytes of the next answer that are there already.
    skip: u64,
    proven: Arc<OnceLock<Proven>>,
}

/// Where a destination takes them out.
pub struct Outlet {
    source: From,
    pub(crate) size: Option<u64>,
    pub(crate) proven: Arc<OnceLock<Proven>>,
}

enum From {
    Pipe(mpsc::Receiver<Result<Bytes, ConnectorError>>),
    Bytes(Option<Bytes>),
}

/// A pipe for one file.
pub fn pipe(options: PipeOptions) -> (Intake, Outlet) {
    let (sender, receiver) = mpsc::channel((options.window / BLOCK).max(1));
    let proven = Arc::new(OnceLock::new());
    let outlet = Outlet {
        source: From::Pipe(receiver),
        size: options.size,
        proven: Arc::clone(&proven),
    };
    let mut intake = Intake::new(Behind::Outlet(sender), options.size, options.digests, options.compute);
    intake.gate = Some(options.gate);
    intake.turns = options.turns;
    intake.proven = proven;
    (intake, outlet)
}

/// Takes bytes only to look at them.
pub fn digest_only(expected: Vec<Digest>, compute: Vec<Algorithm>) -> Intake {
    Intake::new(Behind::Nothing, None, expected, compute)
}

/// Takes bytes into memory, so many at most.
pub fn memory(limit: usize) -> Intake {
    Intake::new(
        Behind::Memory {
            bytes: BytesMut::new(),
            limit,
        },
        None,
        Vec::new(),
        Vec::new(),
    )
}

/// The engine's own bytes, for a destination.
pub fn from_bytes(bytes: Bytes) -> Outlet {
    Outlet {
        size: Some(bytes.len() as u64),
        source: From::Bytes(Some(bytes)),
        proven: Arc::new(OnceLock::new()),
    }
}

impl Intake {
    fn new(behind: Behind, expected_size: Option<u64>, expected: Vec<Digest>, compute: Vec<Algorithm>) -> Self {
        let algorithms = expected.iter().map(|digest| digest.algorithm).chain(compute);
        Self {
            behind,
            hashes: Some(Hashes::new(algorithms)),
            expected_size,
            expected,
            gate: None,
            turns: None,
            turn: None,
            block: BytesMut::new(),
            held: None,
            offset: 0,
            skip: 0,
            proven: Arc::new(OnceLock::new()),
        }
    }

    /// How many bytes are in: where a broken transfer goes on.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next answer begins so many bytes before what is wanted.
    pub(crate) fn skip(&mut self, bytes: u64) {
        self.skip = bytes;
    }

    /// Takes bytes; returns when there is room for them.
    pub(crate) async fn append(&mut self, mut chunk: Bytes) -> Result<(), ConnectorError> {
        if let Some(turns) = self.turns.take() {
            // Nobody closes them; without one, it goes on as if there were no limit.
            self.turn = turns.acquire_owned().await.ok();
        }
        if self.skip > 0 {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
            self.skip -= skipped as u64;
            let _ = chunk.split_to(skipped);
        }
        self.offset += chunk.len() as u64;
        if let Some(size) = self.expected_size
            && self.offset > size
        {
            return Err(wrong_size(size, self.offset));
        }
        while !chunk.is_empty() {
            if self.block.is_empty() && chunk.len() >= BLOCK {
                let whole = chunk.split_to(BLOCK);
                self.forward(whole).await?;
                continue;
            }
            if self.block.capacity() == 0 {
                // Small files shouldn't cost a whole block.
                let expected = self.expected_size.map_or(BLOCK, |size| size.min(BLOCK as u64) as usize);
                self.block.reserve(expected.max(chunk.len().min(BLOCK)));
            }
            let room = BLOCK - self.block.len();
            let part = chunk.split_to(room.min(chunk.len()));
            self.block.extend_from_slice(&part);
            if self.block.len() == BLOCK {
                let whole = std::mem::take(&mut self.block).freeze();
                self.forward(whole).await?;
            }
        }
        Ok(())
    }

    /// Hashes a block and hands on the one before it.
    async fn forward(&mut self, block: Bytes) -> Result<(), ConnectorError> {
        if let Some(hashes) = &mut self.hashes {
            hashes.update(&block);
        }
        match &mut self.behind {
            Behind::Nothing => Ok(()),
            Behind::Memory { bytes, limit } => {
                if bytes.len() + block.len() > *limit {
                    return Err(ConnectorError::new(
                        ErrorClass::Unexpected,
                        "host/too-large",
                        format!("More than {limit} bytes came where so many are taken at most."),
                    ));
                }
                bytes.extend_from_slice(&block);
                Ok(())
            }
            Behind::Outlet(out) => match self.held.replace(block) {
                None => Ok(()),
                Some(before) => out.send(Ok(before)).await.map_err(|_| nobody_reads()),
            },
        }
    }

    /// Checks what came, opens the gate, and lets the last block go. Called when the source said that all is there.
    pub async fn finish(&mut self) -> Result<Proven, ConnectorError> {
        let result = self.conclude().await;
        if let Err(error) = &result {
            self.fail(error.clone());
        }
        result
    }

    async fn conclude(&mut self) -> Result<Proven, ConnectorError> {
        let rest = std::mem::take(&mut self.block).freeze();
        if !rest.is_empty() {
            self.forward(rest).await?;
        }
        self.turn = None;
        if let Some(size) = self.expected_size
            && self.offset != size
        {
            return Err(wrong_size(size, self.offset));
        }
        let digests = self.hashes.take().map(Hashes::finish).unwrap_or_default();
        for expected in &self.expected {
            if let Some(found) = digests.iter().find(|digest| digest.algorithm == expected.algorithm)
                && found != expected
            {
                return Err(ConnectorError::new(
                    ErrorClass::Corrupt,
                    "host/wrong-digest",
                    format!("The bytes have {found}, and {expected} was promised."),
                ));
            }
        }
        let proven = Proven {
            size: self.offset,
            digests,
        };
        if let Some(gate) = self.gate.take() {
            gate(proven.clone()).await?;
        }
        let _ = self.proven.set(proven.clone());
        if let Behind::Outlet(out) = &self.behind
            && let Some(last) = self.held.take()
        {
            out.send(Ok(last)).await.map_err(|_| nobody_reads())?;
        }
        // The reader sees the end when the sender is gone.
        if matches!(self.behind, Behind::Outlet(_)) {
            self.behind = Behind::Nothing;
        }
        Ok(proven)
    }

    /// Tells the reader that no more comes, and why.
    pub fn fail(&mut self, error: ConnectorError) {
        if let Behind::Outlet(out) = &self.behind {
            // A full window means that the reader is behind: it finds the sender gone instead.
            let _ = out.try_send(Err(ConnectorError {
                code: format!("host/body: {}", error.code),
                ..error
            }));
            self.behind = Behind::Nothing;
        }
        self.held = None;
    }

    /// What was taken into memory.
    pub async fn into_bytes(mut self) -> Result<Bytes, ConnectorError> {
        self.finish().await?;
        match self.behind {
            Behind::Memory { bytes, .. } => Ok(bytes.freeze()),
            Behind::Outlet(_) | Behind::Nothing => Ok(Bytes::new()),
        }
    }
}

impl Outlet {
    /// The next bytes; none at the end, which comes only when the source passed.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        match &mut self.source {
            From::Bytes(bytes) => Ok(bytes.take().filter(|bytes| !bytes.is_empty())),
            From::Pipe(receiver) => match receiver.recv().await {
                Some(Ok(block)) => Ok(Some(block)),
                Some(Err(error)) => Err(error),
                None if self.proven.get().is_some() => Ok(None),
                None => Err(ConnectorError::new(
                    ErrorClass::Cancelled,
                    "host/body: host/broken-off",
                    "The source's bytes broke off before their end.",
                )),
            },
        }
    }
}

fn wrong_size(size: u64, found: u64) -> ConnectorError {
    let found = if found > size {
        format!("more than {size}")
    } else {
        found.to_string()
    };
    ConnectorError::new(
        ErrorClass::Corrupt,
        "host/wrong-size",
        format!("{found} bytes came, and {size} were promised."),
    )
}

fn nobody_reads() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Cancelled,
        "host/not-taken",
        "The destination takes no more of it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(size: Option<u64>, digests: Vec<Digest>) -> PipeOptions {
        PipeOptions {
            size,
            digests,
            compute: vec![Algorithm::Sha256],
            window: 1 << 20,
            turns: None,
            gate: Box::new(|_| Box::pin(async { Ok(()) })),
        }
    }

    async fn taken(outlet: &mut Outlet) -> Result<Vec<u8>, ConnectorError> {
        let mut all = Vec::new();
        while let Some(block) = outlet.next().await? {
            all.extend_from_slice(&block);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn what_goes_in_comes_out_and_is_proven() {
        let bytes: Vec<u8> = (0..700_000u32).map(|n| n as u8).collect();
        let (mut intake, mut outlet) = pipe(options(Some(bytes.len() as u64), Vec::new()));
        let writing = async {
            for chunk in bytes.chunks(10_007) {
                intake.append(Bytes::copy_from_slice(chunk)).await?;
            }
            intake.finish().await
        };
        let (proven, all) = tokio::join!(writing, taken(&mut outlet));
        assert_eq!(all.unwrap(), bytes);
        assert_eq!(proven.unwrap().size, 700_000);
    }

    #[tokio::test]
    async fn wrong_bytes_never_reach_their_end() {
        let wrong = Digest {
            algorithm: Algorithm::Sha256,
            value: vec![0; 32],
        };
        let (mut intake, mut outlet) = pipe(options(None, vec![wrong]));
        let writing = async {
            intake.append(Bytes::from_static(b"other bytes")).await?;
            intake.finish().await
        };
        let (proven, all) = tokio::join!(writing, taken(&mut outlet));
        assert_eq!(proven.unwrap_err().code, "host/wrong-digest");
        assert_eq!(all.unwrap_err().class, ErrorClass::Corrupt);
    }

    #[tokio::test]
    async fn the_last_block_waits_for_the_gate() {
        let (open, opened) = tokio::sync::oneshot::channel::<()>();
        let (mut intake, mut outlet) = pipe(PipeOptions {
            gate: Box::new(|_| Box::pin(async { opened.await.map_err(|_| nobody_reads()) })),
            ..options(None, Vec::new())
        });
        intake.append(Bytes::from_static(b"the only block")).await.unwrap();
        let writing = tokio::spawn(async move { intake.finish().await });
        let mut reading = Box::pin(outlet.next());
        assert!(futures::poll!(&mut reading).is_pending());
        open.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), Bytes::from_static(b"the only block"));
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn bytes_wait_for_their_turn() {
        let turns = Arc::new(Semaphore::new(1));
        let waiting = || PipeOptions {
            turns: Some(Arc::clone(&turns)),
            ..options(None, Vec::new())
        };
        let ((mut first, _first), (mut second, _second)) = (pipe(waiting()), pipe(waiting()));
        first.append(Bytes::from_static(b"one")).await.unwrap();
        let mut other = Box::pin(second.append(Bytes::from_static(b"two")));
        assert!(futures::poll!(&mut other).is_pending());
        first.finish().await.unwrap();
        other.await.unwrap();
    }

    #[tokio::test]
    async fn a_dropped_intake_is_no_end() {
        let (mut intake, mut outlet) = pipe(options(None, Vec::new()));
        intake.append(Bytes::from_static(b"half")).await.unwrap();
        drop(intake);
        assert!(taken(&mut outlet).await.is_err());
    }
}
