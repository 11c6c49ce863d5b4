//! Bytes to a temporary name, many writes at a time, and to disk while they go on.

use camroll_connector::types::{Error, ErrorClass, Instant};
use camroll_connector::{bodies, clock, log, staging, token};
use serde::{Deserialize, Serialize};

use crate::failures::full;
use crate::folders;
use crate::lanes::{Draft, Lanes};
use crate::packets::{kind, open, status, Reply};
use crate::session::{yes, Session};
use crate::syncing::Syncing;
use camroll_connector::paths::{below, draft, STAGING};

/// An upload that breaks off goes on from the last multiple of it that is safe.
const CHECKPOINT: u64 = 64 << 20;

/// How often it is looked whether a file came back, with a second before each look: rclone waits for a second for writes that are missing.
const LOOKS: u32 = 5;

/// What a broken upload goes on from.
#[derive(Serialize, Deserialize)]
struct Reached {
    bytes: u64,
}

/// A file's bytes on their way.
struct Writes<'a> {
    lanes: Lanes<'a>,
    path: String,
    offset: u64,
    checkpoints: Checkpoints,
}

/// How an upload gets safe, up to where.
enum Checkpoints {
    /// Nobody goes on from one: the server can't make bytes safe, or nobody keeps them.
    None,
    /// All stops for each: there is no second connection.
    Halting { last: u64 },
    /// What was written up to the mark is synced by a second connection, once all of it was answered.
    Beside {
        last: u64,
        mark: Option<u64>,
        syncing: Option<Syncing>,
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
    let path = below(&session.root, &draft(upload.key)?);
    folders::ensure(session, STAGING)?;
    let reached = match &upload.checkpoint {
        Some(state) if goes_on(session) => reached(session, state, &path)?,
        _ => 0,
    };
    let mut how = open::WRITE | open::CREATE;
    if reached == 0 {
        how |= open::TRUNCATE;
    }
    let checkpoints = match goes_on(session) {
        true => Checkpoints::Beside {
            last: reached,
            mark: None,
            syncing: None,
        },
        false => Checkpoints::None,
    };
    let draft = Draft {
        path: &path,
        // A server that can't be gone on at gets no writes at several offsets either.
        to_come: upload
            .body
            .size()
            .filter(|_| goes_on(session))
            .map(|size| size.saturating_sub(reached)),
        how,
    };
    let lanes = Lanes::open(session, &draft)?;
    let mut writes = Writes {
        lanes,
        path,
        offset: reached,
        checkpoints,
    };
    let written = match upload.body.size() {
        Some(size) => writes.known(upload.body, size),
        None => writes.unknown(upload.body),
    };
    let written = written.and_then(|()| writes.lanes.settle());
    if written.is_err() {
        writes.salvage();
    }
    let size = writes.offset;
    let closed = written.and_then(|()| writes.lanes.close_second());
    drop(writes);
    let handle = match closed {
        Ok(handle) => handle,
        Err(failed) => return Err(abandon(session, failed, upload.body.size())),
    };
    // rclone writes late, so a full disk may show only when the file is closed.
    match conclude(session, &handle, upload.modified) {
        Ok(()) => Ok(size),
        Err(failed) => Err(abandon(session, failed, Some(size))),
    }
}

/// Only where writing at an offset is known to work, and what was written is known to be on disk.
pub fn goes_on(session: &Session) -> bool {
    session.can("fsync@openssh.com")
}

fn reached(session: &mut Session, state: &[u8], path: &str) -> Result<u64, Error> {
    let Ok(Reached { bytes }) = token::read::<Reached>(state) else {
        return Ok(0);
    };
    let there = session.look(path)?.and_then(|attributes| attributes.size);
    Ok(match there {
        Some(size) if size >= bytes => bytes,
        // The engine hands out nothing before the checkpoint any more, so it must hear of this.
        _ => {
            return Err(camroll_connector::errors::error(
                ErrorClass::Expired,
                "sftp/upload-lost",
                "What was uploaded of it before is gone.",
            ))
        }
    })
}

impl Writes<'_> {
    /// The host sends the bytes; they don't pass through here.
    fn known(&mut self, body: &bodies::Body, size: u64) -> Result<(), Error> {
        if size == 0 {
            // Also of nothing the end comes only when the source passed.
            body.read(1)?;
        }
        while self.offset < size {
            let offset = self.offset;
            let count = (size - offset).min(u64::from(self.lanes.write_size())) as u32;
            self.lanes.write(offset, count, |session, header| {
                session.send(&header.before(count))?;
                session.send_body(body, offset, count)
            })?;
            self.offset += u64::from(count);
            if self.offset < size {
                self.keep_safe()?;
            }
        }
        Ok(())
    }

    fn unknown(&mut self, body: &bodies::Body) -> Result<(), Error> {
        loop {
            let bytes = body.read(self.lanes.write_size())?;
            if bytes.is_empty() {
                return Ok(());
            }
            let count = bytes.len() as u32;
            self.lanes.write(self.offset, count, |session, header| {
                let mut packet = header.before(count);
                packet.extend(bytes);
                session.send(&packet)
            })?;
            self.offset += u64::from(count);
        }
    }

    /// Sees to it that what was written gets safe, and tells the engine what is.
    fn keep_safe(&mut self) -> Result<(), Error> {
        let offset = self.offset;
        match &mut self.checkpoints {
            Checkpoints::None => Ok(()),
            Checkpoints::Halting { last } => {
                if offset - *last < CHECKPOINT {
                    return Ok(());
                }
                *last = offset;
                self.halt()
            }
            Checkpoints::Beside { last, mark, syncing } => {
                if mark.is_none() && offset - *last >= CHECKPOINT {
                    (*last, *mark) = (offset, Some(offset));
                }
                let Some(up_to) = mark.filter(|mark| self.lanes.has_written(*mark)) else {
                    return Ok(());
                };
                *mark = None;
                let (last, kept) = (*last, syncing.take());
                self.sync_beside(kept, up_to, last)
            }
        }
    }

    /// Has it synced by the second connection, and tells the engine what that has synced before.
    fn sync_beside(&mut self, kept: Option<Syncing>, up_to: u64, last: u64) -> Result<(), Error> {
        let begun = match kept {
            None => Syncing::open(&self.path).map(|syncing| (syncing, None)),
            // Whoever writes faster than the disk waits here.
            Some(mut syncing) => syncing.synced().map(|synced| (syncing, Some(synced))),
        };
        let begun = begun.and_then(|(mut syncing, synced)| syncing.begin(up_to).map(|()| (syncing, synced)));
        let (syncing, synced) = match begun {
            Ok(begun) => begun,
            Err(why) => {
                log::write(
                    log::Level::Info,
                    "a second connection doesn't sync what the first one writes; it halts for that from now on",
                    &[("why".into(), why.message)],
                );
                self.checkpoints = Checkpoints::Halting { last };
                return self.halt();
            }
        };
        self.checkpoints = Checkpoints::Beside {
            last,
            mark: None,
            syncing: Some(syncing),
        };
        match synced {
            Some(bytes) => self.tell(bytes),
            None => Ok(()),
        }
    }

    /// Tells the engine what is safe of an upload that broke off, or can be made so yet.
    fn salvage(&mut self) {
        // Why it broke off is told elsewhere; whatever fails here only means that more is sent again.
        let _ = self.lanes.settle();
        let Checkpoints::Beside { mark, syncing, .. } = std::mem::replace(&mut self.checkpoints, Checkpoints::None)
        else {
            return;
        };
        let mark = mark.filter(|mark| self.lanes.has_written(*mark));
        let synced = match (syncing, mark) {
            (Some(mut syncing), mark) => syncing.synced().and_then(|synced| match mark {
                Some(mark) => syncing.begin(mark).and_then(|()| syncing.synced()),
                None => Ok(synced),
            }),
            (None, Some(mark)) => {
                Syncing::open(&self.path).and_then(|mut syncing| syncing.begin(mark).and_then(|()| syncing.synced()))
            }
            (None, None) => return,
        };
        if let Ok(bytes) = synced {
            let _ = self.tell(bytes);
        }
    }

    /// Waits for all answers, and until what was written is on disk.
    fn halt(&mut self) -> Result<(), Error> {
        self.lanes.settle()?;
        let handle = self.lanes.handle().to_owned();
        let session = self.lanes.session();
        let packet = session.packet(kind::EXTENDED).text("fsync@openssh.com").text(&handle);
        yes(session.ask(packet)?, "writing to disk")?;
        self.tell(self.offset)
    }

    /// Tells the engine that the upload can go on from there.
    fn tell(&mut self, bytes: u64) -> Result<(), Error> {
        let state = token::write(&Reached { bytes });
        match staging::save(&state, bytes) {
            Err(why) if why.class == ErrorClass::Unsupported => {
                self.checkpoints = Checkpoints::None;
                Ok(())
            }
            saved => saved,
        }
    }
}

/// Why a file wasn't taken. The connection is given up with whatever is under way on it.
fn abandon(session: &mut Session, failed: Error, size: Option<u64>) -> Error {
    session.give_up();
    if failed.code != "sftp/failure" {
        return failed;
    }
    // Version 3 has no word for a full disk, so it is asked for its space.
    match Session::fresh().and_then(|mut fresh| fresh.volume()) {
        Ok(Some((free, _))) if free < size.unwrap_or(1) => full(free),
        _ => failed,
    }
}

fn conclude(session: &mut Session, handle: &[u8], modified: Option<Instant>) -> Result<(), Error> {
    let mut packets = Vec::new();
    if let Some(time) = modified {
        // Version 3 counts from 1970 in 32 bits.
        let seconds = u32::try_from(time.seconds.max(0)).unwrap_or(u32::MAX);
        packets.push(session.packet(kind::FSETSTAT).text(handle).times(seconds));
    }
    let syncs = session.can("fsync@openssh.com");
    if syncs {
        packets.push(session.packet(kind::EXTENDED).text("fsync@openssh.com").text(handle));
    }
    packets.push(session.packet(kind::CLOSE).text(handle));
    let mut replies = session.ask_all(packets)?.into_iter();
    if modified.is_some() {
        if let Some(Err(why)) = replies.next().map(|reply| yes(reply, "setting the time")) {
            log::write(
                log::Level::Info,
                "the server doesn't keep the time that a file should have",
                &[("why".into(), why.message)],
            );
        }
    }
    if syncs {
        if let Some(Reply::Status { code, message }) = replies.next() {
            if code != status::OK && code != status::UNSUPPORTED {
                return Err(crate::failures::of_status(code, &message, "writing to disk"));
            }
        }
    }
    replies.next().map_or(Ok(()), |reply| yes(reply, "closing"))
}

/// A temporary file that is to go.
pub struct Leftover {
    /// Its key.
    pub key: String,
    /// Whether its upload came to its end: nobody writes to it any more.
    pub ended: bool,
}

/// Takes temporary files away; one that isn't there is taken away already.
///
/// A file whose upload was cut off may come back: rclone's server says yes to the REMOVE of a file that it still writes, and puts what it got there when it notices that the other connection
/// is gone (rclone, vfs/write.go, `close`). OpenSSH's stay away.
pub fn discard(session: &mut Session, leftovers: &[Leftover]) -> Result<Vec<Result<(), Error>>, Error> {
    let all: Vec<&str> = leftovers.iter().map(|leftover| leftover.key.as_str()).collect();
    let removed = remove(session, &all)?;
    if goes_on(session) {
        return Ok(removed);
    }
    let cut_off = leftovers.iter().filter(|leftover| !leftover.ended);
    let mut back: Vec<&str> = cut_off.map(|leftover| leftover.key.as_str()).collect();
    for _ in 0..LOOKS {
        if back.is_empty() {
            break;
        }
        clock::wait(1)?;
        let mut again = Vec::new();
        for key in back {
            let path = below(&session.root, &draft(key)?);
            if session.look(&path)?.is_some() {
                again.push(key);
            }
        }
        // How it goes is seen with the next look.
        remove(session, &again)?;
        back = again;
    }
    Ok(removed)
}

fn remove(session: &mut Session, keys: &[&str]) -> Result<Vec<Result<(), Error>>, Error> {
    let mut packets = Vec::new();
    for key in keys {
        let path = below(&session.root, &draft(key)?);
        packets.push(session.packet(kind::REMOVE).text(path));
    }
    let replies = session.ask_all(packets)?;
    Ok(replies
        .into_iter()
        .map(|reply| match yes(reply, "a temporary file") {
            Err(why) if why.class == ErrorClass::NotFound => Ok(()),
            removed => removed,
        })
        .collect())
}
