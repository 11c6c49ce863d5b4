//! The connection of an instance: made when it is first needed, kept from call to call, made anew when it broke.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};
use camroll_connector::{bodies, clock, tcp};
use serde::Deserialize;

use crate::answers::{self, chain, opened, status, Able, Answer, Attributes, Head, Kind, BEFORE_DATA, LIMIT};
use crate::failures::{ended, garbled, malformed, of_status};
use crate::names::{on_the_wire, utf16};
use crate::requests::{self, access, command, frame, ids, Disposition, Handle, Place, Request, Sort, HEAD};

/// What a server takes and gives at a time that knows of nothing larger, and the most that is asked of one that does.
const ORDINARY: u32 = 64 << 10;
const MOST: u32 = 512 << 10;
/// Credits that are wanted in all: each is for 64 KiB of a request or an answer.
const CREDITS: u32 = 256;
/// Chains of requests that may be under way.
pub const UNDER_WAY: usize = 64;
/// A connection that wasn't used for so many seconds is asked whether it lives.
const FRESH: i64 = 20;

#[derive(Deserialize)]
struct Settings {
    host: String,
    port: Option<u16>,
    share: String,
    path: Option<String>,
    user: String,
}

thread_local! {
    static SETTINGS: RefCell<Option<Settings>> = const { RefCell::new(None) };
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// What was received.
pub enum Received {
    Answer(Answer),
    /// An answer to READ, to the request of this id: so many bytes, which must be read now.
    Data(u64, u32),
}

/// A connection to the server, with what is known of it.
pub struct Session {
    connection: tcp::Connection,
    next: u64,
    credits: u32,
    tree: u32,
    /// The folder of the share that paths are below.
    pub root: String,
    /// Bytes of a READ and of a WRITE.
    pub read_size: u32,
    pub write_size: u32,
    /// Folders that are there.
    pub folders: BTreeSet<String>,
    /// Answers that came in one frame with another one.
    came: VecDeque<Answer>,
    used: i64,
    /// Nobody knows any more which bytes belong to which answer.
    broken: bool,
}

/// Takes the settings.
pub fn settings(text: &str) -> Result<(), Error> {
    let settings: Settings =
        serde_json::from_str(text).map_err(|why| error(ErrorClass::InvalidSetting, "smb/settings", why.to_string()))?;
    SETTINGS.set(Some(settings));
    Ok(())
}

/// For people: who and where.
pub fn name() -> String {
    SETTINGS.with_borrow(|settings| match settings {
        Some(settings) => format!(
            "{}@{}/{}/{}",
            settings.user,
            settings.host,
            settings.share,
            settings.path.as_deref().unwrap_or_default()
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
        let (connection, share, root) = SETTINGS.with_borrow(|settings| {
            let settings = settings
                .as_ref()
                .ok_or_else(|| error(ErrorClass::InvalidSetting, "smb/settings", "There are no settings."))?;
            let connection = tcp::connect(&settings.host, settings.port.unwrap_or(445), "smb", Some("smb"))?;
            let share = format!("\\\\{}\\{}", settings.host, settings.share);
            let root = settings.path.as_deref().unwrap_or_default().trim_matches('/');
            Ok((connection, share, root.to_string()))
        })?;
        let mut session = Self {
            connection,
            next: 0,
            credits: 0,
            tree: 0,
            root,
            read_size: ORDINARY,
            write_size: ORDINARY,
            folders: BTreeSet::new(),
            came: VecDeque::new(),
            used: clock::now().seconds,
            broken: false,
        };
        session.greet()?;
        session.enter(&share)?;
        Ok(session)
    }

    /// The first words are the host's: how it agreed with the server, and which ids and credits are left.
    fn greet(&mut self) -> Result<(), Error> {
        let (negotiated, last) = (self.answer()?, self.answer()?);
        if (negotiated.head.command, last.head.command) != (command::NEGOTIATE, command::SESSION_SETUP) {
            return Err(garbled("greeting"));
        }
        let able = Able::read(&negotiated).map_err(malformed("greeting"))?;
        let most = if able.large { MOST } else { ORDINARY };
        self.read_size = able.read.clamp(1, most);
        self.write_size = able.write.clamp(1, most);
        self.next = last.head.id + 1;
        self.credits = last.head.credits.into();
        Ok(())
    }

    fn enter(&mut self, share: &str) -> Result<(), Error> {
        let answer = self.ask(requests::tree_connect(&utf16(share)))?;
        if answer.head.status != status::OK {
            return Err(of_status(answer.head.status, share));
        }
        self.tree = answer.head.tree;
        let there = self.look("")?;
        let (class, why) = match there.map(|there| there.kind()) {
            Some(Kind::Folder) => return Ok(()),
            Some(_) => (ErrorClass::InvalidSetting, "isn't a folder"),
            None => (
                ErrorClass::NotFound,
                "isn't there. camroll doesn't make it: make it yourself, or see that its disk is mounted",
            ),
        };
        Err(error(
            class,
            "smb/no-folder",
            format!("The folder {:?} in {share} {why}.", self.root),
        ))
    }

    fn if_it_lives(mut self) -> Option<Self> {
        if clock::now().seconds - self.used >= FRESH {
            self.ask(requests::echo()).ok()?;
        }
        Some(self)
    }

    /// What is under way on it is nobody's any more.
    pub fn give_up(&mut self) {
        self.broken = true;
    }

    fn sound<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.broken |= result.is_err();
        result
    }

    /// Whether there are credits for a chain.
    pub fn can_afford(&self, chain: &[Request]) -> bool {
        chain.iter().map(|request| u32::from(request.charge())).sum::<u32>() <= self.credits
    }

    /// Sends a chain; the ids of its requests.
    pub fn send(&mut self, chain: &[Request]) -> Result<Vec<u64>, Error> {
        self.send_before(chain, 0)
    }

    /// The same of one that has bytes behind it.
    pub fn send_before(&mut self, chain: &[Request], behind: u32) -> Result<Vec<u64>, Error> {
        let cost = chain.iter().map(|request| u32::from(request.charge())).sum::<u32>();
        let Some(left) = self.credits.checked_sub(cost) else {
            return self.sound(Err(garbled("it gives no credits")));
        };
        let place = Place {
            id: self.next,
            more: CREDITS.saturating_sub(left).min(128) as u16,
            tree: self.tree,
        };
        let sent = self.connection.write(&frame(chain, &place, behind));
        self.sound(sent)?;
        self.credits = left;
        self.next += u64::from(cost);
        Ok(ids(chain, place.id))
    }

    /// Sends a range of a file's content, behind the request that it belongs to.
    pub fn send_body(&mut self, body: &bodies::Body, offset: u64, length: u32) -> Result<(), Error> {
        let sent = self.connection.write_body(body, offset, Some(u64::from(length)));
        self.sound(sent)
    }

    /// The same of bytes.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let sent = self.connection.write(bytes);
        self.sound(sent)
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

    /// The next answer that isn't only a word that there will be one.
    pub fn receive(&mut self) -> Result<Received, Error> {
        let received = self.received();
        self.sound(received)
    }

    fn received(&mut self) -> Result<Received, Error> {
        loop {
            let answer = match self.came.pop_front() {
                Some(answer) => answer,
                None => {
                    let length = self.exactly(4)?;
                    let length = length.iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
                    if !(HEAD..=LIMIT).contains(&length) {
                        return Err(garbled("answer"));
                    }
                    let mut message = self.exactly(length.min(BEFORE_DATA))?;
                    let head = Head::read(&message).map_err(malformed("answer"))?;
                    if let Some(count) = head.data(&message) {
                        if BEFORE_DATA + count as usize != length {
                            return Err(garbled("data"));
                        }
                        self.credits += u32::from(head.credits);
                        return Ok(Received::Data(head.id, count));
                    }
                    message.extend(self.exactly(length - message.len())?);
                    self.came.extend(chain(&message).map_err(malformed("answer"))?);
                    continue;
                }
            };
            // Those of the greeting are counted there.
            if self.next > 0 {
                self.credits += u32::from(answer.head.credits);
            }
            self.broken |= status::is_gone(answer.head.status);
            if !answer.head.is_interim() {
                return Ok(Received::Answer(answer));
            }
        }
    }

    fn answer(&mut self) -> Result<Answer, Error> {
        match self.receive()? {
            Received::Answer(answer) => Ok(answer),
            Received::Data(..) => self.sound(Err(garbled("data that nobody asked for"))),
        }
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
    pub fn ask(&mut self, request: Request) -> Result<Answer, Error> {
        let answers = self.ask_all(vec![vec![request]])?;
        let answer = answers.into_iter().flatten().next();
        answer.ok_or_else(|| garbled("answer"))
    }

    /// Asks many things at a time, each a chain that is worked on one after the other; the answers stand in the order of the questions.
    pub fn ask_all(&mut self, chains: Vec<Vec<Request>>) -> Result<Vec<Vec<Answer>>, Error> {
        let mut chains = VecDeque::from(chains);
        let mut asked: Vec<Vec<u64>> = Vec::new();
        let mut waiting: BTreeSet<u64> = BTreeSet::new();
        let mut answers = BTreeMap::new();
        while !(chains.is_empty() && waiting.is_empty()) {
            while waiting.len() < UNDER_WAY {
                let fits = |chain: &Vec<Request>| waiting.is_empty() || self.can_afford(chain);
                if !chains.front().is_some_and(fits) {
                    break;
                }
                let Some(chain) = chains.pop_front() else { break };
                let ids = self.send(&chain)?;
                waiting.extend(&ids);
                asked.push(ids);
            }
            let answer = self.answer()?;
            if !waiting.remove(&answer.head.id) {
                return self.sound(Err(garbled("answer to nothing")));
            }
            answers.insert(answer.head.id, answer);
        }
        let all = asked
            .iter()
            .map(|ids| ids.iter().filter_map(|id| answers.remove(id)).collect());
        Ok(all.collect())
    }

    /// What is at a path; none where nothing is. Links aren't followed.
    pub fn look(&mut self, path: &str) -> Result<Option<Attributes>, Error> {
        self.look_all(&[path])?.pop().unwrap_or_else(|| Err(garbled("looking")))
    }

    /// The same of many.
    pub fn look_all(&mut self, paths: &[&str]) -> Result<Vec<Result<Option<Attributes>, Error>>, Error> {
        let mut asked = Vec::new();
        for path in paths {
            let wire = on_the_wire(&self.root, path)?;
            let create = requests::create(&wire, access::LOOK, Disposition::Open, Sort::Any);
            asked.push(vec![create, requests::close(Handle::BEFORE)]);
        }
        let answers = self.ask_all(asked)?;
        Ok(paths
            .iter()
            .zip(answers)
            .map(|(path, answers)| there(&answers, path))
            .collect())
    }

    /// Opens what is at a path, and how it is.
    pub fn open(&mut self, path: &str, access: u32, how: (Disposition, Sort)) -> Result<(Handle, Attributes), Error> {
        let wire = on_the_wire(&self.root, path)?;
        let answer = self.ask(requests::create(&wire, access, how.0, how.1))?;
        yes(&answer, path)?;
        opened(&answer).map_err(malformed("opening"))
    }

    /// Closes it.
    pub fn close(&mut self, handle: Handle, what: &str) -> Result<(), Error> {
        let answer = self.ask(requests::close(handle))?;
        yes(&answer, what)
    }

    /// Does something to what is at each path: opens it, does it, closes it.
    pub fn change_all(&mut self, changes: &[(&str, Request)]) -> Result<Vec<Result<(), Error>>, Error> {
        let mut asked = Vec::new();
        for (path, change) in changes {
            let wire = on_the_wire(&self.root, path)?;
            let create = requests::create(&wire, access::LOOK | access::DELETE, Disposition::Open, Sort::Any);
            asked.push(vec![create, change.clone(), requests::close(Handle::BEFORE)]);
        }
        let mut results = Vec::new();
        for ((path, _), answers) in changes.iter().zip(self.ask_all(asked)?) {
            let [created, changed, closed] = answers.as_slice() else {
                return Err(garbled("change"));
            };
            // A server may leave out what comes after a no.
            if created.head.status == status::OK && closed.head.status != status::OK {
                let (handle, _) = opened(created).map_err(malformed("opening"))?;
                // How that goes changes nothing.
                let _ = self.ask(requests::close(handle))?;
            }
            results.push(yes(created, path).and_then(|()| yes(changed, path)));
        }
        Ok(results)
    }

    /// Bytes that are free and in all.
    pub fn volume(&mut self) -> Result<(u64, u64), Error> {
        let wire = on_the_wire(&self.root, "")?;
        let create = requests::create(&wire, access::LOOK, Disposition::Open, Sort::Folder);
        let asked = vec![
            create,
            requests::query_space(Handle::BEFORE),
            requests::close(Handle::BEFORE),
        ];
        let answers = self.ask_all(vec![asked])?.pop().unwrap_or_default();
        let [created, told, _closed] = answers.as_slice() else {
            return Err(garbled("space"));
        };
        yes(created, "the folder")?;
        yes(told, "space")?;
        answers::space(told).map_err(malformed("space"))
    }
}

/// A plain yes, or why not.
pub fn yes(answer: &Answer, what: &str) -> Result<(), Error> {
    match answer.head.status {
        status::OK => Ok(()),
        code => Err(of_status(code, what)),
    }
}

/// How it is; none where nothing is.
fn there(answers: &[Answer], what: &str) -> Result<Option<Attributes>, Error> {
    let created = answers.first().ok_or_else(|| garbled("looking"))?;
    match yes(created, what) {
        Ok(()) => {
            let (_, attributes) = opened(created).map_err(malformed("looking"))?;
            Ok(Some(attributes))
        }
        Err(missing) if missing.class == ErrorClass::NotFound => Ok(None),
        // Below a file nothing is.
        Err(_) if created.head.status == status::NOT_A_DIRECTORY => Ok(None),
        Err(other) => Err(other),
    }
}
