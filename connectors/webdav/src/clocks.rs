//! A file's time: which way a server takes it is found out with the first files that get their names, by whichever instance, and remembered for the connection. The looks that are made then anyway tell it.

use camroll_connector::findings::{tell, told};
use camroll_connector::http::{Answer, Builder};
use camroll_connector::types::{Error, ErrorClass, Instant};
use serde::{Deserialize, Serialize};

use crate::dates;
use crate::multistatus;
use crate::presets::{Clock, Preset};
use crate::wire::Session;

/// What is known of the server's way with times.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Learnt {
    /// Nothing yet.
    Unknown,
    /// X-OC-Mtime with the upload is enough.
    Header,
    /// PROPPATCH before the MOVE is needed.
    Proppatch,
    /// Nothing helps.
    Never,
}

impl Learnt {
    /// Before anything was tried.
    pub fn of(preset: &Preset) -> Self {
        match preset.clock {
            Clock::Header => Self::Header,
            Clock::FindOut => Self::Unknown,
            Clock::Never => Self::Never,
        }
    }

    /// Whether a file that lies under its temporary name, with this time, needs PROPPATCH.
    fn needs_proppatch(self, wanted: i64, there: Option<i64>) -> bool {
        match self {
            Self::Header | Self::Never => false,
            Self::Proppatch | Self::Unknown => there != Some(wanted),
        }
    }
}

/// A file with a time to set: its temporary address, the time in seconds since 1970, and the one that it has.
pub struct Timed {
    /// Where it lies.
    pub url: String,
    /// What it is to have.
    pub wanted: i64,
    /// What it was seen to have.
    pub there: Option<i64>,
}

impl Timed {
    /// What PROPPATCH would set, where that is needed.
    fn missing(&self, learnt: Learnt) -> Option<String> {
        match learnt.needs_proppatch(self.wanted, self.there) {
            true => dates::write(&Instant {
                seconds: self.wanted,
                nanoseconds: 0,
            }),
            false => None,
        }
    }
}

/// Under which instances tell each other.
const FINDING: &str = "clock";

impl Session {
    fn learnt(&self) -> Learnt {
        told(FINDING).unwrap_or_else(|| Learnt::of(self.destination.preset))
    }

    /// Sets the times of some files that were put there with the header X-OC-Mtime and looked at since; in order, none for those that need nothing. Not being able to isn't a failure: it is what the server is.
    pub fn set_times(&self, files: &[Timed]) -> Vec<Option<Result<(), Error>>> {
        let learnt = self.learnt();
        let missing: Vec<Option<String>> = files.iter().map(|file| file.missing(learnt)).collect();
        // All that can be set: one may have it by chance.
        let some_have_it = files.iter().any(|file| file.there == Some(file.wanted));
        if learnt == Learnt::Unknown && some_have_it && missing.iter().all(Option::is_none) {
            tell(FINDING, &Learnt::Header);
        }
        let requests = files
            .iter()
            .zip(&missing)
            .filter_map(|(file, time)| Some(self.proppatch(&file.url, time.as_deref()?)));
        let mut answers = self.ask_all(requests.collect()).into_iter();
        let set = |(file, time): (&Timed, Option<String>)| {
            let time = time?;
            let answer = match answers.next()? {
                // A kept connection may close in the moment that it is used, and saying it twice does what saying it once does.
                Err(broken) if broken.class == ErrorClass::Transient => self.ask(self.proppatch(&file.url, &time)),
                answer => answer,
            };
            Some(answer.and_then(|answer| self.proppatched(&answer)))
        };
        files.iter().zip(missing).map(set).collect()
    }

    /// What files that got PROPPATCH have in the end: that the server says yes to it is no proof, some keep what they were told as a property without a meaning.
    pub fn learn(&self, have_it: &[bool]) {
        if self.learnt() != Learnt::Unknown || have_it.is_empty() {
            return;
        }
        let learnt = match have_it.contains(&true) {
            true => Learnt::Proppatch,
            false => Learnt::Never,
        };
        tell(FINDING, &learnt);
    }

    fn proppatch<'a>(&self, url: &str, time: &str) -> Builder<'a> {
        let body = format!(
            r#"<?xml version="1.0" encoding="utf-8"?><d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:getlastmodified>{time}</d:getlastmodified></d:prop></d:set></d:propertyupdate>"#
        );
        self.request("PROPPATCH", url)
            .header("Content-Type", "application/xml; charset=utf-8")
            .text(&body)
    }

    fn proppatched(&self, answer: &Answer) -> Result<(), Error> {
        match answer.status {
            401 | 429 | 500..=599 => Err(self.failed(answer, "PROPPATCH")),
            207 => {
                let mut failed = None;
                // Only for the log of who looks: the time is read back where it matters.
                let _ = multistatus::read(answer.body.as_slice(), |item| failed = failed.or(item.failure()));
                match failed {
                    Some(423) => Err(self.failed(answer, "PROPPATCH")),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}
