use bytes::{Buf as _, Bytes, BytesMut};
use camroll_model::{Algorithm, ConnectorError, ErrorClass};
use futures::stream::{BoxStream, StreamExt as _};

use crate::bodies::outlet::{Outlet, Range};
use crate::bodies::throttle::Throttle;
use crate::files::OpenFile;

/// A file's content or an answer's, as a connector holds it.
pub struct Body {
    source: Source,
    leftover: Bytes,
    position: u64,
}

enum Source {
    Answer {
        stream: BoxStream<'static, Result<Bytes, ConnectorError>>,
        length: Option<u64>,
    },
    Outlet {
        outlet: Box<Outlet>,
        /// Whom the bytes go to.
        throttle: Throttle,
    },
    File(OpenFile),
}

impl Body {
    pub(crate) fn answer(stream: BoxStream<'static, Result<Bytes, ConnectorError>>, length: Option<u64>) -> Self {
        Self::of(Source::Answer { stream, length })
    }

    /// A file's bytes on their way to a connection that has this throttle.
    pub(crate) fn outlet(outlet: Outlet, throttle: Throttle) -> Self {
        Self::of(Source::Outlet {
            outlet: Box::new(outlet),
            throttle,
        })
    }

    pub(crate) fn file(file: OpenFile) -> Self {
        Self::of(Source::File(file))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            leftover: Bytes::new(),
            position: 0,
        }
    }

    pub(crate) fn size(&self) -> Option<u64> {
        match &self.source {
            Source::Answer { length, .. } => *length,
            Source::Outlet { outlet, .. } => outlet.size,
            Source::File(file) => Some(file.size()),
        }
    }

    /// The digest of the whole, where it is known already.
    pub(crate) fn digest(&self, algorithm: &str) -> Option<Vec<u8>> {
        let Source::Outlet { outlet, .. } = &self.source else {
            return None;
        };
        let proven = outlet.proven()?;
        proven
            .digests
            .iter()
            .find(|digest| digest.algorithm.name() == algorithm)
            .map(|digest| digest.value.clone())
    }

    /// Digest of a range: where it can be read twice by reading it, else once that very range was read.
    pub(crate) async fn range_digest(
        &mut self,
        algorithm: &str,
        offset: u64,
        length: u64,
    ) -> Result<Option<Vec<u8>>, ConnectorError> {
        let (Source::Outlet { outlet, .. }, Some(algorithm)) = (&self.source, Algorithm::from_name(algorithm)) else {
            return Ok(None);
        };
        let known = outlet.range_digest(algorithm, offset, length);
        if known.is_some() || !outlet.keeps(length) {
            return Ok(known);
        }
        let mut bytes = outlet.range(offset, Some(length)).bytes();
        while bytes.next().await.transpose()?.is_some() {}
        Ok(outlet.range_digest(algorithm, offset, length))
    }

    /// A range, for a request or a connection that sends it.
    pub(crate) fn range(&self, offset: u64, length: Option<u64>) -> Result<Range, ConnectorError> {
        match &self.source {
            Source::Outlet { outlet, throttle } => Ok(outlet.range(offset, length).throttled(throttle.clone())),
            Source::Answer { .. } | Source::File(_) => Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/not-built",
                "Only the bytes of a file that is being staged can be a part of a request.",
            )),
        }
    }

    /// The next bytes, as they come; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        let next = if self.leftover.is_empty() {
            match &mut self.source {
                Source::Answer { stream, .. } => stream.next().await.transpose()?,
                Source::Outlet { outlet, throttle } => {
                    let bytes = outlet.at(self.position).await?;
                    throttle.pass(bytes.as_ref().map_or(0, Bytes::len)).await;
                    bytes
                }
                Source::File(file) => file.next(self.position).await?,
            }
        } else {
            Some(std::mem::take(&mut self.leftover))
        };
        if let Some(bytes) = &next {
            self.position += bytes.len() as u64;
        }
        Ok(next)
    }

    /// At most `max` of the next bytes.
    pub(crate) async fn read(&mut self, max: usize) -> Result<Bytes, ConnectorError> {
        let Some(mut bytes) = self.next().await? else {
            return Ok(Bytes::new());
        };
        if bytes.len() > max {
            let first = bytes.split_to(max);
            self.position -= bytes.len() as u64;
            self.leftover = bytes;
            return Ok(first);
        }
        Ok(bytes)
    }

    /// All that is left, `limit` bytes at most.
    pub(crate) async fn read_all(&mut self, limit: usize) -> Result<Bytes, ConnectorError> {
        let mut all = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if all.len() + bytes.len() > limit {
                return Err(ConnectorError::new(
                    ErrorClass::Unexpected,
                    "host/too-large",
                    format!("The answer has more than {limit} bytes."),
                ));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }

    /// Moves the reading position: a file's anywhere, others forward.
    pub(crate) async fn seek(&mut self, offset: u64) -> Result<(), ConnectorError> {
        let anywhere = match &self.source {
            Source::File(_) => true,
            // Whether they are still there shows when they are read.
            Source::Outlet { outlet, .. } => offset < self.position && outlet.keeps(self.position - offset),
            Source::Answer { .. } => false,
        };
        if anywhere {
            self.leftover = Bytes::new();
            self.position = offset;
            return Ok(());
        }
        while self.position < offset {
            let Some(mut bytes) = self.next().await? else { break };
            if self.position > offset {
                let surplus = self.position - offset;
                bytes.advance(bytes.len() - surplus as usize);
                self.leftover = bytes;
                self.position = offset;
            }
        }
        if self.position == offset {
            return Ok(());
        }
        Err(ConnectorError::new(
            ErrorClass::Unsupported,
            "host/seek",
            "These bytes have gone by, or don't reach so far.",
        ))
    }
}
