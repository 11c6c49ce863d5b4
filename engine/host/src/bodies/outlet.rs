//! The end of a pipe that a destination reads.

use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::block::Block;
use super::digests::Digests;
use super::intake::Proven;

/// What goes through a pipe.
pub(crate) enum Passed {
    Block(Arc<Block>),
    /// All of it passed.
    End(Proven),
    Failed(ConnectorError),
}

/// The end of a pipe that a destination reads. Given to `Connection::stage`.
pub struct Outlet {
    size: Option<u64>,
    promised: Vec<Digest>,
    passed: UnboundedReceiver<Passed>,
    end: Option<Result<Proven, ConnectorError>>,
}

impl Outlet {
    pub(crate) fn new(size: Option<u64>, promised: Vec<Digest>, passed: UnboundedReceiver<Passed>) -> Self {
        Self {
            size,
            promised,
            passed,
            end: None,
        }
    }

    /// Bytes of the whole, where known.
    pub(crate) fn size(&self) -> Option<u64> {
        match &self.end {
            Some(Ok(proven)) => Some(proven.size),
            _ => self.size,
        }
    }

    /// The digest of the whole: proven at the end, before it what the source promised.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Option<Vec<u8>> {
        let known = match &self.end {
            Some(Ok(proven)) => &proven.digests,
            _ => &self.promised,
        };
        known
            .iter()
            .find(|digest| digest.algorithm == algorithm)
            .map(|digest| digest.value.clone())
    }

    /// The next block; none at the end, which is only reached when the bytes passed and the gate opened.
    pub(crate) async fn next(&mut self) -> Result<Option<Arc<Block>>, ConnectorError> {
        match &self.end {
            Some(Ok(_)) => return Ok(None),
            Some(Err(error)) => return Err(error.clone()),
            None => {}
        }
        let end = match self.passed.recv().await {
            Some(Passed::Block(block)) => return Ok(Some(block)),
            Some(Passed::End(proven)) => Ok(proven),
            Some(Passed::Failed(error)) => Err(broke_off(&error)),
            None => Err(ConnectorError::new(
                ErrorClass::Cancelled,
                "host/body-broke-off",
                "The source's side of the transfer was given up.",
            )),
        };
        let answer = end.as_ref().map(|_| None).map_err(Clone::clone);
        self.end = Some(end);
        answer
    }
}

/// What the destination's side is told of a failure at the source's: the class, and that it is not the destination's own.
fn broke_off(error: &ConnectorError) -> ConnectorError {
    let code = match error.class {
        ErrorClass::Corrupt => error.code.as_str(),
        _ => "host/body-broke-off",
    };
    ConnectorError {
        retry_after: None,
        ..ConnectorError::new(error.class, code, error.message.clone())
    }
}

/// Bytes that are in memory, for the engine's own files.
pub fn from_bytes(bytes: Bytes) -> Outlet {
    let mut digests = Digests::new([]);
    digests.update(&bytes);
    let proven = Proven {
        size: bytes.len() as u64,
        digests: digests.finish(),
    };
    let (into, passed) = unbounded_channel();
    let outlet = Outlet::new(Some(proven.size), proven.digests.clone(), passed);
    if !bytes.is_empty() {
        // The receiver is held right above.
        let _ = into.send(Passed::Block(Arc::new(Block::of(bytes))));
    }
    let _ = into.send(Passed::End(proven));
    outlet
}
