//! What arrived and wasn't read yet: 4 MiB at most, then the other side waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use futures::stream::{BoxStream, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::tcp::{Peer, closed};

const ROOM: usize = 4 << 20;
/// What a chunk costs besides its bytes: many small ones are no way around the limit.
const EACH: usize = 64;

pub(super) struct Inbox {
    peer: Peer,
    idle: Duration,
    state: Mutex<State>,
    /// Told when something came or it ended.
    arrived: Notify,
    /// Told when something was taken.
    taken: Notify,
    /// Told once no more comes.
    ended: Notify,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Bytes>,
    cost: usize,
    end: Option<Result<(), ConnectorError>>,
    lent: bool,
}

impl Inbox {
    pub(super) fn new(peer: Peer, idle: Duration) -> Arc<Self> {
        Arc::new(Self {
            peer,
            idle,
            state: Mutex::default(),
            arrived: Notify::new(),
            taken: Notify::new(),
            ended: Notify::new(),
        })
    }

    /// Returns when there is room for more.
    pub(super) async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            if self.state.lock().cost < ROOM {
                return;
            }
            taken.await;
        }
    }

    pub(super) fn put(&self, chunk: Bytes) {
        let mut state = self.state.lock();
        state.cost += chunk.len() + EACH;
        state.chunks.push_back(chunk);
        drop(state);
        self.arrived.notify_one();
    }

    /// No more comes. What was told first holds.
    pub(super) fn end(&self, how: Result<(), ConnectorError>) {
        self.state.lock().end.get_or_insert(how);
        self.arrived.notify_one();
        self.ended.notify_one();
    }

    /// Returns when no more comes.
    pub(super) async fn ended(&self) {
        let ended = self.ended.notified();
        if self.state.lock().end.is_none() {
            ended.await;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().chunks.is_empty()
    }

    /// At most `max` bytes; none at the end.
    pub(super) async fn take(&self, max: usize) -> Result<Bytes, ConnectorError> {
        if self.state.lock().lent {
            return Err(ConnectorError::new(
                ErrorClass::Conflict,
                "tcp/lent",
                "What arrives is being read as a body; nothing else can read it until then.",
            ));
        }
        self.next(max).await
    }

    async fn next(&self, max: usize) -> Result<Bytes, ConnectorError> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(there) = self.there(max) {
                return there;
            }
            if tokio::time::timeout(self.idle, arrived).await.is_err() {
                return Err(ConnectorError::new(
                    ErrorClass::Transient,
                    "tcp/idle",
                    format!("{} sent nothing for {} s.", self.peer, self.idle.as_secs()),
                ));
            }
        }
    }

    fn there(&self, max: usize) -> Option<Result<Bytes, ConnectorError>> {
        let mut state = self.state.lock();
        let Some(mut first) = state.chunks.pop_front() else {
            return state.end.clone().map(|end| end.map(|()| Bytes::new()));
        };
        let chunk = first.split_to(max.min(first.len()));
        state.cost -= chunk.len();
        match first.is_empty() {
            true => state.cost -= EACH,
            false => state.chunks.push_front(first),
        }
        drop(state);
        self.taken.notify_one();
        Some(Ok(chunk))
    }

    /// What arrives from here on, so many bytes or all.
    pub(super) fn lend(
        self: &Arc<Self>,
        length: Option<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, ConnectorError>>, ConnectorError> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.lent, true) {
            return Err(ConnectorError::new(
                ErrorClass::Conflict,
                "tcp/lent",
                "What arrives is being read as a body already.",
            ));
        }
        drop(state);
        let lent = Lent {
            inbox: Arc::clone(self),
            over: false,
        };
        Ok(
            futures::stream::try_unfold((lent, length), |(mut lent, left)| async move {
                let max = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
                if max == 0 {
                    return Ok(None);
                }
                let chunk = lent.inbox.next(max).await?;
                if chunk.is_empty() {
                    return match left {
                        Some(_) => Err(closed(
                            &lent.inbox.peer,
                            "it broke off in the midst of what was promised",
                        )),
                        None => Ok(None),
                    };
                }
                let left = left.map(|left| left - chunk.len() as u64);
                // Given back with its last bytes: nobody may ask for what comes after them.
                if left == Some(0) {
                    lent.give_back();
                }
                Ok(Some((chunk, (lent, left))))
            })
            .boxed(),
        )
    }
}

/// Given back when all of it was read or when it is dropped, once: by then it may be somebody else's.
struct Lent {
    inbox: Arc<Inbox>,
    over: bool,
}

impl Lent {
    fn give_back(&mut self) {
        if !std::mem::replace(&mut self.over, true) {
            self.inbox.state.lock().lent = false;
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox() -> Arc<Inbox> {
        let peer = Peer {
            host: "nas".to_owned(),
            port: 22,
        };
        Inbox::new(peer, Duration::from_secs(60))
    }

    #[tokio::test]
    async fn bytes_come_in_order_and_in_the_size_that_was_asked() {
        let inbox = inbox();
        inbox.put(Bytes::from_static(b"abcdef"));
        inbox.put(Bytes::from_static(b"gh"));
        inbox.end(Ok(()));
        assert_eq!(inbox.take(4).await.unwrap(), "abcd");
        assert_eq!(inbox.take(9).await.unwrap(), "ef");
        assert_eq!(inbox.take(9).await.unwrap(), "gh");
        assert_eq!(inbox.take(9).await.unwrap(), "");
    }

    #[tokio::test]
    async fn what_was_lent_is_read_by_nobody_else() {
        let inbox = inbox();
        inbox.put(Bytes::from_static(b"bodyrest"));
        let mut body = inbox.lend(Some(4)).unwrap();
        assert_eq!(inbox.take(1).await.unwrap_err().code, "tcp/lent");
        assert!(inbox.lend(None).is_err());
        assert_eq!(body.next().await.unwrap().unwrap(), "body");
        assert_eq!(inbox.take(9).await.unwrap(), "rest");
        assert!(body.next().await.is_none());
        let next = inbox.lend(Some(4)).unwrap();
        drop(body);
        assert!(
            inbox.take(1).await.is_err(),
            "the first one doesn't give back what the next one has"
        );
        drop(next);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_no_end() {
        let inbox = inbox();
        inbox.put(Bytes::from_static(b"bo"));
        inbox.end(Ok(()));
        let mut body = inbox.lend(Some(4)).unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), "bo");
        assert_eq!(body.next().await.unwrap().unwrap_err().class, ErrorClass::Transient);
    }

    #[tokio::test]
    async fn whoever_fills_it_waits_for_room() {
        let inbox = inbox();
        inbox.put(Bytes::from(vec![0; ROOM]));
        let mut waiting = Box::pin(inbox.room());
        assert!(futures::poll!(&mut waiting).is_pending());
        inbox.take(100).await.unwrap();
        waiting.await;
    }

    #[tokio::test]
    async fn silence_ends_a_read() {
        let peer = inbox().peer.clone();
        let impatient = Inbox::new(peer, Duration::from_millis(1));
        assert_eq!(impatient.take(1).await.unwrap_err().code, "tcp/idle");
    }
}
