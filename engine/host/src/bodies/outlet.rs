//! Where a destination takes a file's bytes out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use camroll_model::{ConnectorError, Digest, Prefix};
use futures::stream::{BoxStream, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::bodies::checkpoint::{Checkpoint, Saver};
use crate::bodies::flow::{Flow, Found, Keep};
use crate::bodies::hashes::Hashes;
use crate::bodies::pipe::{Gate, Proven};
use crate::bodies::throttle::Throttle;

/// How a destination reads.
pub struct OutletOptions {
    /// What it may ask for again.
    pub keep: Keep,
    /// Opens before the last block leaves for this destination.
    pub gate: Gate,
}

/// One destination's way to a file's bytes. Dropped, what still reads from it breaks off.
pub struct Outlet {
    reader: Arc<Reader>,
    pub(crate) size: Option<u64>,
    pub(crate) saver: Option<Saver>,
    known: Option<Proven>,
}

/// Tells of a file's bytes when the call that they were lent to is over.
pub struct Evidence {
    flow: Arc<Flow>,
}

impl Evidence {
    /// What the bytes were up to the last mark that isn't beyond an offset; none before the first.
    pub fn prefix(&self, offset: u64) -> Option<Prefix> {
        self.flow.prefix(offset)
    }

    /// What is known of the bytes; none as long as the source hasn't passed.
    pub fn proven(&self) -> Option<Proven> {
        self.flow.proven()
    }
}

/// A way to a file's bytes for a destination that isn't ready for them: they wait in memory and in the spool, as long as there is room.
pub struct Parked(Outlet);

impl Parked {
    /// The destination is ready.
    pub fn begin(mut self, options: OutletOptions) -> Outlet {
        let reader = Arc::get_mut(&mut self.0.reader);
        if let Some(reader) = reader {
            reader.keep = options.keep;
            reader.gate = tokio::sync::Mutex::new(GateState::Closed(Some(options.gate)));
            reader.flow.keep(reader.id, options.keep);
        }
        self.0
    }
}

struct Reader {
    flow: Arc<Flow>,
    id: u64,
    keep: Keep,
    gate: tokio::sync::Mutex<GateState>,
    ranges: Mutex<Vec<RangeDigest>>,
    queue: Queue,
}

/// Ranges that requests were started with, of a reader that gives each byte once: each is read when those before it were.
#[derive(Default)]
struct Queue {
    waiting: Mutex<BTreeSet<(u64, u64)>>,
    /// One was read to its end, or won't be.
    moved: Notify,
    next: AtomicU64,
}

impl Queue {
    fn enter(&self, offset: u64) -> (u64, u64) {
        let place = (offset, self.next.fetch_add(1, Ordering::Relaxed));
        self.waiting.lock().insert(place);
        place
    }

    fn leave(&self, place: (u64, u64)) {
        if self.waiting.lock().remove(&place) {
            self.moved.notify_waiters();
        }
    }

    /// Returns when nothing that lies before it is waiting.
    async fn turn(&self, place: (u64, u64)) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.waiting.lock().first().is_none_or(|first| *first >= place) {
                return;
            }
            moved.await;
        }
    }
}

/// A digest of a part that was asked for before the part was read.
struct RangeDigest {
    offset: u64,
    length: u64,
    algorithm: camroll_model::Algorithm,
    value: Option<Vec<u8>>,
}

enum GateState {
    Closed(Option<Gate>),
    Open,
    Refused(ConnectorError),
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.reader.flow.leave(self.reader.id);
    }
}

impl Outlet {
    pub(crate) fn new(flow: &Arc<Flow>, size: Option<u64>, options: OutletOptions) -> Self {
        Self {
            reader: Arc::new(Reader {
                flow: Arc::clone(flow),
                id: flow.reader(options.keep),
                keep: options.keep,
                gate: tokio::sync::Mutex::new(GateState::Closed(Some(options.gate))),
                ranges: Mutex::new(Vec::new()),
                queue: Queue::default(),
            }),
            size,
            saver: None,
            known: None,
        }
    }

    /// A way that nobody uses yet: all is kept for it.
    pub(crate) fn parked(flow: &Arc<Flow>, size: Option<u64>) -> Parked {
        Parked(Self::new(
            flow,
            size,
            OutletOptions {
                keep: Keep::Whole,
                gate: Box::new(|_| Box::pin(async { Err(crate::bodies::flow::gone_by()) })),
            },
        ))
    }

    /// Returns when all bytes are in and the source passed, with what is known of them.
    ///
    /// # Errors
    /// What the source failed with, or that it went further ahead than the spool holds.
    pub async fn passed(&self) -> Result<Proven, ConnectorError> {
        self.reader.flow.passed(self.reader.id).await
    }

    /// What outlives the outlet: whether the source passed, and what is known of it then.
    pub fn evidence(&self) -> Evidence {
        Evidence {
            flow: Arc::clone(&self.reader.flow),
        }
    }

    /// With digests that an earlier reading of the same version gave.
    pub fn knowing(mut self, known: Proven) -> Self {
        self.known = Some(known);
        self
    }

    /// With a place for the checkpoints of the upload that these bytes go into.
    pub fn saving(mut self, saver: Saver) -> Self {
        let evidence = self.evidence();
        self.saver = Some(Arc::new(move |checkpoint: Checkpoint| {
            let prefix = evidence.prefix(checkpoint.reached);
            saver(Checkpoint { prefix, ..checkpoint })
        }));
        self
    }

    pub(crate) fn proven(&self) -> Option<Proven> {
        self.known.clone().or_else(|| self.reader.flow.proven())
    }

    /// The bytes at an offset; none at the end, which comes only when the source passed.
    pub(crate) async fn at(&self, offset: u64) -> Result<Option<Bytes>, ConnectorError> {
        self.reader.at(offset).await
    }

    /// Whether a range can be read and then be read again.
    pub(crate) fn keeps(&self, length: u64) -> bool {
        self.reader.keep.covers(length)
    }

    /// A range, for what reads it while the connector does something else. Without a length, to the end.
    pub(crate) fn range(&self, offset: u64, length: Option<u64>) -> Range {
        Range {
            reader: Arc::clone(&self.reader),
            offset,
            length: length.or(self.size.map(|size| size.saturating_sub(offset))),
            is_empty_body: self.size == Some(0),
            throttle: Throttle::default(),
            place: None,
        }
    }

    /// The digest of a range where it is known; elsewise it is known once that very range was read.
    pub(crate) fn range_digest(
        &self,
        algorithm: camroll_model::Algorithm,
        offset: u64,
        length: u64,
    ) -> Option<Vec<u8>> {
        let mut ranges = self.reader.ranges.lock();
        let known = ranges
            .iter()
            .find(|range| (range.offset, range.length, range.algorithm) == (offset, length, algorithm));
        match known {
            Some(range) => range.value.clone(),
            None => {
                ranges.push(RangeDigest {
                    offset,
                    length,
                    algorithm,
                    value: None,
                });
                None
            }
        }
    }
}

/// A part of a file's bytes on its way out.
pub(crate) struct Range {
    reader: Arc<Reader>,
    offset: u64,
    length: Option<u64>,
    is_empty_body: bool,
    throttle: Throttle,
    place: Option<Arc<Place>>,
}

/// A range's place among those that wait; it ends with its value.
struct Place {
    reader: Arc<Reader>,
    number: (u64, u64),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.reader.queue.leave(self.number);
    }
}

impl Range {
    /// The same for what sends it; who only looks at the bytes isn't held back.
    pub(crate) fn throttled(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }

    /// Takes its place among those that requests were started with.
    pub(crate) fn queued(mut self) -> Self {
        if self.reader.keep == Keep::Nothing {
            self.place = Some(Arc::new(Place {
                number: self.reader.queue.enter(self.offset),
                reader: Arc::clone(&self.reader),
            }));
        }
        self
    }

    /// Returns when those before it were read: what would wait for its first byte isn't sent before.
    pub(crate) async fn turn(&self) {
        if let Some(place) = &self.place {
            self.reader.queue.turn(place.number).await;
        }
    }

    /// Bytes, where known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether it can be sent twice.
    pub(crate) fn can_be_read_again(&self) -> bool {
        self.length.is_some_and(|length| self.reader.keep.covers(length))
    }

    /// Whether two of them are parts of one file.
    pub(crate) fn is_of_the_file_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.reader, &other.reader)
    }

    /// Of a body without bytes, what waits for the gate is the request itself.
    pub(crate) async fn may_leave(&self) -> Result<(), ConnectorError> {
        if self.is_empty_body {
            self.reader.at(0).await?;
        }
        Ok(())
    }

    /// Its bytes. The last of a file come when its source passed and its gate is open.
    pub(crate) fn bytes(&self) -> BoxStream<'static, Result<Bytes, ConnectorError>> {
        let (offset, length) = (self.offset, self.length);
        let end = length.map(|length| offset.saturating_add(length));
        let hashes = self.reader.asked(offset, length);
        let place = self.place.as_ref().map(|place| place.number);
        let state = (Arc::clone(&self.reader), self.throttle.clone(), offset, hashes);
        futures::stream::try_unfold(state, move |(reader, throttle, position, mut hashes)| async move {
            if end.is_some_and(|end| position >= end) {
                return Ok(None);
            }
            let Some(mut bytes) = reader.at(position).await? else {
                return match end {
                    Some(end) => Err(short(end, position)),
                    None => Ok(None),
                };
            };
            if let Some(end) = end {
                let left = usize::try_from(end - position).unwrap_or(usize::MAX);
                bytes.truncate(left.min(bytes.len()));
            }
            bytes.truncate(throttle.piece(bytes.len()));
            throttle.pass(bytes.len()).await;
            let next = position + bytes.len() as u64;
            if let Some(hashes) = &mut hashes {
                hashes.update(&bytes);
            }
            // Told with the last bytes: whoever sends them may not ask for what comes after.
            if Some(next) == end {
                reader.tell(offset, length, hashes.take());
                if let Some(place) = place {
                    reader.queue.leave(place);
                }
            }
            Ok(Some((bytes, (reader, throttle, next, hashes))))
        })
        .boxed()
    }
}

impl Reader {
    async fn at(&self, offset: u64) -> Result<Option<Bytes>, ConnectorError> {
        match self.flow.read(self.id, offset).await? {
            Found::Bytes(bytes) => Ok(Some(bytes)),
            Found::Last(bytes) => {
                self.pass().await?;
                Ok(Some(bytes))
            }
            Found::End => {
                self.pass().await?;
                Ok(None)
            }
        }
    }

    /// Opens the gate, once.
    async fn pass(&self) -> Result<(), ConnectorError> {
        let mut gate = self.gate.lock().await;
        let opened = match &mut *gate {
            GateState::Open => return Ok(()),
            GateState::Refused(error) => return Err(error.clone()),
            GateState::Closed(gate) => match (gate.take(), self.flow.proven()) {
                (Some(gate), Some(proven)) => gate(proven).await,
                // Taken by a read that was dropped while it opened: what it did isn't known.
                _ => Err(crate::bodies::flow::gone_by()),
            },
        };
        *gate = match &opened {
            Ok(()) => GateState::Open,
            Err(error) => GateState::Refused(error.clone()),
        };
        opened
    }

    fn asked(&self, offset: u64, length: Option<u64>) -> Option<Hashes> {
        let length = length?;
        let ranges = self.ranges.lock();
        let mut algorithms = ranges
            .iter()
            .filter(|range| range.offset == offset && range.length == length && range.value.is_none())
            .map(|range| range.algorithm)
            .peekable();
        algorithms.peek()?;
        Some(Hashes::new(algorithms))
    }

    fn tell(&self, offset: u64, length: Option<u64>, hashes: Option<Hashes>) {
        let (Some(length), Some(hashes)) = (length, hashes) else {
            return;
        };
        let mut ranges = self.ranges.lock();
        for Digest { algorithm, value } in hashes.finish() {
            for range in ranges.iter_mut() {
                if (range.offset, range.length, range.algorithm) == (offset, length, algorithm) {
                    range.value = Some(value.clone());
                }
            }
        }
    }
}

fn short(end: u64, position: u64) -> ConnectorError {
    ConnectorError::new(
        camroll_model::ErrorClass::Unexpected,
        "host/short-body",
        format!("The connector wants the bytes up to {end}, and there are {position}."),
    )
}
