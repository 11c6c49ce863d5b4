//! A run of bytes as they came from the socket, uncopied, big enough that handing it to another thread costs nothing.

use bytes::{Bytes, BytesMut};
use tokio::sync::OwnedSemaphorePermit;

/// Bytes that a block holds at least before it is passed on.
pub(crate) const BLOCK: usize = 128 << 10;
/// Pieces smaller than this are copied together: a list of tiny ones would cost more than the copy.
const COPIED_BELOW: usize = 4 << 10;

/// Bytes, and the part of the window that they take until everybody who needs them is done.
pub(crate) struct Block {
    parts: Vec<Bytes>,
    len: usize,
    _window: Option<OwnedSemaphorePermit>,
}

impl Block {
    /// Of bytes that are in memory anyway.
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self {
            len: bytes.len(),
            parts: vec![bytes],
            _window: None,
        }
    }

    pub(crate) fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// A block that is being filled.
#[derive(Default)]
pub(crate) struct Filling {
    parts: Vec<Bytes>,
    tail: BytesMut,
    len: usize,
    window: Option<OwnedSemaphorePermit>,
}

impl Filling {
    pub(crate) fn push(&mut self, bytes: Bytes, window: Option<OwnedSemaphorePermit>) {
        self.len += bytes.len();
        if bytes.len() < COPIED_BELOW {
            self.tail.extend_from_slice(&bytes);
        } else {
            self.close_tail();
            self.parts.push(bytes);
        }
        match (&mut self.window, window) {
            (Some(held), Some(more)) => held.merge(more),
            (held @ None, more) => *held = more,
            (Some(_), None) => {}
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len >= BLOCK
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn take(&mut self) -> Block {
        self.close_tail();
        let filled = std::mem::take(self);
        Block {
            parts: filled.parts,
            len: filled.len,
            _window: filled.window,
        }
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.parts.push(self.tail.split().freeze());
        }
    }
}
