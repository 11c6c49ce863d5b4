//! A file's time: which way a server takes it is found out with the first file and remembered for the instance.

use camroll_connector::types::{Error, Instant};

use crate::dates;
use crate::multistatus;
use crate::presets::{Clock, Preset};
use crate::wire::Session;

/// What is known of the server's way with times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Learnt {
    /// Nothing yet.
    Unknown,
    /// X-OC-Mtime with the upload is enough.
    Header,
    /// PROPPATCH behind the upload is needed.
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
}

impl Session {
    /// Sets the time of a file that was just put there with the header X-OC-Mtime. Not being able to isn't a failure: it is what the server is.
    pub fn set_time(&self, url: &str, time: &Instant) -> Result<(), Error> {
        match self.clock.get() {
            Learnt::Header | Learnt::Never => Ok(()),
            Learnt::Proppatch => self.proppatch(url, time),
            Learnt::Unknown => {
                let mut learnt = Learnt::Header;
                if !self.has_time(url, time)? {
                    self.proppatch(url, time)?;
                    // That it says yes is no proof: some keep what they were told as a property without a meaning.
                    learnt = if self.has_time(url, time)? {
                        Learnt::Proppatch
                    } else {
                        Learnt::Never
                    };
                }
                self.clock.set(learnt);
                Ok(())
            }
        }
    }

    fn has_time(&self, url: &str, time: &Instant) -> Result<bool, Error> {
        let there = self.look(url)?.and_then(|there| there.modified);
        Ok(there.is_some_and(|there| there.seconds == time.seconds))
    }

    fn proppatch(&self, url: &str, time: &Instant) -> Result<(), Error> {
        let Some(text) = dates::write(time) else { return Ok(()) };
        let body = format!(
            r#"<?xml version="1.0" encoding="utf-8"?><d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:getlastmodified>{text}</d:getlastmodified></d:prop></d:set></d:propertyupdate>"#
        );
        let request = self
            .request("PROPPATCH", url)
            .header("Content-Type", "application/xml; charset=utf-8")
            .text(&body);
        let answer = self.ask(request)?;
        match answer.status {
            401 | 429 | 500..=599 => Err(self.failed(&answer, "PROPPATCH")),
            207 => {
                let mut failed = None;
                // Only for the log of who looks: the time is read back where it matters.
                let _ = multistatus::read(answer.body.as_slice(), |item| failed = failed.or(item.failure()));
                match failed {
                    Some(423) => Err(self.failed(&answer, "PROPPATCH")),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}
