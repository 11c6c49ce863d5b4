//! What is there: folders in pages, and files' bytes with many reads at a time.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use camroll_connector::types::{Error, ErrorClass};
use camroll_connector::{bodies, log};

use crate::answers::{entries, status, Kind};
use crate::failures::{garbled, malformed, of_status};
use crate::listing::{of_folder, Found, Walk, PAGE};
use crate::requests::{self, access, Disposition, Handle, Sort};
use crate::session::{yes, Received, Session};

/// Bytes of entries that are asked for at a time.
const ENTRIES: u32 = 64 << 10;
/// Bytes of a file that may be on their way: what the host takes in ahead.
const AHEAD: u64 = 4 << 20;

thread_local! {
    /// What of the folder that was read last isn't told yet, so that it isn't read again for each page.
    static REST: RefCell<Option<(String, Vec<Found>)>> = const { RefCell::new(None) };
}

/// The next files of a walk.
pub fn page(session: &mut Session, walk: &mut Walk) -> Result<Vec<Found>, Error> {
    let mut files = Vec::new();
    while files.len() < PAGE && walk.0.len() <= PAGE {
        let Some((folder, after)) = walk.0.pop() else { break };
        let mut entries = match REST.take() {
            Some((known, rest)) if known == folder && after.is_some() => rest,
            _ => folder_of(session, &folder)?,
        };
        if let Some(after) = &after {
            entries.retain(|found| found.name > *after);
        }
        let rest = entries.split_off(entries.len().min(PAGE));
        if let (Some(last), false) = (entries.last(), rest.is_empty()) {
            walk.0.push((folder.clone(), Some(last.name.clone())));
            REST.set(Some((folder, rest)));
        }
        for found in entries {
            match found.attributes.kind() {
                Kind::Folder => walk.0.push((found.path, None)),
                Kind::File => files.push(found),
                Kind::Other => {}
            }
        }
    }
    Ok(files)
}

/// All of a folder; nothing of one that isn't there.
fn folder_of(session: &mut Session, folder: &str) -> Result<Vec<Found>, Error> {
    let how = (Disposition::Open, Sort::Folder);
    let handle = match session.open(folder, access::READ | access::LOOK, how) {
        Ok((handle, _)) => handle,
        Err(why) if why.class == ErrorClass::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut all = Vec::new();
    loop {
        let answer = session.ask(requests::query_directory(handle, ENTRIES))?;
        match answer.head.status {
            status::NO_MORE_FILES | status::NO_SUCH_FILE => break,
            _ => yes(&answer, folder)?,
        }
        all.extend(entries(&answer).map_err(malformed("folder"))?);
    }
    session.close(handle, folder)?;
    let (found, unreadable) = of_folder(folder, all);
    if unreadable > 0 {
        log::write(
            log::Level::Warn,
            "names that aren't text are left alone",
            &[
                ("folder".into(), folder.into()),
                ("names".into(), unreadable.to_string()),
            ],
        );
    }
    Ok(found)
}

/// Reads a file into a sink, from an offset on.
pub fn read(session: &mut Session, path: &str, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
    let how = (Disposition::Open, Sort::File);
    let (handle, attributes) = session.open(path, access::READ | access::LOOK, how)?;
    let mut reads = Reads {
        session,
        handle,
        into,
        at: offset,
        waiting: VecDeque::new(),
        early: BTreeMap::new(),
    };
    if let Err(failed) = reads.run(attributes.size, path) {
        reads.session.give_up();
        return Err(failed);
    }
    session.close(handle, path)
}

/// A file's bytes on their way here.
struct Reads<'a> {
    session: &'a mut Session,
    handle: Handle,
    into: &'a bodies::Sink,
    /// What was put into the sink reaches to here.
    at: u64,
    /// Requests without an answer, in the order of their bytes, and how many each asks for.
    waiting: VecDeque<(u64, u32)>,
    /// Answers that came before their turn.
    early: BTreeMap<u64, Vec<u8>>,
}

impl Reads<'_> {
    fn run(&mut self, size: u64, path: &str) -> Result<(), Error> {
        let mut ahead = self.at;
        while self.at < size {
            while ahead < size {
                let count = (size - ahead).min(u64::from(self.session.read_size)) as u32;
                let asked = [requests::read(self.handle, ahead, count)];
                let fits = ahead + u64::from(count) - self.at <= AHEAD && self.session.can_afford(&asked);
                if !fits && !self.waiting.is_empty() {
                    break;
                }
                let sent = self.session.send(&asked)?;
                self.waiting.extend(sent.first().map(|id| (*id, count)));
                ahead += u64::from(count);
            }
            let Some((id, count)) = self.waiting.pop_front() else {
                return Err(garbled("reading"));
            };
            self.take(id, count, path)?;
        }
        Ok(())
    }

    /// Puts one answer into the sink. Each has all that was asked for, or is a no.
    fn take(&mut self, id: u64, count: u32, path: &str) -> Result<(), Error> {
        if let Some(bytes) = self.early.remove(&id) {
            self.is_whole(bytes.len() as u32, count)?;
            self.into.write(&bytes)?;
            self.at += u64::from(count);
            return Ok(());
        }
        loop {
            match self.session.receive()? {
                Received::Data(answered, got) if answered == id => {
                    self.is_whole(got, count)?;
                    let body = self.session.data_body(got)?;
                    self.into.append(&body)?;
                    self.at += u64::from(count);
                    return Ok(());
                }
                Received::Data(answered, got) => {
                    let is_awaited = self.waiting.iter().any(|(id, _)| *id == answered);
                    if !is_awaited || self.early.contains_key(&answered) {
                        return Err(garbled("answer to nothing"));
                    }
                    let bytes = self.session.data(got)?;
                    self.early.insert(answered, bytes);
                }
                Received::Answer(answer) => match answer.head.status {
                    status::END_OF_FILE => return Err(garbled("the file became shorter while it was read")),
                    status::OK => return Err(garbled("data")),
                    code => return Err(of_status(code, path)),
                },
            }
        }
    }

    fn is_whole(&self, got: u32, count: u32) -> Result<(), Error> {
        match got == count {
            true => Ok(()),
            false => Err(garbled("the file became shorter while it was read")),
        }
    }
}
