//! What a request sends: bytes that are there, or a file's on their way.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use camroll_model::{Algorithm, ConnectorError, ErrorClass};
use futures::stream::{BoxStream, StreamExt as _};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::bodies::{Hashes, Range};

/// A part of a request's body.
pub(crate) enum Segment {
    Bytes(Bytes),
    Json(String),
    Form(Vec<(String, String)>),
    Range(Arc<Range>),
    Digest(Arc<RunningDigest>),
}

/// A digest of all ranges of a file that stand before it in the request.
pub(crate) struct RunningDigest {
    pub of: Arc<Range>,
    pub algorithm: Algorithm,
    pub encoding: Encoding,
}

/// How a digest stands in a body.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Hex,
    Base64,
}

impl RunningDigest {
    /// Bytes of it, encoded.
    fn length(&self) -> u64 {
        let raw = Hashes::new([self.algorithm])
            .finish()
            .first()
            .map_or(0, |digest| digest.value.len() as u64);
        match self.encoding {
            Encoding::Hex => 2 * raw,
            Encoding::Base64 => raw.div_ceil(3) * 4,
        }
    }

    fn text(&self, hashes: Hashes) -> Bytes {
        let value = hashes.finish().pop().map(|digest| digest.value).unwrap_or_default();
        match self.encoding {
            Encoding::Hex => hex::encode(value).into(),
            Encoding::Base64 => base64::engine::general_purpose::STANDARD.encode(value).into(),
        }
    }
}

/// A part whose placeholders are filled in.
pub(crate) enum Part {
    Bytes(Bytes),
    Range(Arc<Range>),
    Digest(Arc<RunningDigest>),
}

/// A request's whole content.
pub(crate) struct Content(pub Vec<Part>);

impl Content {
    /// The bytes where they are all there.
    pub(crate) fn in_memory(&self) -> Option<Bytes> {
        let mut whole = Vec::new();
        for part in &self.0 {
            let Part::Bytes(bytes) = part else { return None };
            whole.extend_from_slice(bytes);
        }
        Some(whole.into())
    }

    /// Bytes; none where a file's size isn't known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Bytes(bytes) => Some(bytes.len() as u64),
                Part::Range(range) => range.length(),
                Part::Digest(digest) => Some(digest.length()),
            })
            .sum()
    }

    /// Its bytes as they are sent, and how far they are.
    pub(crate) fn sent(&self) -> (BoxStream<'static, Result<Bytes, ConnectorError>>, Arc<Pulse>) {
        let mut parts: Vec<BoxStream<'static, Result<Bytes, ConnectorError>>> = Vec::new();
        let mut running: Vec<(Arc<RunningDigest>, Arc<Mutex<Hashes>>)> = self
            .0
            .iter()
            .filter_map(|part| match part {
                Part::Digest(digest) => Some((
                    Arc::clone(digest),
                    Arc::new(Mutex::new(Hashes::new([digest.algorithm]))),
                )),
                Part::Bytes(_) | Part::Range(_) => None,
            })
            .collect();
        for part in &self.0 {
            match part {
                Part::Bytes(bytes) => {
                    let bytes = bytes.clone();
                    parts.push(futures::stream::once(async move { Ok(bytes) }).boxed());
                }
                Part::Range(range) => {
                    let hashed: Vec<Arc<Mutex<Hashes>>> = running
                        .iter()
                        .filter(|(digest, _)| digest.of.is_of_the_file_of(range))
                        .map(|(_, hashes)| Arc::clone(hashes))
                        .collect();
                    let bytes = range.bytes().inspect(move |bytes| {
                        if let Ok(bytes) = bytes {
                            for hashes in &hashed {
                                hashes.lock().update(bytes);
                            }
                        }
                    });
                    parts.push(bytes.boxed());
                }
                Part::Digest(_) => {
                    let (digest, hashes) = running.remove(0);
                    let text = async move {
                        let hashes = std::mem::replace(&mut *hashes.lock(), Hashes::new([]));
                        Ok(digest.text(hashes))
                    };
                    parts.push(futures::stream::once(text).boxed());
                }
            }
        }
        let pulse = Arc::new(Pulse::default());
        let beating = Arc::clone(&pulse);
        let bytes = futures::stream::iter(parts).flatten().boxed();
        let bytes = futures::stream::unfold((bytes, beating), |(mut bytes, pulse)| async move {
            // Asked for more: what was given before is out, and the source is waited for.
            pulse.waits_for_the_source();
            let next = bytes.next().await;
            pulse.gave();
            next.map(|next| (next, (bytes, pulse)))
        });
        (bytes.boxed(), pulse)
    }
}

/// How far a request is: when bytes were last ready to go, or that none are.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Beat>);

#[derive(Clone, Copy, Default)]
enum Beat {
    #[default]
    NotBegun,
    WaitsForTheSource,
    Gave(Instant),
}

impl Pulse {
    fn waits_for_the_source(&self) {
        *self.0.lock() = Beat::WaitsForTheSource;
    }

    fn gave(&self) {
        *self.0.lock() = Beat::Gave(Instant::now());
    }

    /// Returns when bytes have been ready to go, or an answer has been owed, for so long without anything moving.
    pub(crate) async fn stands_still(&self, idle: Duration) {
        let begun = Instant::now();
        loop {
            let beat = *self.0.lock();
            let since = match beat {
                Beat::NotBegun => begun,
                // A slow source is its own affair.
                Beat::WaitsForTheSource => Instant::now(),
                Beat::Gave(at) => at,
            };
            if since.elapsed() >= idle {
                return;
            }
            tokio::time::sleep_until(since + idle).await;
        }
    }
}

/// What has no length can only be sent where the connector allows that.
pub(crate) fn lengthless() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/no-length",
        "The size of what shall be sent isn't known, and the request doesn't allow the option \"chunked\".",
    )
}
