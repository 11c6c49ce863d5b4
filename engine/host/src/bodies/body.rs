//! What a guest holds of bytes: a body that it may pass on or look into, a sink that it may fill. Neither brings the bytes to it unless it asks.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use camroll_model::{Algorithm, ConnectorError, ErrorClass};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::Mutex;

use super::block::Block;
use super::intake::{Core, Intake};
use super::outlet::Outlet;
use crate::files::FileReader;

/// Fails when nothing comes for so long.
pub(crate) async fn moving<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, ConnectorError>>,
) -> Result<T, ConnectorError> {
    tokio::time::timeout(limit, step).await.unwrap_or_else(|_| {
        Err(ConnectorError::new(
            ErrorClass::Transient,
            "host/no-progress",
            format!("No byte came for {} s.", limit.as_secs()),
        ))
    })
}

/// A piece of a body on its way.
pub(crate) enum Piece {
    Bytes(Bytes),
    Block(Arc<Block>),
}

impl Piece {
    pub(crate) fn parts(&self) -> &[Bytes] {
        match self {
            Self::Bytes(bytes) => std::slice::from_ref(bytes),
            Self::Block(block) => block.parts(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Block(block) => block.len(),
        }
    }
}

/// The bytes of an answer, a file or a pipe.
enum Origin {
    Answer {
        stream: BoxStream<'static, Result<Bytes, ConnectorError>>,
        length: Option<u64>,
    },
    Outlet(Box<Outlet>),
    File(FileReader),
}

/// Whether a body is the guest's own or was lent to one call of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lent {
    /// Its own: an answer, a file it opened.
    No,
    /// Ends with the call.
    ToThisCall,
}

/// The guest's handle.
pub struct Body {
    open: Arc<Mutex<Open>>,
    lent: Lent,
}

impl Body {
    pub(crate) fn of_answer(stream: BoxStream<'static, Result<Bytes, ConnectorError>>, length: Option<u64>) -> Self {
        Self::of(Origin::Answer { stream, length }, Lent::No)
    }

    pub(crate) fn of_outlet(outlet: Outlet) -> Self {
        Self::of(Origin::Outlet(Box::new(outlet)), Lent::ToThisCall)
    }

    pub(crate) fn of_file(reader: FileReader) -> Self {
        Self::of(Origin::File(reader), Lent::No)
    }

    fn of(origin: Origin, lent: Lent) -> Self {
        Self {
            open: Arc::new(Mutex::new(Open {
                origin,
                left: VecDeque::new(),
                position: 0,
            })),
            lent,
        }
    }

    pub(crate) fn open(&self) -> Arc<Mutex<Open>> {
        Arc::clone(&self.open)
    }

    pub(crate) fn lent(&self) -> Lent {
        self.lent
    }
}

/// A body being read.
pub(crate) struct Open {
    origin: Origin,
    /// Read from the origin and not handed out yet.
    left: VecDeque<Bytes>,
    position: u64,
}

impl Open {
    /// Bytes of the whole, where known.
    pub(crate) fn size(&self) -> Option<u64> {
        match &self.origin {
            Origin::Answer { length, .. } => *length,
            Origin::Outlet(outlet) => outlet.size(),
            Origin::File(file) => Some(file.size()),
        }
    }

    /// The digest of the whole, where it is known.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Option<Vec<u8>> {
        match &self.origin {
            Origin::Outlet(outlet) => outlet.digest(algorithm),
            Origin::Answer { .. } | Origin::File(_) => None,
        }
    }

    /// The next piece, of whatever size it comes in; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Piece>, ConnectorError> {
        let piece = match self.left.pop_front() {
            Some(bytes) => Some(Piece::Bytes(bytes)),
            None => match &mut self.origin {
                Origin::Answer { stream, .. } => stream.next().await.transpose()?.map(Piece::Bytes),
                Origin::Outlet(outlet) => outlet.next().await?.map(Piece::Block),
                Origin::File(file) => file.next().await?.map(Piece::Bytes),
            },
        };
        if let Some(piece) = &piece {
            self.position += piece.len() as u64;
        }
        Ok(piece)
    }

    /// Between one and `max` bytes; none at the end.
    pub(crate) async fn read(&mut self, max: usize) -> Result<Bytes, ConnectorError> {
        if max == 0 {
            return Ok(Bytes::new());
        }
        loop {
            if let Some(mut first) = self.left.pop_front() {
                let taken = first.split_to(first.len().min(max));
                if !first.is_empty() {
                    self.left.push_front(first);
                }
                if taken.is_empty() {
                    continue;
                }
                self.position += taken.len() as u64;
                return Ok(taken);
            }
            let Some(piece) = self.next().await? else {
                return Ok(Bytes::new());
            };
            self.put_back(&piece);
        }
    }

    /// All that is left, if that is at most `limit` bytes.
    pub(crate) async fn read_all(&mut self, limit: usize, wait: Duration) -> Result<Bytes, ConnectorError> {
        let too_long = || {
            ConnectorError::new(
                ErrorClass::Unexpected,
                "host/answer-too-long",
                format!("The answer has more than the {limit} bytes that the connector reads."),
            )
        };
        if let Some(size) = self.size()
            && size.saturating_sub(self.position) > limit as u64
        {
            return Err(too_long());
        }
        let mut all = BytesMut::new();
        while let Some(piece) = moving(wait, self.next()).await? {
            if all.len() + piece.len() > limit {
                return Err(too_long());
            }
            for part in piece.parts() {
                all.extend_from_slice(part);
            }
        }
        Ok(all.freeze())
    }

    /// Moves the reading position: forward always, a file anywhere.
    pub(crate) async fn seek(&mut self, offset: u64, wait: Duration) -> Result<(), ConnectorError> {
        if let Origin::File(file) = &mut self.origin {
            file.seek(offset);
            self.left.clear();
            self.position = offset;
            return Ok(());
        }
        if offset < self.position {
            return Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/seek-back",
                format!(
                    "The bytes from {offset} on have passed; the reading position is {}.",
                    self.position
                ),
            ));
        }
        while self.position < offset {
            let Some(piece) = moving(wait, self.next()).await? else {
                return Err(ConnectorError::new(
                    ErrorClass::Unexpected,
                    "host/seek-beyond-end",
                    format!("The body ends at {}, before {offset}.", self.position),
                ));
            };
            let over = self.position.saturating_sub(offset);
            if over > 0 {
                self.put_back(&piece);
                let keep = usize::try_from(over).unwrap_or(usize::MAX);
                self.drop_front(piece.len() - keep.min(piece.len()));
            }
        }
        Ok(())
    }

    /// Undoes `next`.
    fn put_back(&mut self, piece: &Piece) {
        self.position -= piece.len() as u64;
        for part in piece.parts().iter().rev() {
            self.left.push_front(part.clone());
        }
    }

    fn drop_front(&mut self, mut bytes: usize) {
        while bytes > 0 {
            let Some(mut first) = self.left.pop_front() else { return };
            let dropped = first.split_to(first.len().min(bytes)).len();
            bytes -= dropped;
            self.position += dropped as u64;
            if !first.is_empty() {
                self.left.push_front(first);
            }
        }
    }
}

/// The guest's handle of an intake, for the call that it was lent to.
#[derive(Clone)]
pub struct Sink {
    core: Arc<Mutex<Core>>,
    /// Bytes to leave out: what was taken before, of a source that can't begin at an offset.
    skip: u64,
}

impl Sink {
    pub(crate) fn of(intake: &Intake, skip: u64) -> Self {
        Self {
            core: intake.core(),
            skip,
        }
    }

    pub(crate) async fn push(&mut self, mut bytes: Bytes) -> Result<(), ConnectorError> {
        if self.skip > 0 {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            drop(bytes.split_to(skipped));
            self.skip -= skipped as u64;
        }
        if bytes.is_empty() {
            Ok(())
        } else {
            self.core.lock().await.push(bytes).await
        }
    }
}
