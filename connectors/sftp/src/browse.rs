//! What is there: folders in pages, and files' bytes with many reads at a time.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use camroll_connector::types::Error;
use camroll_connector::{bodies, log};

use crate::failures::{garbled, of_reply};
use crate::listing::{of_folder, Found, Walk, PAGE};
use crate::packets::{kind, open, status, Kind, Named, Reply};
use crate::session::Session;
use camroll_connector::paths::below;

/// READDIRs under way.
const FOLDER_AHEAD: usize = 4;
/// READs under way: with 255 KiB each what the host takes in ahead.
const READS: usize = 16;

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
            match found.named.attributes.kind() {
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
    let path = below(&session.root, folder);
    let packet = session.packet(kind::OPENDIR).text(&path);
    let handle = match session.ask(packet)? {
        Reply::Handle(handle) => handle,
        Reply::Status {
            code: status::NO_SUCH_FILE,
            ..
        } => return Ok(Vec::new()),
        reply => return Err(of_reply(reply, folder)),
    };
    let mut all: Vec<Named> = Vec::new();
    let mut ended = false;
    while !ended {
        let mut packets = Vec::new();
        for _ in 0..FOLDER_AHEAD {
            packets.push(session.packet(kind::READDIR).text(&handle));
        }
        for reply in session.ask_all(packets)? {
            match reply {
                Reply::Names(names) => all.extend(names),
                Reply::Status { code: status::EOF, .. } => ended = true,
                reply => return Err(of_reply(reply, folder)),
            }
        }
    }
    let packet = session.packet(kind::CLOSE).text(&handle);
    session.done(packet, folder)?;
    let (found, unreadable) = of_folder(folder, all);
    if unreadable > 0 {
        log::write(
            log::Level::Warn,
            "names that aren't UTF-8 are left alone",
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
    let whole = below(&session.root, path);
    let packet = session.packet(kind::OPEN).text(&whole).u32(open::READ).no_attributes();
    let handle = session.open(packet, path)?;
    let packet = session.packet(kind::FSTAT).text(&handle);
    let size = match session.ask(packet)? {
        Reply::Attributes(attributes) => attributes.size.unwrap_or(0),
        reply => return Err(of_reply(reply, path)),
    };
    let mut reads = Reads {
        session,
        handle: &handle,
        into,
        at: offset,
        early: BTreeMap::new(),
    };
    let mut piece = reads.session.read_size;
    while reads.at < size {
        piece = match reads.run(size, piece) {
            Ok(piece) => piece,
            Err(failed) => {
                reads.session.give_up();
                return Err(failed);
            }
        };
    }
    let packet = session.packet(kind::CLOSE).text(&handle);
    session.done(packet, path)
}

/// A file's bytes on their way here.
struct Reads<'a> {
    session: &'a mut Session,
    handle: &'a [u8],
    into: &'a bodies::Sink,
    /// What was put into the sink reaches to here.
    at: u64,
    /// Answers that came before their turn.
    early: BTreeMap<u32, Vec<u8>>,
}

impl Reads<'_> {
    /// Reads to the end with requests of one size; after a short answer it stops, and tells the size that the server gave.
    fn run(&mut self, size: u64, piece: u32) -> Result<u32, Error> {
        let mut ahead = self.at;
        let mut waiting: VecDeque<(u32, u32)> = VecDeque::new();
        let mut short = None;
        loop {
            let mut bytes = Vec::new();
            while short.is_none() && waiting.len() < READS && ahead < size {
                let count = (size - ahead).min(u64::from(piece)) as u32;
                let packet = self.session.packet(kind::READ).text(self.handle).u64(ahead).u32(count);
                waiting.push_back((packet.id(), count));
                bytes.extend(packet.finish());
                ahead += u64::from(count);
            }
            if !bytes.is_empty() {
                self.session.send(&bytes)?;
            }
            let Some((id, count)) = waiting.pop_front() else {
                self.early.clear();
                return Ok(short.unwrap_or(piece));
            };
            // What comes after a gap is asked for again.
            let got = self.take(id, short.is_some())?;
            if short.is_none() && got < count {
                short = Some(got.max(1));
            }
        }
    }

    /// Takes one answer; how many bytes it has.
    fn take(&mut self, id: u32, drop: bool) -> Result<u32, Error> {
        if let Some(bytes) = self.early.remove(&id) {
            if !drop {
                self.into.write(&bytes)?;
                self.at += bytes.len() as u64;
            }
            return Ok(bytes.len() as u32);
        }
        loop {
            let (answered, reply) = self.session.receive()?;
            let count = match reply {
                Reply::Data(count) => count,
                Reply::Status { code: status::EOF, .. } => {
                    return Err(garbled("the file became shorter while it was read"))
                }
                reply => return Err(of_reply(reply, "reading")),
            };
            if answered == id && !drop {
                let body = self.session.data_body(count)?;
                self.into.append(&body)?;
                self.at += u64::from(count);
                return Ok(count);
            }
            let bytes = self.session.data(count)?;
            if answered == id {
                return Ok(count);
            }
            self.early.insert(answered, bytes);
        }
    }
}
