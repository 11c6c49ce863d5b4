//! Bytes to a temporary name, many writes at a time, and to disk while they go on.

use std::collections::BTreeMap;

use camroll_connector::errors::error;
use camroll_connector::paths::{draft, STAGING};
use camroll_connector::types::{Error, ErrorClass, Instant};
use camroll_connector::{bodies, log, staging, token};
use serde::{Deserialize, Serialize};

use crate::answers::{filetime, written, Answer};
use crate::failures::{garbled, malformed};
use crate::folders;
use crate::requests::{self, access, Disposition, Handle, Sort};
use crate::session::{yes, Received, Session, UNDER_WAY};

/// Bytes that may be under way: enough for a second of a fast line, little enough for a small server.
const IN_FLIGHT: u64 = 8 << 20;
/// So much is written before it is put to disk.
const CHECKPOINT: u64 = 64 << 20;
/// An upload that breaks off has what it is worth it put to disk by another connection.
const SALVAGE: u64 = 8 << 20;

/// What a broken upload goes on from.
#[derive(Serialize, Deserialize)]
struct Reached {
    bytes: u64,
}

/// A file's bytes on their way.
struct Writes<'a> {
    session: &'a mut Session,
    path: &'a str,
    handle: Handle,
    /// Requests without an answer.
    waiting: BTreeMap<u64, Write>,
    in_flight: u64,
    /// The lowest offset of a write that the server refused.
    refused: Option<u64>,
    offset: u64,
    checkpoints: Checkpoints,
}

/// Bytes that were sent, and whose answer is awaited.
struct Write {
    offset: u64,
    count: u64,
}

/// How an upload gets safe, up to where.
enum Checkpoints {
    /// Nobody keeps them.
    None,
    /// What was written is put to disk while more is written.
    Kept {
        /// The engine knows that it is safe up to here.
        told: u64,
        /// The request to do that, and up to where.
        flushing: Option<(u64, u64)>,
    },
}

/// What is to be brought.
pub struct Upload<'a> {
    pub key: &'a str,
    pub body: &'a bodies::Body,
    pub modified: Option<Instant>,
    pub checkpoint: Option<Vec<u8>>,
}

/// Brings a file's bytes to its temporary name; how many there are.
pub fn upload(session: &mut Session, upload: Upload) -> Result<u64, Error> {
    let path = draft(upload.key)?;
    folders::ensure(session, STAGING)?;
    let reached = match &upload.checkpoint {
        Some(state) => reached(session, state, &path)?,
        None => 0,
    };
    let disposition = match reached {
        0 => Disposition::Empty,
        _ => Disposition::Open,
    };
    let (handle, _) = session.open(
        &path,
        access::WRITE | access::LOOK | access::SET,
        (disposition, Sort::File),
    )?;
    let mut writes = Writes {
        session,
        path: &path,
        handle,
        waiting: BTreeMap::new(),
        in_flight: 0,
        refused: None,
        offset: reached,
        checkpoints: Checkpoints::Kept {
            told: reached,
            flushing: None,
        },
    };
    let written = match upload.body.size() {
        Some(size) => writes.known(upload.body, size),
        None => writes.unknown(upload.body),
    };
    let written = written.and_then(|()| writes.settle());
    if written.is_err() {
        writes.salvage();
    }
    let size = writes.offset;
    let concluded = written.and_then(|()| conclude(session, handle, upload.modified));
    if concluded.is_err() {
        session.give_up();
    }
    concluded.map(|()| size)
}

fn reached(session: &mut Session, state: &[u8], path: &str) -> Result<u64, Error> {
    let Ok(Reached { bytes }) = token::read::<Reached>(state) else {
        return Ok(0);
    };
    match session.look(path)? {
        Some(there) if there.size >= bytes => Ok(bytes),
        // The engine hands out nothing before the checkpoint any more, so it must hear of this.
        _ => Err(error(
            ErrorClass::Expired,
            "smb/upload-lost",
            "What was uploaded of it before is gone.",
        )),
    }
}

impl Writes<'_> {
    /// The host sends the bytes; they don't pass through here.
    fn known(&mut self, body: &bodies::Body, size: u64) -> Result<(), Error> {
        if size == 0 {
            // Also of nothing the end comes only when the source passed.
            body.read(1)?;
        }
        while self.offset < size {
            let count = (size - self.offset).min(u64::from(self.session.write_size)) as u32;
            self.begin(count)?;
            self.session.send_body(body, self.offset, count)?;
            self.offset += u64::from(count);
            if self.offset < size {
                self.keep_safe()?;
            }
        }
        Ok(())
    }

    fn unknown(&mut self, body: &bodies::Body) -> Result<(), Error> {
        loop {
            let bytes = body.read(self.session.write_size)?;
            if bytes.is_empty() {
                return Ok(());
            }
            let count = bytes.len() as u32;
            self.begin(count)?;
            self.session.send_bytes(&bytes)?;
            self.offset += u64::from(count);
        }
    }

    /// Sends what stands before so many bytes, once there is room for them.
    fn begin(&mut self, count: u32) -> Result<(), Error> {
        let request = [requests::write(self.handle, self.offset, count)];
        let bytes = u64::from(count);
        let is_full = |writes: &Self| {
            writes.waiting.len() >= UNDER_WAY
                || writes.in_flight + bytes > IN_FLIGHT
                || !writes.session.can_afford(&request)
        };
        while is_full(self) && !self.is_idle() {
            self.one()?;
        }
        let sent = self.session.send_before(&request, count)?;
        let write = Write {
            offset: self.offset,
            count: bytes,
        };
        self.waiting.extend(sent.first().map(|id| (*id, write)));
        self.in_flight += bytes;
        Ok(())
    }

    fn is_idle(&self) -> bool {
        let is_flushing = matches!(self.checkpoints, Checkpoints::Kept { flushing: Some(_), .. });
        self.waiting.is_empty() && !is_flushing
    }

    fn one(&mut self) -> Result<(), Error> {
        let Received::Answer(answer) = self.session.receive()? else {
            return Err(garbled("data that nobody asked for"));
        };
        let id = answer.head.id;
        if let Checkpoints::Kept { flushing, .. } = &mut self.checkpoints {
            if let Some((_, up_to)) = flushing.take_if(|(flushing, _)| *flushing == id) {
                yes(&answer, "writing to disk")?;
                return self.tell(up_to);
            }
        }
        let write = self.waiting.remove(&id).ok_or_else(|| garbled("answer to nothing"))?;
        self.in_flight -= write.count;
        let done = whole(&answer, write.count);
        if done.is_err() {
            let before = self.refused.unwrap_or(write.offset);
            self.refused = Some(before.min(write.offset));
        }
        done
    }

    /// Waits for all answers; the first that says no is told.
    fn settle(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        while !self.is_idle() {
            let before = (self.waiting.len(), self.is_flushing());
            first = first.and(self.one());
            // No answer came, and none will.
            if (self.waiting.len(), self.is_flushing()) == before {
                break;
            }
        }
        first
    }

    fn is_flushing(&self) -> bool {
        matches!(self.checkpoints, Checkpoints::Kept { flushing: Some(_), .. })
    }

    /// Up to where the server says that all was written: it works on several requests at a time.
    fn written(&self) -> u64 {
        let waiting = self.waiting.values().map(|write| write.offset);
        waiting.chain(self.refused).min().unwrap_or(self.offset)
    }

    /// Sees to it that what was written gets safe.
    fn keep_safe(&mut self) -> Result<(), Error> {
        let written = self.written();
        match self.checkpoints {
            Checkpoints::Kept { told, flushing: None } if written - told >= CHECKPOINT => self.flush(written),
            _ => Ok(()),
        }
    }

    fn flush(&mut self, up_to: u64) -> Result<(), Error> {
        let request = [requests::flush(self.handle)];
        while !self.session.can_afford(&request) && !self.waiting.is_empty() {
            self.one()?;
        }
        let sent = self.session.send(&request)?;
        if let Checkpoints::Kept { flushing, .. } = &mut self.checkpoints {
            *flushing = sent.first().map(|id| (*id, up_to));
        }
        Ok(())
    }

    /// Has what was written of an upload that broke off put to disk, and tells the engine of it.
    fn salvage(&mut self) {
        // Why it broke off is told elsewhere; whatever fails here only means that more is sent again.
        let _ = self.settle();
        let written = self.written();
        let Checkpoints::Kept { told, .. } = self.checkpoints else {
            return;
        };
        if written.saturating_sub(told) < SALVAGE {
            return;
        }
        let flushed = Session::fresh().and_then(|mut fresh| {
            let how = (Disposition::Open, Sort::File);
            let (handle, _) = fresh.open(self.path, access::WRITE | access::LOOK, how)?;
            yes(&fresh.ask(requests::flush(handle))?, "writing to disk")?;
            fresh.close(handle, "closing")
        });
        if flushed.is_ok() {
            let _ = self.tell(written);
        }
    }

    /// Tells the engine that the upload can go on from there.
    fn tell(&mut self, bytes: u64) -> Result<(), Error> {
        let state = token::write(&Reached { bytes });
        if let Checkpoints::Kept { told, .. } = &mut self.checkpoints {
            *told = bytes;
        }
        match staging::save(&state, bytes) {
            Err(why) if why.class == ErrorClass::Unsupported => {
                self.checkpoints = Checkpoints::None;
                Ok(())
            }
            saved => saved,
        }
    }
}

/// A yes to all of a write.
fn whole(answer: &Answer, count: u64) -> Result<(), Error> {
    yes(answer, "writing")?;
    match u64::from(written(answer).map_err(malformed("writing"))?) == count {
        true => Ok(()),
        // Only where there is no room for the rest.
        false => Err(crate::failures::of_status(crate::answers::status::DISK_FULL, "writing")),
    }
}

fn conclude(session: &mut Session, handle: Handle, modified: Option<Instant>) -> Result<(), Error> {
    let mut asked = Vec::new();
    if let Some(time) = modified {
        let time = filetime(time.seconds, time.nanoseconds);
        asked.push(vec![requests::set_modified(handle, time)]);
    }
    asked.push(vec![requests::flush(handle), requests::close(handle)]);
    let mut answers = session.ask_all(asked)?.into_iter();
    if modified.is_some() {
        let set = answers.next().unwrap_or_default();
        if let Some(Err(why)) = set.first().map(|answer| yes(answer, "setting the time")) {
            log::write(
                log::Level::Info,
                "the server doesn't keep the time that a file should have",
                &[("why".into(), why.message)],
            );
        }
    }
    let ended = answers.next().unwrap_or_default();
    let [flushed, closed] = ended.as_slice() else {
        return Err(garbled("closing"));
    };
    yes(flushed, "writing to disk").and_then(|()| yes(closed, "closing"))
}

/// Takes temporary files away; one that isn't there is taken away already.
pub fn discard(session: &mut Session, keys: &[String]) -> Result<Vec<Result<(), Error>>, Error> {
    let drafts = keys.iter().map(|key| draft(key)).collect::<Result<Vec<_>, _>>()?;
    let changes: Vec<_> = drafts
        .iter()
        .map(|draft| (draft.as_str(), requests::remove(Handle::BEFORE)))
        .collect();
    let removed = session.change_all(&changes)?;
    Ok(removed
        .into_iter()
        .map(|removed| match removed {
            Err(why) if why.class == ErrorClass::NotFound => Ok(()),
            removed => removed,
        })
        .collect())
}
