//! The connection of an instance: made when it is first needed, kept from call to call, made anew when it broke.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};
use camroll_connector::{bodies, clock, tcp};
use serde::Deserialize;

use crate::failures::{ended, garbled, malformed, of_reply};
use crate::packets::{extensions, init, kind, Attributes, Fields, Kind, Packet, Reply, LIMIT};

/// What every server takes and gives at a time, and the most that is asked of one that takes more.
const ORDINARY: u32 = 32 << 10;
const MOST: u32 = 255 << 10;
/// Requests that may be under way.
pub const UNDER_WAY: usize = 64;
/// A connection that wasn't used for so many seconds is asked whether it lives.
const FRESH: i64 = 20;

#[derive(Deserialize)]
struct Settings {
    host: String,
    port: Option<u16>,
    user: String,
    path: Option<String>,
}

thread_local! {
    static SETTINGS: RefCell<Option<Settings>> = const { RefCell::new(None) };
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// How a name is given that nothing has.
#[derive(Clone, Copy, PartialEq)]
pub enum Naming {
    /// RENAME refuses where something stands.
    Rename,
    /// RENAME would replace it, a second name doesn't.
    Link,
    /// RENAME would replace it, and there is nothing else: it is looked before.
    Look,
}

/// A connection to the server, with what is known of it.
pub struct Session {
    connection: tcp::Connection,
    next: u32,
    extensions: Vec<String>,
    /// The folder that paths are below.
    pub root: String,
    /// Bytes of a READ and of a WRITE.
    pub read_size: u32,
    pub write_size: u32,
    /// Folders that are there.
    pub folders: BTreeSet<String>,
    /// Once it was tried.
    pub naming: Option<Naming>,
    used: i64,
    /// Nobody knows any more which bytes belong to which answer.
    broken: bool,
}

/// Takes the settings.
pub fn settings(text: &str) -> Result<(), Error> {
    let settings: Settings = serde_json::from_str(text)
        .map_err(|why| error(ErrorClass::InvalidSetting, "sftp/settings", why.to_string()))?;
    SETTINGS.set(Some(settings));
    Ok(())
}

/// For people: who and where.
pub fn name() -> String {
    SETTINGS.with_borrow(|settings| match settings {
        Some(settings) => format!(
            "{}@{}:{}",
            settings.user,
            settings.host,
            settings.path.as_deref().unwrap_or(".")
        ),
        None => String::new(),
    })
}

/// Works over a connection that lives.
pub fn with<T>(work: impl FnOnce(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
    let kept = SESSION.take().and_then(Session::if_it_lives);
    let mut session = match kept {
        Some(session) => session,
        None => Session::fresh()?,
    };
    let result = work(&mut session);
    session.used = clock::now().seconds;
    if !session.broken {
        SESSION.set(Some(session));
    }
    result
}

impl Session {
    /// A connection of its own.
    pub fn fresh() -> Result<Self, Error> {
        let (connection, path) = SETTINGS.with_borrow(|settings| {
            let settings = settings
                .as_ref()
                .ok_or_else(|| error(ErrorClass::InvalidSetting, "sftp/settings", "There are no settings."))?;
            let connection = tcp::connect(&settings.host, settings.port.unwrap_or(22), "ssh", Some("sftp"))?;
            Ok((connection, settings.path.clone().unwrap_or_else(|| ".".into())))
        })?;
        let mut session = Self {
            connection,
            next: 1,
            extensions: Vec::new(),
            root: String::new(),
            read_size: ORDINARY,
            write_size: ORDINARY,
            folders: BTreeSet::new(),
            naming: None,
            used: clock::now().seconds,
            broken: false,
        };
        session.greet()?;
        session.limits()?;
        session.find_root(&path)?;
        Ok(session)
    }

    fn greet(&mut self) -> Result<(), Error> {
        self.connection.write(&init())?;
        let head = self.exactly(5)?;
        let (length, kind) = (Fields::new(&head).u32().map_err(malformed("greeting"))?, head[4]);
        if kind != kind::VERSION || !(5..=LIMIT as u32).contains(&length) {
            return Err(garbled("greeting"));
        }
        let told = self.exactly(length as usize - 1)?;
        let (version, known) = extensions(&told).map_err(malformed("greeting"))?;
        if version != 3 {
            return Err(error(
                ErrorClass::Unsupported,
                "sftp/version",
                format!("The server speaks version {version} of SFTP, and camroll version 3."),
            ));
        }
        self.extensions = known.into_iter().map(|(name, _)| name).collect();
        Ok(())
    }

    /// How much it takes and gives at a time.
    fn limits(&mut self) -> Result<(), Error> {
        if !self.can("limits@openssh.com") {
            return Ok(());
        }
        let packet = self.packet(kind::EXTENDED).text("limits@openssh.com");
        let Reply::Extended(told) = self.ask(packet)? else {
            return Ok(());
        };
        let mut fields = Fields::new(&told);
        let mut next = || fields.u64().map_err(malformed("limits"));
        let (_packet, read, write) = (next()?, next()?, next()?);
        let within = |told: u64| match told {
            0 => ORDINARY,
            told => told.min(u64::from(MOST)) as u32,
        };
        (self.read_size, self.write_size) = (within(read), within(write));
        Ok(())
    }

    fn find_root(&mut self, path: &str) -> Result<(), Error> {
        let packet = self.packet(kind::REALPATH).text(path);
        self.root = match self.ask(packet)? {
            Reply::Names(names) if names.len() == 1 => {
                String::from_utf8(names[0].name.clone()).map_err(|_| garbled("path"))?
            }
            reply => return Err(self.no_folder(path, reply)),
        };
        let packet = self.packet(kind::STAT).text(&self.root);
        match self.ask(packet)? {
            Reply::Attributes(attributes) if attributes.kind() == Kind::Folder => Ok(()),
            reply => Err(self.no_folder(path, reply)),
        }
    }

    fn no_folder(&self, path: &str, reply: Reply) -> Error {
        let why = match of_reply(reply, "path") {
            why if why.class == ErrorClass::NotFound => return error(
                ErrorClass::NotFound,
                "sftp/no-folder",
                format!("The folder {path} isn't there. camroll doesn't make it: make it yourself, or see that its disk is mounted."),
            ),
            why => why,
        };
        match why.class {
            ErrorClass::Unexpected => error(
                ErrorClass::InvalidSetting,
                "sftp/no-folder",
                format!("{path} on the server isn't a folder."),
            ),
            _ => why,
        }
    }

    fn if_it_lives(mut self) -> Option<Self> {
        if clock::now().seconds - self.used >= FRESH {
            let packet = self.packet(kind::REALPATH).text(".");
            self.ask(packet).ok()?;
        }
        Some(self)
    }

    /// What is under way on it is nobody's any more.
    pub fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether it knows an extension.
    pub fn can(&self, extension: &str) -> bool {
        self.extensions.iter().any(|known| known == extension)
    }

    /// Begins a request.
    pub fn packet(&mut self, kind: u8) -> Packet {
        self.next = self.next.wrapping_add(1);
        Packet::new(kind, self.next)
    }

    /// Sends bytes of requests.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let sent = self.connection.write(bytes);
        self.sound(sent)
    }

    /// Sends a range of a file's content, behind the header of its request.
    pub fn send_body(&mut self, body: &bodies::Body, offset: u64, length: u32) -> Result<(), Error> {
        let sent = self.connection.write_body(body, offset, Some(u64::from(length)));
        self.sound(sent)
    }

    fn sound<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.broken |= result.is_err();
        result
    }

    fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            let read = self.connection.read((count - all.len()) as u32);
            let more = self.sound(read)?;
            if more.is_empty() {
                return self.sound(Err(ended()));
            }
            all.extend(more);
        }
        Ok(all)
    }

    /// The next answer and what it answers. After `Reply::Data` its bytes must be read.
    pub fn receive(&mut self) -> Result<(u32, Reply), Error> {
        let received = self.received();
        self.sound(received)
    }

    fn received(&mut self) -> Result<(u32, Reply), Error> {
        let head = self.exactly(9)?;
        let mut fields = Fields::new(&head);
        let length = fields.u32().map_err(malformed("answer"))?;
        let (kind, mut id) = (head[4], Fields::new(&head[5..]));
        let id = id.u32().map_err(malformed("answer"))?;
        if !(5..=LIMIT as u32).contains(&length) {
            return Err(garbled("answer"));
        }
        if kind == kind::DATA {
            let count = Fields::new(&self.exactly(4)?).u32().map_err(malformed("data"))?;
            if count.checked_add(9) != Some(length) {
                return Err(garbled("data"));
            }
            return Ok((id, Reply::Data(count)));
        }
        let rest = self.exactly(length as usize - 5)?;
        Ok((id, Reply::read(kind, &rest).map_err(malformed("answer"))?))
    }

    /// The bytes of an answer, as a body of the host's.
    pub fn data_body(&mut self, count: u32) -> Result<bodies::Body, Error> {
        let lent = self.connection.read_body(Some(u64::from(count)));
        self.sound(lent)
    }

    /// The bytes of an answer themselves.
    pub fn data(&mut self, count: u32) -> Result<Vec<u8>, Error> {
        self.exactly(count as usize)
    }

    /// Asks one thing.
    pub fn ask(&mut self, packet: Packet) -> Result<Reply, Error> {
        let replies = self.ask_all(vec![packet])?;
        replies.into_iter().next().ok_or_else(|| garbled("answer"))
    }

    /// Asks many things at a time; the answers stand in the order of the questions.
    pub fn ask_all(&mut self, packets: Vec<Packet>) -> Result<Vec<Reply>, Error> {
        let ids: Vec<u32> = packets.iter().map(Packet::id).collect();
        let mut packets = VecDeque::from(packets);
        let mut replies = BTreeMap::new();
        let mut waiting = 0;
        while replies.len() < ids.len() {
            let mut bytes = Vec::new();
            while waiting < UNDER_WAY {
                let Some(packet) = packets.pop_front() else { break };
                bytes.extend(packet.finish());
                waiting += 1;
            }
            if !bytes.is_empty() {
                self.send(&bytes)?;
            }
            let (id, reply) = self.receive()?;
            if !ids.contains(&id) || replies.insert(id, reply).is_some() {
                return self.sound(Err(garbled("answer to nothing")));
            }
            waiting -= 1;
        }
        Ok(ids.iter().filter_map(|id| replies.remove(id)).collect())
    }

    /// Asks for what is answered by a plain yes.
    pub fn done(&mut self, packet: Packet, what: &str) -> Result<(), Error> {
        yes(self.ask(packet)?, what)
    }

    /// What is at a path; none where nothing is. Links aren't followed.
    pub fn look(&mut self, path: &str) -> Result<Option<Attributes>, Error> {
        let packet = self.packet(kind::LSTAT).text(path);
        there(self.ask(packet)?, path)
    }

    /// A handle.
    pub fn open(&mut self, packet: Packet, what: &str) -> Result<Vec<u8>, Error> {
        match self.ask(packet)? {
            Reply::Handle(handle) => Ok(handle),
            reply => Err(of_reply(reply, what)),
        }
    }

    /// Bytes that are free and in all, where the server tells.
    pub fn volume(&mut self) -> Result<Option<(u64, u64)>, Error> {
        if !self.can("statvfs@openssh.com") {
            return Ok(None);
        }
        let packet = self.packet(kind::EXTENDED).text("statvfs@openssh.com").text(&self.root);
        let Reply::Extended(told) = self.ask(packet)? else {
            return Ok(None);
        };
        let mut fields = Fields::new(&told);
        let mut next = || fields.u64().map_err(malformed("space"));
        let (_block, unit, blocks, _free, available) = (next()?, next()?, next()?, next()?, next()?);
        Ok(Some((unit.saturating_mul(available), unit.saturating_mul(blocks))))
    }
}

/// A plain yes, or why not.
pub fn yes(reply: Reply, what: &str) -> Result<(), Error> {
    match reply {
        Reply::Status { code: 0, .. } => Ok(()),
        reply => Err(of_reply(reply, what)),
    }
}

/// Attributes; none where nothing is.
pub fn there(reply: Reply, what: &str) -> Result<Option<Attributes>, Error> {
    match reply {
        Reply::Attributes(attributes) => Ok(Some(attributes)),
        reply => match of_reply(reply, what) {
            missing if missing.class == ErrorClass::NotFound => Ok(None),
            other => Err(other),
        },
    }
}
