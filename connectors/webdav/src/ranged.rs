//! Large files in ranges, by more than one connection: one connection to a server that is far away carries only so much in each round trip.
//!
//! A file's ranges go to a name that no other attempt writes to, its own included: a request of an attempt that was cut off may still be at work at the server, and older versions of Apache take the file away when they notice.

use std::collections::VecDeque;

use camroll_connector::findings::{known, tell};
use camroll_connector::http::{Answer, Builder, Pending};
use camroll_connector::types::{Error, Instant};
use camroll_connector::{clock, random};

use crate::address::{decoded, name};
use crate::failures::draft_gone;
use crate::listing::STAGING;
use crate::presets::Upload;
use crate::properties::hex;
use crate::ranges::{Cut, Range, FAR, LARGE, UNDER_WAY};
use crate::settings::SignIn;
use crate::trial::{self, BEYOND, INSIDE, WHOLE};
use crate::upload::Going;
use crate::wire::Session;

/// What stands between a key and what tells one attempt from another. No key has it.
const SEPARATOR: char = '.';

/// Under which instances tell each other whether ranges are put together to one file and bring something: a trial proved it, the server is far away, and it never failed.
const FINDING: &str = "ranges-come-together";

/// A temporary name that only this attempt has.
fn attempt(key: &str) -> String {
    format!("{key}{SEPARATOR}{}", hex(&random::bytes(8)))
}

/// Whether a temporary name is of an attempt at that key.
fn is_of(name: &str, key: &str) -> bool {
    name.strip_prefix(key).is_some_and(|rest| rest.starts_with(SEPARATOR))
}

fn nanoseconds(time: Instant) -> i128 {
    i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds)
}

/// What came of it, and how many nanoseconds it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, i128) {
    let began = nanoseconds(clock::now());
    let done = work();
    (done, nanoseconds(clock::now()) - began)
}

impl Session {
    /// Whether a file goes in ranges.
    pub fn takes_ranges(&self, going: &Going<'_>) -> Result<bool, Error> {
        let destination = &self.destination;
        // With digests a challenge grows stale in the midst of a file: ranges can't be sent twice.
        if destination.preset.upload != Upload::Ranges || destination.sign_in == SignIn::Digest || going.size < LARGE {
            return Ok(false);
        }
        // What fails here without an answer fails the file's own PUT as well, or doesn't matter.
        known(FINDING, || Ok(self.try_ranges(going.name).unwrap_or(false)))
    }

    /// Tries it with a small file, under a temporary name of the file's key: whoever clears that finds it.
    fn try_ranges(&self, key: &str) -> Result<bool, Error> {
        let folder = self.destination.place.folder(STAGING);
        let (options, took) = timed(|| self.ask(self.request("OPTIONS", &folder)));
        if !trial::is_mod_dav(&options?.headers) || took < FAR {
            return Ok(false);
        }
        let name = attempt(key);
        let url = self.staging(&name);
        let (read, took) = timed(|| self.try_at(&url));
        self.clear(&name)?;
        Ok(read?.is_some_and(|read| trial::proves(read.status, &read.body)) && took >= 3 * FAR)
    }

    /// What is read back; none where the answers don't say that all went in.
    fn try_at(&self, url: &str) -> Result<Option<Answer>, Error> {
        let put = || {
            self.request("PUT", url)
                .header("Content-Type", "application/octet-stream")
        };
        if !trial::made(self.ask(put().text(WHOLE))?.status) {
            return Ok(None);
        }
        // At once, as ranges are.
        let pieces =
            [&INSIDE, &BEYOND].map(|piece| put().header("Content-Range", piece.content_range()).text(piece.text));
        for answer in self.ask_all(pieces.into()) {
            if !trial::went_in(answer?.status) {
                return Ok(None);
            }
        }
        self.ask(self.request("GET", url)).map(Some)
    }

    /// Takes away what lies under the temporary names of some keys, and of attempts at them; in order.
    pub fn clear_all(&self, keys: &[String]) -> Vec<Result<(), Error>> {
        let lies_there = self.members(&self.destination.place.folder(STAGING));
        let names: Vec<String> = match lies_there {
            Ok(items) => items
                .unwrap_or_default()
                .iter()
                .map(|item| name(&decoded(&item.href)).to_owned())
                .collect(),
            Err(failed) => return keys.iter().map(|_| Err(failed.clone())).collect(),
        };
        let clear = |key: &String| {
            for attempt in names.iter().filter(|name| is_of(name, key)) {
                self.clear(attempt)?;
            }
            self.clear(key)
        };
        keys.iter().map(clear).collect()
    }
}

/// Brings a file in ranges; the temporary name that it has then. It is whole only if every range of it was answered in this call; nothing is gone on from.
pub fn bring(session: &Session, going: &Going<'_>) -> Result<String, Error> {
    let name = attempt(going.name);
    // Attempts that were cut off go first.
    let brought = session
        .clear_all(&[going.name.to_owned()])
        .into_iter()
        .collect::<Result<(), Error>>()
        .and_then(|()| send(session, going, &session.staging(&name)));
    if brought.is_err() {
        // Whatever it was: the next try goes as to any other server.
        tell(FINDING, &false);
    }
    brought.map(|()| name)
}

fn send(session: &Session, going: &Going<'_>, url: &str) -> Result<(), Error> {
    let mut cut = Cut::of(going.size);
    let Some(first) = cut.take() else { return Ok(()) };
    // It makes the file: the others must find it.
    let request = going.described(session, put(session, going, url, first))?;
    let answer = session.ask(request)?;
    accepted(session, going, &answer, trial::made)?;

    let mut under_way: VecDeque<(Range, Pending)> = VecDeque::new();
    let mut before = nanoseconds(clock::now());
    loop {
        while under_way.len() < UNDER_WAY {
            let Some(range) = cut.take() else { break };
            let request = put(session, going, url, range).header("Content-Range", range.content_range(going.size));
            under_way.push_back((range, request.start()?));
        }
        let Some((range, pending)) = under_way.pop_front() else {
            return Ok(());
        };
        let answer = Answer::read(Pending::wait(pending)?)?;
        accepted(session, going, &answer, trial::went_in)?;
        let now = nanoseconds(clock::now());
        cut.answered(range, now - before);
        before = now;
    }
}

fn put<'b>(session: &Session, going: &Going<'b>, url: &str, range: Range) -> Builder<'b> {
    session
        .content("PUT", url)
        .header("Content-Type", "application/octet-stream")
        .range(going.body, range.offset, Some(range.length))
}

fn accepted(session: &Session, going: &Going<'_>, answer: &Answer, right: fn(u16) -> bool) -> Result<(), Error> {
    match answer.status {
        status if right(status) => Ok(()),
        200..=299 => Err(draft_gone(session.destination.preset.title)),
        _ => Err(session.refused(answer, going.size)),
    }
}
