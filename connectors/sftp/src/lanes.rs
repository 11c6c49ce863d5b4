//! The connections that a file's writes go over. A server takes only so much of a channel that it didn't answer for yet (OpenSSH 2 MiB), so over a long line one connection carries that much
//! in each round trip, however fast the line is; two carry twice as much.

use std::collections::BTreeMap;
use std::ops::DerefMut;

use camroll_connector::types::{Error, Instant};
use camroll_connector::{clock, log};

use crate::failures::garbled;
use crate::packets::{kind, open, Packet};
use crate::session::{yes, Session, UNDER_WAY};

/// Bytes that may be under way on each: enough for a second of a fast line, little enough for a small server.
const IN_FLIGHT: u64 = 8 << 20;
/// Files below it, bytes, are there before a second connection is made.
const LARGE: u64 = 64 << 20;
/// A server that takes so long for an answer, nanoseconds, is far away: 2 MiB in each such time are 400 MB/s, and nearer ones have more.
const FAR: i128 = 5_000_000;

/// A handle of the file on a connection, and what was written by it.
struct Lane<'a> {
    session: Box<dyn DerefMut<Target = Session> + 'a>,
    handle: Vec<u8>,
    /// Requests without an answer.
    waiting: BTreeMap<u32, Write>,
    in_flight: u64,
}

/// Bytes that were sent, and whose answer is awaited.
struct Write {
    offset: u64,
    count: u64,
}

/// One connection or two.
pub struct Lanes<'a> {
    first: Lane<'a>,
    second: Option<Lane<'a>>,
    /// Whose turn it is.
    next: Turn,
    /// The lowest offset of a write that the server refused.
    refused: Option<u64>,
}

#[derive(Clone, Copy)]
enum Turn {
    First,
    Second,
}

/// What is to be written.
pub struct Draft<'a> {
    pub path: &'a str,
    /// Bytes that are still to come, where that is known.
    pub to_come: Option<u64>,
    /// How it is opened.
    pub how: u32,
}

impl<'a> Lanes<'a> {
    /// Opens the file.
    pub fn open(session: &'a mut Session, draft: &Draft) -> Result<Self, Error> {
        let began = clock::now();
        let first = Lane::open(Box::new(session), draft.path, draft.how)?;
        let is_far = nanoseconds(clock::now()) - nanoseconds(began) >= FAR;
        let is_large = draft.to_come.is_some_and(|bytes| bytes >= LARGE);
        let second = if is_far && is_large { beside(draft.path) } else { None };
        Ok(Self {
            first,
            second,
            next: Turn::First,
            refused: None,
        })
    }

    /// The connection that came with the call.
    pub fn session(&mut self) -> &mut Session {
        &mut self.first.session
    }

    /// The file's handle on it.
    pub fn handle(&self) -> &[u8] {
        &self.first.handle
    }

    /// Bytes of a write.
    pub fn write_size(&self) -> u32 {
        self.first.session.write_size
    }

    /// Begins a write on the connection whose turn it is, when that has room; `send` sends its header and its bytes.
    pub fn write(
        &mut self,
        offset: u64,
        count: u32,
        send: impl FnOnce(&mut Session, Packet) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let lane = match (self.next, &mut self.second) {
            (Turn::Second, Some(second)) => {
                self.next = Turn::First;
                second
            }
            _ => {
                self.next = Turn::Second;
                &mut self.first
            }
        };
        while lane.is_full(u64::from(count)) {
            lane.one(&mut self.refused)?;
        }
        let header = lane.begin(offset, count);
        send(&mut lane.session, header)
    }

    /// Waits for all answers; the first that says no is told.
    pub fn settle(&mut self) -> Result<(), Error> {
        let first = self.first.settle(&mut self.refused);
        let second = self.second.as_mut().map(|lane| lane.settle(&mut self.refused));
        first.and(second.unwrap_or(Ok(())))
    }

    /// Whether all before an offset was sent and answered by a yes. A server may work on several requests at a time: only what it answered was written.
    pub fn has_written(&self, up_to: u64) -> bool {
        let lanes = [Some(&self.first), self.second.as_ref()].into_iter().flatten();
        let waiting = lanes.flat_map(|lane| lane.waiting.values().map(|write| write.offset));
        waiting.chain(self.refused).all(|offset| offset >= up_to)
    }

    /// Closes the second connection's handle, before the first one sets the file's time and closes its own: gives that.
    pub fn close_second(&mut self) -> Result<Vec<u8>, Error> {
        if let Some(mut second) = self.second.take() {
            let packet = second.session.packet(kind::CLOSE).text(&second.handle);
            second.session.done(packet, "closing")?;
        }
        Ok(std::mem::take(&mut self.first.handle))
    }
}

/// The same file on a connection of its own; none where the server gives none, which only makes it slower.
fn beside<'a>(path: &str) -> Option<Lane<'a>> {
    let opened = Session::fresh().and_then(|session| Lane::open(Box::new(Box::new(session)), path, open::WRITE));
    match opened {
        Ok(lane) => Some(lane),
        Err(why) => {
            log::write(
                log::Level::Info,
                "there is no second connection for a large file's bytes",
                &[("why".into(), why.message)],
            );
            None
        }
    }
}

impl<'a> Lane<'a> {
    fn open(mut session: Box<dyn DerefMut<Target = Session> + 'a>, path: &str, how: u32) -> Result<Self, Error> {
        let packet = session.packet(kind::OPEN).text(path).u32(how).no_attributes();
        let handle = session.open(packet, "a temporary file")?;
        Ok(Self {
            session,
            handle,
            waiting: BTreeMap::new(),
            in_flight: 0,
        })
    }

    fn is_full(&self, count: u64) -> bool {
        self.waiting.len() >= UNDER_WAY || (self.in_flight + count > IN_FLIGHT && self.in_flight > 0)
    }

    fn begin(&mut self, offset: u64, count: u32) -> Packet {
        let packet = self
            .session
            .packet(kind::WRITE)
            .text(&self.handle)
            .u64(offset)
            .u32(count);
        let count = u64::from(count);
        self.waiting.insert(packet.id(), Write { offset, count });
        self.in_flight += count;
        packet
    }

    fn one(&mut self, refused: &mut Option<u64>) -> Result<(), Error> {
        let (id, reply) = self.session.receive()?;
        let write = self.waiting.remove(&id).ok_or_else(|| garbled("answer to nothing"))?;
        self.in_flight -= write.count;
        let written = yes(reply, "writing");
        if written.is_err() {
            let before = refused.unwrap_or(write.offset);
            *refused = Some(before.min(write.offset));
        }
        written
    }

    fn settle(&mut self, refused: &mut Option<u64>) -> Result<(), Error> {
        let mut first = Ok(());
        while !self.waiting.is_empty() {
            let before = self.waiting.len();
            first = first.and(self.one(refused));
            // No answer came, and none will.
            if self.waiting.len() == before {
                break;
            }
        }
        first
    }
}

fn nanoseconds(time: Instant) -> i128 {
    i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds)
}
