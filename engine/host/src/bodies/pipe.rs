//! Where a source's bytes go in: through the digests, and on to those who read them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass};
use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::bodies::flow::{Flow, Keep};
use crate::bodies::hashes::Hashes;
use crate::bodies::outlet::{Outlet, OutletOptions, Parked};
use crate::bodies::spool::Spool;

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
    /// Bytes that may be under way in memory.
    pub window: usize,
    /// Where those lie that a destination needs later; without one, a destination that falls behind another is let go.
    pub spool: Option<Arc<Spool>>,
    /// Whose turn it is to move bytes: a file waits for one with its first byte and gives it back before the gate. So requests can be under way, and wait for
    /// their answers, for more files than may send at a time.
    pub turns: Option<Arc<Semaphore>>,
}

enum Behind {
    Flow(Arc<Flow>),
    Memory { bytes: BytesMut, limit: usize },
    Nothing,
}

/// Where a source's bytes go in.
pub struct Intake {
    behind: Behind,
    hashes: Option<Hashes>,
    expected_size: Option<u64>,
    expected: Vec<Digest>,
    turns: Option<Arc<Semaphore>>,
    turn: Option<OwnedSemaphorePermit>,
    block: BytesMut,
    offset: u64,
    /// Bytes of the next answer that are there already.
    skip: u64,
}

impl Drop for Intake {
    fn drop(&mut self) {
        if let Behind::Flow(flow) = &self.behind {
            flow.abandon();
        }
    }
}

/// A pipe for one file. Its outlets are made before the first byte goes in.
pub fn pipe(options: PipeOptions) -> Intake {
    // The newest block waits until the source passed, so there is always room for one more.
    let flow = Flow::new(options.window.max(2 * BLOCK), options.spool);
    let mut intake = Intake::new(Behind::Flow(flow), options.size, options.digests, options.compute);
    intake.turns = options.turns;
    intake
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
    let size = Some(bytes.len() as u64);
    let options = OutletOptions {
        keep: Keep::Whole,
        gate: Box::new(|_| Box::pin(async { Ok(()) })),
    };
    let mut hashes = Hashes::new([
        Algorithm::Md5,
        Algorithm::Sha1,
        Algorithm::Sha256,
        Algorithm::Crc32,
        Algorithm::Crc32c,
    ]);
    hashes.update(&bytes);
    let proven = Proven {
        size: bytes.len() as u64,
        digests: hashes.finish(),
    };
    Outlet::new(&Flow::whole(bytes, proven), size, options)
}

impl Intake {
    fn new(behind: Behind, expected_size: Option<u64>, expected: Vec<Digest>, compute: Vec<Algorithm>) -> Self {
        let algorithms = expected.iter().map(|digest| digest.algorithm).chain(compute);
        Self {
            behind,
            hashes: Some(Hashes::new(algorithms)),
            expected_size,
            expected,
            turns: None,
            turn: None,
            block: BytesMut::new(),
            offset: 0,
            skip: 0,
        }
    }

    /// A destination's way to these bytes.
    ///
    /// # Panics
    /// If this isn't the end of a pipe.
    pub fn outlet(&self, options: OutletOptions) -> Outlet {
        match &self.behind {
            Behind::Flow(flow) => Outlet::new(flow, self.expected_size, options),
            Behind::Memory { .. } | Behind::Nothing => panic!("only a pipe has outlets"),
        }
    }

    /// A way for a destination that isn't ready yet.
    ///
    /// # Panics
    /// If this isn't the end of a pipe.
    pub fn park(&self) -> Parked {
        match &self.behind {
            Behind::Flow(flow) => Outlet::parked(flow, self.expected_size),
            Behind::Memory { .. } | Behind::Nothing => panic!("only a pipe has outlets"),
        }
    }

    /// Moves what waits in memory to the spool: a destination that isn't ready may not be for long.
    ///
    /// # Errors
    /// If the spool can't be written.
    pub async fn unload(&self) -> Result<(), ConnectorError> {
        match &self.behind {
            Behind::Flow(flow) => flow.unload().await,
            Behind::Memory { .. } | Behind::Nothing => Ok(()),
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
    pub async fn append(&mut self, mut chunk: Bytes) -> Result<(), ConnectorError> {
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

    /// Hashes a block and hands it on; the newest one isn't read before the source passed.
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
            Behind::Flow(flow) => {
                flow.note(&block);
                flow.push(block).await
            }
        }
    }

    /// Checks what came and lets the last block go, to each reader through its gate. Called when the source said that all is there.
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
        if let Behind::Flow(flow) = &self.behind {
            flow.pass(proven.clone());
        }
        Ok(proven)
    }

    /// Tells the readers that no more comes, and why.
    pub fn fail(&mut self, error: ConnectorError) {
        if let Behind::Flow(flow) = &self.behind {
            flow.fail(error);
        }
    }

    /// What was taken into memory.
    pub async fn into_bytes(mut self) -> Result<Bytes, ConnectorError> {
        self.finish().await?;
        match &mut self.behind {
            Behind::Memory { bytes, .. } => Ok(std::mem::take(bytes).freeze()),
            Behind::Flow(_) | Behind::Nothing => Ok(Bytes::new()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(size: Option<u64>, digests: Vec<Digest>) -> PipeOptions {
        PipeOptions {
            size,
            digests,
            compute: vec![Algorithm::Sha256],
            window: 1 << 20,
            spool: None,
            turns: None,
        }
    }

    fn straight() -> OutletOptions {
        reading(Keep::Nothing)
    }

    fn reading(keep: Keep) -> OutletOptions {
        OutletOptions {
            keep,
            gate: Box::new(|_| Box::pin(async { Ok(()) })),
        }
    }

    async fn taken(outlet: &Outlet) -> Result<Vec<u8>, ConnectorError> {
        let mut all = Vec::new();
        while let Some(block) = outlet.at(all.len() as u64).await? {
            all.extend_from_slice(&block);
        }
        Ok(all)
    }

    fn bytes(length: u32) -> Vec<u8> {
        (0..length).map(|n| (n / 251) as u8).collect()
    }

    async fn write(mut intake: Intake, bytes: &[u8]) -> Result<Proven, ConnectorError> {
        for chunk in bytes.chunks(10_007) {
            intake.append(Bytes::copy_from_slice(chunk)).await?;
        }
        intake.finish().await
    }

    #[tokio::test]
    async fn what_goes_in_comes_out_and_is_proven() {
        let bytes = bytes(700_000);
        let intake = pipe(options(Some(bytes.len() as u64), Vec::new()));
        let outlet = intake.outlet(straight());
        let (proven, all) = tokio::join!(write(intake, &bytes), taken(&outlet));
        assert_eq!(all.unwrap(), bytes);
        assert_eq!(proven.unwrap().size, 700_000);
    }

    #[tokio::test]
    async fn wrong_bytes_never_reach_their_end() {
        let wrong = Digest {
            algorithm: Algorithm::Sha256,
            value: vec![0; 32],
        };
        let intake = pipe(options(None, vec![wrong]));
        let outlet = intake.outlet(straight());
        let (proven, all) = tokio::join!(write(intake, b"other bytes"), taken(&outlet));
        assert_eq!(proven.unwrap_err().code, "host/wrong-digest");
        assert_eq!(all.unwrap_err().class, ErrorClass::Corrupt);
    }

    #[tokio::test]
    async fn the_last_block_waits_for_its_readers_gate() {
        let (open, opened) = tokio::sync::oneshot::channel::<()>();
        let mut intake = pipe(options(None, Vec::new()));
        let gated = intake.outlet(OutletOptions {
            keep: Keep::Nothing,
            gate: Box::new(|_| Box::pin(async { opened.await.map_err(|_| crate::bodies::flow::nobody_reads()) })),
        });
        let other = intake.outlet(straight());
        intake.append(Bytes::from_static(b"the only block")).await.unwrap();
        intake.finish().await.unwrap();
        let mut reading = Box::pin(gated.at(0));
        assert!(futures::poll!(&mut reading).is_pending());
        assert_eq!(
            other.at(0).await.unwrap().unwrap(),
            Bytes::from_static(b"the only block")
        );
        open.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), Bytes::from_static(b"the only block"));
    }

    #[tokio::test]
    async fn bytes_wait_for_their_turn() {
        let turns = Arc::new(Semaphore::new(1));
        let waiting = || {
            let intake = pipe(PipeOptions {
                turns: Some(Arc::clone(&turns)),
                ..options(None, Vec::new())
            });
            let outlet = intake.outlet(straight());
            (intake, outlet)
        };
        let ((mut first, _first), (mut second, _second)) = (waiting(), waiting());
        first.append(Bytes::from_static(b"one")).await.unwrap();
        let mut other = Box::pin(second.append(Bytes::from_static(b"two")));
        assert!(futures::poll!(&mut other).is_pending());
        first.finish().await.unwrap();
        other.await.unwrap();
    }

    #[tokio::test]
    async fn a_dropped_intake_is_no_end() {
        let mut intake = pipe(options(None, Vec::new()));
        let outlet = intake.outlet(straight());
        intake.append(Bytes::from_static(b"half")).await.unwrap();
        drop(intake);
        assert!(taken(&outlet).await.is_err());
    }

    #[tokio::test]
    async fn one_that_waits_for_its_readers_takes_no_more_than_a_window() {
        let mut intake = pipe(options(None, Vec::new()));
        let _outlet = intake.outlet(straight());
        let much = bytes(3 << 20);
        let mut writing = Box::pin(intake.append(Bytes::from(much)));
        assert!(futures::poll!(&mut writing).is_pending());
    }

    #[tokio::test]
    async fn who_falls_behind_reads_from_the_spool() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().to_owned(), 64 << 20);
        let intake = pipe(PipeOptions {
            spool: Some(Arc::clone(&spool)),
            ..options(None, Vec::new())
        });
        let (quick, slow, whole) = (
            intake.outlet(straight()),
            intake.outlet(straight()),
            intake.outlet(reading(Keep::Whole)),
        );
        let bytes = bytes(5_300_001);
        let (written, read) = tokio::join!(write(intake, &bytes), taken(&quick));
        written.unwrap();
        assert_eq!(read.unwrap(), bytes);
        assert!(spool.used() > 4 << 20, "{}", spool.used());
        assert_eq!(taken(&slow).await.unwrap(), bytes);
        assert_eq!(taken(&whole).await.unwrap(), bytes);
        assert_eq!(taken(&whole).await.unwrap(), bytes);
        drop((quick, slow, whole));
        assert_eq!(spool.used(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn who_falls_further_behind_than_the_spool_holds_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let intake = pipe(PipeOptions {
            spool: Some(Spool::new(folder.path().to_owned(), 1 << 20)),
            ..options(None, Vec::new())
        });
        let (quick, slow) = (intake.outlet(straight()), intake.outlet(straight()));
        let bytes = bytes(5_300_001);
        let (written, read) = tokio::join!(write(intake, &bytes), taken(&quick));
        written.unwrap();
        assert_eq!(read.unwrap(), bytes);
        assert_eq!(taken(&slow).await.unwrap_err().code, "host/body: host/fell-behind");
    }

    #[tokio::test]
    async fn ranges_can_be_read_at_the_same_time_and_again_within_the_window() {
        use futures::TryStreamExt as _;
        let folder = tempfile::tempdir().unwrap();
        let intake = pipe(PipeOptions {
            spool: Some(Spool::new(folder.path().to_owned(), 64 << 20)),
            ..options(None, Vec::new())
        });
        let outlet = intake.outlet(reading(Keep::Behind(2 << 20)));
        let bytes = bytes(4 << 20);
        assert_eq!(outlet.range_digest(Algorithm::Md5, 0, 1 << 20), None);
        let part = async |number: u64| {
            let part: Vec<Bytes> = outlet.range(number << 20, Some(1 << 20)).bytes().try_collect().await?;
            Ok::<_, ConnectorError>(part.concat())
        };
        let reading = async {
            let (first, second) = tokio::join!(part(0), part(1));
            assert_eq!([first.unwrap(), second.unwrap()].concat(), &bytes[..2 << 20]);
            assert_eq!(part(0).await.unwrap(), &bytes[..1 << 20]);
            let (third, fourth) = tokio::join!(part(2), part(3));
            assert_eq!([third.unwrap(), fourth.unwrap()].concat(), &bytes[2 << 20..]);
            assert_eq!(part(0).await.unwrap_err().code, "host/seek");
        };
        let (written, ()) = tokio::join!(write(intake, &bytes), reading);
        written.unwrap();
        assert!(outlet.range_digest(Algorithm::Md5, 0, 1 << 20).is_some());
    }

    #[tokio::test]
    async fn ranges_of_what_is_given_once_are_read_one_behind_the_other() {
        use futures::TryStreamExt as _;
        let intake = pipe(options(None, Vec::new()));
        let outlet = intake.outlet(straight());
        let bytes = bytes(4 << 20);
        let ranges: Vec<_> = (0..4)
            .map(|number| outlet.range(number << 20, Some(1 << 20)).queued())
            .collect();
        let mut third = Box::pin(ranges[2].turn());
        assert!(futures::poll!(&mut third).is_pending());
        drop(third);
        let part = async |number: usize| {
            ranges[number].turn().await;
            let part: Vec<Bytes> = ranges[number].bytes().try_collect().await?;
            Ok::<_, ConnectorError>(part.concat())
        };
        // Asked for in another order than they lie in.
        let reading = async { tokio::join!(part(3), part(1), part(0), part(2)) };
        let (written, (fourth, second, first, third)) = tokio::join!(write(intake, &bytes), reading);
        written.unwrap();
        let all = [first, second, third, fourth].map(Result::unwrap).concat();
        assert!(all == bytes);
    }

    #[tokio::test]
    async fn a_range_that_is_given_up_keeps_nobody_waiting() {
        let intake = pipe(options(None, Vec::new()));
        let outlet = intake.outlet(straight());
        let (first, second) = (outlet.range(0, Some(10)).queued(), outlet.range(10, None).queued());
        let mut turn = Box::pin(second.turn());
        assert!(futures::poll!(&mut turn).is_pending());
        drop(first);
        turn.await;
    }
}
