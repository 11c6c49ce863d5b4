//! The connector's side of a session: whole messages go in and come out, each with its length before it; on the wire they are sealed.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use camroll_model::ConnectorError;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::failures;
use super::seal::{FRAME, HEAD, Seal};
use crate::tcp::Peer;

/// The longest frame either way: a megabyte of a file, and what is around it.
pub(super) const LONGEST: usize = (1 << 20) + (64 << 10);
/// Read from the wire at a time, where it isn't known how much comes.
const CHUNK: usize = 64 << 10;

/// A session's messages over whatever carries bytes.
pub(in crate::tcp) struct Channel<S> {
    peer: Peer,
    wire: S,
    seal: Seal,
    /// What came over the wire and isn't a whole frame yet.
    came: BytesMut,
    /// Messages to be read.
    opened: Bytes,
    /// A frame that is being written: `HEAD` bytes of room, then what there is of it.
    frame: Vec<u8>,
    /// How much of its length was written, and what that is.
    length: Length,
    /// A sealed frame on its way, up to where it went out.
    sent: Option<usize>,
    broken: Option<ConnectorError>,
    /// Who waits to write: told when the session breaks while the wire takes nothing.
    writer: Option<Waker>,
}

/// The length before a frame.
struct Length {
    bytes: [u8; FRAME],
    count: usize,
}

impl Length {
    const NONE: Self = Self {
        bytes: [0; FRAME],
        count: 0,
    };

    fn known(&self) -> Option<usize> {
        (self.count == FRAME).then(|| u32::from_be_bytes(self.bytes) as usize)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<S> {
    /// Goes on with a session; what is read first is `before`.
    pub(super) fn new(peer: Peer, wire: S, seal: Seal, before: Bytes) -> Self {
        Self {
            peer,
            wire,
            seal,
            came: BytesMut::new(),
            opened: before,
            frame: Vec::new(),
            length: Length::NONE,
            sent: None,
            broken: None,
            writer: None,
        }
    }

    /// Whether messages are encrypted.
    #[cfg(test)]
    pub(super) fn encrypts(&self) -> bool {
        self.seal.encrypts()
    }

    fn whole(&self) -> io::Result<()> {
        match &self.broken {
            Some(why) => Err(told(why.clone())),
            None => Ok(()),
        }
    }

    fn broke(&mut self, why: ConnectorError) -> io::Error {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
        told(self.broken.get_or_insert(why).clone())
    }

    /// The next frame of the wire; none at its end.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<BytesMut>>> {
        loop {
            let length = self
                .came
                .first_chunk::<FRAME>()
                .map(|length| u32::from_be_bytes(*length) as usize);
            let wanted = match length {
                None => CHUNK,
                Some(length) if length > LONGEST => {
                    let why = failures::garbled(&self.peer, "a frame is too long");
                    return Poll::Ready(Err(self.broke(why)));
                }
                Some(length) if self.came.len() >= FRAME + length => {
                    return Poll::Ready(Ok(Some(self.came.split_to(FRAME + length))));
                }
                Some(length) => FRAME + length - self.came.len(),
            };
            self.came.reserve(wanted);
            // Of a wire that gives nothing nothing is lost, so that it can be asked anew each time.
            match ready!(pin!(self.wire.read_buf(&mut self.came)).poll(cx)) {
                Ok(0) if self.came.is_empty() => return Poll::Ready(Ok(None)),
                Ok(0) => {
                    let why = failures::ended(&self.peer, "it broke off in the midst of a message");
                    return Poll::Ready(Err(self.broke(why)));
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Sends what is sealed.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(at) = self.sent {
            let rest = self.frame.get(at..).unwrap_or_default();
            if rest.is_empty() {
                self.sent = None;
                self.frame.clear();
                break;
            }
            match Pin::new(&mut self.wire).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.sent = Some(at + count),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.writer = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes in what is written, up to the end of a frame.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(length) = self.length.known() else {
            let count = bytes.len().min(FRAME - self.length.count);
            for (place, byte) in self.length.bytes.iter_mut().skip(self.length.count).zip(bytes) {
                *place = *byte;
            }
            self.length.count += count;
            if let Some(length) = self.length.known() {
                if length > LONGEST {
                    return Err(self.broke(failures::unsent(&self.peer, "it is too long")));
                }
                self.frame.reserve(HEAD + length);
                self.frame.resize(HEAD, 0);
            }
            return Ok(count);
        };
        let count = bytes.len().min(HEAD + length - self.frame.len());
        self.frame.extend(bytes.get(..count).unwrap_or_default());
        if self.frame.len() == HEAD + length {
            self.length = Length::NONE;
            match self.seal.seal(&mut self.frame) {
                Ok(at) => self.sent = Some(at),
                Err(why) => {
                    let why = failures::not_sealed(&self.peer, why);
                    return Err(self.broke(why));
                }
            }
        }
        Ok(count)
    }
}

/// As an error of a stream, which a link tells as what it is.
fn told(why: ConnectorError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Channel<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.opened.is_empty() {
            this.whole()?;
            let Some(frame) = ready!(this.poll_frame(cx))? else {
                return Poll::Ready(Ok(()));
            };
            match this.seal.open(frame) {
                Ok(Some(messages)) => this.opened = messages.freeze(),
                Ok(None) => {}
                Err(why) => {
                    let why = failures::untrusted(&this.peer, why);
                    return Poll::Ready(Err(this.broke(why)));
                }
            }
        }
        let count = this.opened.len().min(into.remaining());
        into.put_slice(this.opened.get(..count).unwrap_or_default());
        this.opened.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Channel<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.whole()?;
        ready!(this.poll_sent(cx))?;
        let taken = this.take(bytes)?;
        // Begun at once; whether it is done shows with the next bytes.
        if let Poll::Ready(Err(error)) = this.poll_sent(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.whole()?;
        ready!(this.poll_sent(cx))?;
        Pin::new(&mut this.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_sent(cx))?;
        Pin::new(&mut this.wire).poll_shutdown(cx)
    }
}
