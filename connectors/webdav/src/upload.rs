//! Brings a file's bytes under a temporary name.

use camroll_connector::bodies::Body;
use camroll_connector::clock;
use camroll_connector::http::{Answer, Builder};
use camroll_connector::types::{Error, ErrorClass, Instant};
use serde::{Deserialize, Serialize};

use crate::chunked;
use crate::chunks::CHUNK;
use crate::digests::Told;
use crate::failures::{full, gone};
use crate::listing::STAGING;
use crate::presets::{Checksums, Upload};
use crate::properties::hex;
use crate::propfind::Besides;
use crate::ranged;
use crate::wire::Session;

/// Seconds that a lock is waited for.
const LOCKED: u32 = 5;

/// What `stage` leaves for `commit`.
#[derive(Serialize, Deserialize)]
pub struct Held {
    /// The temporary name.
    pub name: String,
    /// The real one.
    pub path: String,
    /// Bytes that were sent.
    pub size: u64,
    /// The time to set, seconds since 1970.
    #[serde(default)]
    pub modified: Option<i64>,
    /// What it takes the place of.
    pub replaces: Option<Replaced>,
    /// What the server said of the bytes.
    pub told: Told,
}

/// What is there and goes.
#[derive(Serialize, Deserialize)]
pub struct Replaced {
    /// Its tag.
    pub version: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// Seconds since 1970.
    pub modified: Option<i64>,
}

/// The temporary name of an upload: the same whenever it is staged again.
pub fn temporary(key: &str) -> String {
    let plain = key.len() <= 100
        && !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    match plain {
        true => key.to_owned(),
        false => format!("x{}", hex(&key.as_bytes()[..key.len().min(100)])),
    }
}

/// What lies under a temporary name.
pub struct Brought {
    /// The name.
    pub name: String,
    /// What the server said of the bytes.
    pub told: Told,
}

/// A file that goes up.
pub struct Going<'a> {
    /// Its temporary name.
    pub name: &'a str,
    /// Its bytes.
    pub body: &'a Body,
    /// How many.
    pub size: u64,
    /// The time to set.
    pub modified: Option<Instant>,
    /// What was saved when it was cut off.
    pub checkpoint: Option<Vec<u8>>,
}

impl Going<'_> {
    /// Headers that say what a file is besides its bytes.
    pub fn described<'b>(&self, session: &Session, mut request: Builder<'b>) -> Result<Builder<'b>, Error> {
        if let Some(time) = self.modified.as_ref().filter(|time| time.seconds > 0) {
            request = request.header("X-OC-Mtime", time.seconds.to_string());
        }
        if matches!(
            session.destination.preset.checksums,
            Checksums::Computed | Checksums::Compared
        ) {
            if let Some(digest) = self.body.digest("sha1", None)? {
                request = request.header("OC-Checksum", format!("SHA1:{}", hex(&digest)));
            }
        }
        Ok(request)
    }
}

impl Session {
    /// The address of a temporary name.
    pub fn staging(&self, name: &str) -> String {
        self.url(&format!("{STAGING}/{name}"))
    }

    /// Brings the bytes.
    pub fn bring(&self, going: &Going<'_>) -> Result<Brought, Error> {
        self.ensure(STAGING)?;
        if self.takes_ranges(going)? {
            return Ok(Brought {
                name: ranged::bring(self, going)?,
                told: Told::default(),
            });
        }
        let told = match (self.destination.preset.upload, &self.destination.uploads) {
            (Upload::Chunks, Some(uploads)) if going.size > CHUNK => {
                let brought = chunked::bring(self, uploads, going);
                let url = self.staging(going.name);
                let told = brought.and_then(|()| self.told_of_chunks(&url, going));
                if told.as_ref().is_err_and(|failed| failed.class == ErrorClass::Corrupt) {
                    // Nothing of it may be gone on from: which chunk is wrong isn't known.
                    chunked::clear(self, uploads, going.name)?;
                    self.clear(going.name)?;
                }
                told?
            }
            _ => {
                let answer = self.put(going)?;
                self.told_of_put(&answer, going)?
            }
        };
        Ok(Brought {
            name: going.name.to_owned(),
            told,
        })
    }

    fn put(&self, going: &Going<'_>) -> Result<Answer, Error> {
        let url = self.staging(going.name);
        let request = self
            .content("PUT", &url)
            .header("Content-Type", "application/octet-stream");
        let request = self.wishing(going.described(self, request)?);
        let answer = self.ask(request.range(going.body, 0, Some(going.size)))?;
        match answer.status {
            200..=299 => Ok(answer),
            _ => Err(self.refused(&answer, going.size)),
        }
    }

    /// What it means that a PUT was refused.
    pub fn refused(&self, answer: &Answer, size: u64) -> Error {
        let failed = self.failed(answer, "PUT");
        match answer.status {
            404 | 409 => {
                // The folder was taken away since it was made. The bytes are gone with the request: the next try makes it again.
                self.forget_folders();
                failed
            }
            // Of a full disk some say this: golang's servers 405, wsgidav 500.
            405 | 500 => self.for_want_of_room(failed, size),
            _ => failed,
        }
    }

    /// A failure that the server has no word for, looked at by what it says of its space.
    fn for_want_of_room(&self, failed: Error, size: u64) -> Error {
        let folder = self.look_with(&self.destination.place.folder(""), Besides::Quota);
        let free = folder.ok().flatten().and_then(|folder| folder.space().0);
        match free {
            Some(free) if free < size => full(self.destination.preset.title),
            // Nothing that could be shown: rclone takes away at once what fitted, and names no space.
            None if failed.class == ErrorClass::Unexpected => Error {
                message: format!(
                    "{} It doesn't say how much room it has; some servers answer so when there is none.",
                    failed.message
                ),
                ..failed
            },
            _ => failed,
        }
    }

    /// Takes away what lies under a temporary name. A server may still hold an upload that was cut off a moment ago.
    pub fn clear(&self, name: &str) -> Result<(), Error> {
        let delete = || self.ask(self.request("DELETE", &self.staging(name)));
        let mut answer = delete()?;
        for _ in 0..LOCKED {
            if answer.status != 423 {
                break;
            }
            clock::wait(1)?;
            answer = delete()?;
        }
        match answer.status {
            200..=206 | 404 | 409 | 410 => Ok(()),
            _ => Err(self.failed(&answer, "DELETE")),
        }
    }

    /// Whether something still lies under a temporary name; else `expired`.
    pub fn still_staged(&self, name: &str) -> Result<(), Error> {
        self.look(&self.staging(name))?.map(drop).ok_or_else(gone)
    }
}
