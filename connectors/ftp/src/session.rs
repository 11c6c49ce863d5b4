//! The control connection of an instance: made when it is first needed, kept from call to call, made anew when it broke.

use std::cell::RefCell;
use std::collections::BTreeSet;

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};
use camroll_connector::{clock, tcp};
use serde::Deserialize;

use crate::commands::command;
use crate::data::{Passive, Private};
use crate::failures::{ended, garbled, malformed, of_reply};
use crate::features::Features;
use crate::modified::Dialect;
use crate::replies::{Replies, Reply};
use crate::sign_in;

/// A connection that wasn't used for so many seconds is asked whether it lives.
const FRESH: i64 = 20;
/// One that is older is left, seconds: the TLS session that its data connections go on with ends at some time, and nobody tells.
const OLD: i64 = 1800;
/// Times that a server may be silent as long as the host allows, while it finishes with a file: disks of a NAS take their time.
const PATIENCE: usize = 5;
/// Replies that only say that another one comes.
const PRELIMINARY: usize = 8;

/// Where it is, and who signs in.
#[derive(Clone, Deserialize)]
pub struct Settings {
    pub host: String,
    pub port: Option<u16>,
    pub user: String,
    #[serde(default)]
    pub tls: Tls,
    pub path: Option<String>,
}

/// When TLS begins.
#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    #[default]
    Explicit,
    Implicit,
    None,
}

thread_local! {
    static SETTINGS: RefCell<Option<Settings>> = const { RefCell::new(None) };
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// A connection to the server, with what is known of it.
pub struct Session {
    pub control: tcp::Connection,
    replies: Replies,
    pub features: Features,
    /// The folder that paths are below.
    pub root: String,
    /// Folders that are there.
    pub folders: BTreeSet<String>,
    pub passive: Passive,
    pub private: Private,
    /// How a file's time is set, once it was tried.
    pub dialect: Option<Dialect>,
    /// Whether an upload can go on in the midst, once it was tried.
    pub goes_on: Option<bool>,
    /// Whether LIST takes "-a", once it was tried.
    pub lists_all: Option<bool>,
    made: i64,
    used: i64,
    /// Nobody knows any more which reply belongs to which command.
    broken: bool,
}

/// Takes the settings.
pub fn settings(text: &str) -> Result<(), Error> {
    let settings: Settings =
        serde_json::from_str(text).map_err(|why| error(ErrorClass::InvalidSetting, "ftp/settings", why.to_string()))?;
    SETTINGS.set(Some(settings));
    Ok(())
}

/// For people: who and where.
pub fn name() -> String {
    SETTINGS.with_borrow(|settings| match settings {
        Some(Settings { user, host, path, .. }) => match path {
            Some(path) => format!("{user}@{host}:{path}"),
            None => format!("{user}@{host}"),
        },
        None => String::new(),
    })
}

/// Works over a connection that lives.
pub fn with<T>(work: impl FnOnce(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
    let kept = SESSION.take().and_then(Session::if_it_lives);
    let mut session = match kept {
        Some(session) => session,
        None => fresh()?,
    };
    let result = work(&mut session);
    session.used = clock::now().seconds;
    if !session.broken {
        SESSION.set(Some(session));
    }
    result
}

fn fresh() -> Result<Session, Error> {
    let settings = SETTINGS.with_borrow(Clone::clone);
    let settings =
        settings.ok_or_else(|| error(ErrorClass::InvalidSetting, "ftp/settings", "There are no settings."))?;
    sign_in::sign_in(&settings)
}

impl Session {
    /// Over a connection on which nothing was said yet.
    pub fn over(control: tcp::Connection) -> Self {
        let now = clock::now().seconds;
        Self {
            control,
            replies: Replies::default(),
            features: Features::default(),
            root: String::new(),
            folders: BTreeSet::new(),
            passive: Passive::Extended,
            private: Private::No,
            dialect: None,
            goes_on: None,
            lists_all: None,
            made: now,
            used: now,
            broken: false,
        }
    }

    fn if_it_lives(mut self) -> Option<Self> {
        let now = clock::now().seconds;
        if now - self.made >= OLD {
            return None;
        }
        if now - self.used >= FRESH {
            self.ask("NOOP").ok()?;
        }
        Some(self)
    }

    /// What is under way on it is nobody's any more.
    pub fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether it was given up.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What broke leaves the connection broken.
    pub fn sound<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.broken |= result.is_err();
        result
    }

    /// Sends a command.
    pub fn send(&mut self, words: &str) -> Result<(), Error> {
        let line = command(words)?;
        if !self.replies.is_empty() {
            return self.sound(Err(garbled("an answer to nothing")));
        }
        let sent = self.control.write(&line);
        self.sound(sent)
    }

    /// The next reply.
    pub fn receive(&mut self) -> Result<Reply, Error> {
        self.receive_within(1)
    }

    /// The next reply, of a server that has a whole file to write before it answers.
    pub fn receive_patiently(&mut self) -> Result<Reply, Error> {
        self.receive_within(PATIENCE)
    }

    fn receive_within(&mut self, mut silences: usize) -> Result<Reply, Error> {
        loop {
            let next = self.replies.take().map_err(malformed("a reply"));
            if let Some(reply) = self.sound(next)? {
                // "Closing the connection", whatever was asked.
                self.broken |= reply.code == 421;
                return Ok(reply);
            }
            match self.control.read(16 << 10) {
                Ok(bytes) if bytes.is_empty() => return self.sound(Err(ended())),
                Ok(bytes) => self.replies.feed(&bytes),
                Err(why) if why.code == "tcp/idle" && silences > 1 => silences -= 1,
                Err(why) => return self.sound(Err(why)),
            }
        }
    }

    /// Asks one thing. A reply that says no is a reply.
    pub fn ask(&mut self, words: &str) -> Result<Reply, Error> {
        self.send(words)?;
        self.answer()
    }

    /// The reply that isn't followed by another one.
    pub fn answer(&mut self) -> Result<Reply, Error> {
        for _ in 0..PRELIMINARY {
            let reply = self.receive()?;
            if !reply.is_preliminary() {
                return Ok(reply);
            }
        }
        self.sound(Err(garbled("a reply that never comes")))
    }

    /// Asks for what is answered by a yes; `what` is for people.
    pub fn done(&mut self, words: &str, what: &str) -> Result<Reply, Error> {
        let reply = self.ask(words)?;
        match reply.is_yes() {
            true => Ok(reply),
            false => Err(of_reply(&reply, what)),
        }
    }
}
