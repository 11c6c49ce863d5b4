//! Asks what is there.

use std::io::{self, BufReader};

use camroll_connector::bodies::Body;
use camroll_connector::http::{Answer, Builder};
use camroll_connector::types::{Error, NameRules};

use crate::failures::not_webdav;
use crate::multistatus::{self, Item};
use crate::names;
use crate::presets::Checksums;
use crate::properties::Properties;
use crate::wire::Session;

/// What is asked for besides the ordinary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Besides {
    /// Nothing.
    Nothing,
    /// Space.
    Quota,
}

fn body(checksums: Checksums, besides: Besides) -> String {
    let digest = match checksums {
        Checksums::Told => r#"<me:sha1hex xmlns:me="ME:"/>"#,
        Checksums::None | Checksums::Computed | Checksums::Compared => "",
    };
    let quota = match besides {
        Besides::Quota => "<d:quota-available-bytes/><d:quota-used-bytes/>",
        Besides::Nothing => "",
    };
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/>{quota}{digest}</d:prop></d:propfind>"#
    )
}

impl Session {
    fn propfind<'a>(&self, url: &str, depth: &str, besides: Besides) -> Builder<'a> {
        self.request("PROPFIND", url)
            .header("Depth", depth)
            .header("Content-Type", "application/xml; charset=utf-8")
            .text(&body(self.destination.preset.checksums, besides))
    }

    /// What is at an address; none where nothing is.
    pub fn look(&self, url: &str) -> Result<Option<Properties>, Error> {
        self.look_with(url, Besides::Nothing)
    }

    /// The same, with what is asked for besides.
    pub fn look_with(&self, url: &str, besides: Besides) -> Result<Option<Properties>, Error> {
        let answer = self.ask(self.propfind(url, "0", besides))?;
        let folder = format!("{url}/");
        let redirect = matches!(answer.status, 301 | 302 | 307 | 308) && !url.ends_with('/');
        match answer.header("location") {
            // A folder, asked for without its slash.
            Some(location) if redirect && location.ends_with('/') => {
                let answer = self.ask(self.propfind(&folder, "0", besides))?;
                self.told(&answer)
            }
            _ => self.told(&answer),
        }
    }

    /// What is at each of some addresses, asked at once.
    pub fn look_all(&self, urls: &[String], besides: Besides) -> Vec<Result<Option<Properties>, Error>> {
        let asked = urls.iter().map(|url| self.propfind(url, "0", besides)).collect();
        let answers = self.ask_all(asked).into_iter().zip(urls);
        answers.map(|(answer, url)| self.seen(url, answer)).collect()
    }

    /// Asks what is at an address, to be sent with others.
    pub fn looking<'a>(&self, url: &str) -> Builder<'a> {
        self.propfind(url, "0", Besides::Nothing)
    }

    /// What the answer to that says.
    pub fn seen(&self, url: &str, answer: Result<Answer, Error>) -> Result<Option<Properties>, Error> {
        match answer? {
            answer if matches!(answer.status, 301 | 302 | 307 | 308) => self.look(url),
            answer => self.told(&answer),
        }
    }

    fn told(&self, answer: &Answer) -> Result<Option<Properties>, Error> {
        match answer.status {
            207 => {}
            404 | 410 => return Ok(None),
            200..=299 => return Err(self.not_webdav("it answers PROPFIND as if it were a page")),
            _ => return Err(self.failed(answer, "PROPFIND")),
        }
        let mut first = None;
        multistatus::read(answer.body.as_slice(), |item| {
            first.get_or_insert(item);
        })
        .map_err(|malformed| self.not_webdav(&malformed.0))?;
        match first {
            Some(item) if item.status == Some(404) => Ok(None),
            Some(item) => Ok(Some(item.properties)),
            None => Ok(None),
        }
    }

    /// What a folder's answer tells, the folder itself among it; none where there is no such folder. Read as it arrives.
    pub fn members(&self, url: &str) -> Result<Option<Vec<Item>>, Error> {
        let response = self.propfind(url, "1", Besides::Nothing).send()?;
        if response.status != 207 {
            let answer = Answer::read(response)?;
            return match answer.status {
                404 | 410 => Ok(None),
                _ => Err(self.failed(&answer, "PROPFIND")),
            };
        }
        let mut items = Vec::new();
        let mut arriving = Arriving {
            body: &response.body,
            failed: None,
        };
        let read = multistatus::read(BufReader::with_capacity(64 << 10, &mut arriving), |item| {
            items.push(item)
        });
        match (arriving.failed, read) {
            (Some(error), _) => Err(error),
            (None, Err(malformed)) => Err(self.not_webdav(&malformed.0)),
            (None, Ok(())) => Ok(Some(items)),
        }
    }

    /// Which names the server takes. Where it doesn't say, what is known of its software.
    pub fn name_rules(&self) -> Result<NameRules, Error> {
        let known = names::known(self.destination.preset);
        let Some(url) = &self.destination.capabilities else {
            return Ok(known);
        };
        let request = self
            .request("GET", url)
            .header("OCS-APIRequest", "true")
            .header("Accept", "application/json");
        let answer = self.ask(request)?;
        Ok(match answer.status {
            200 => names::told(known, &answer.json()),
            _ => known,
        })
    }

    fn not_webdav(&self, why: &str) -> Error {
        not_webdav(self.destination.preset.title, why)
    }
}

/// An answer that is read as it arrives.
struct Arriving<'a> {
    body: &'a Body,
    failed: Option<Error>,
}

impl io::Read for Arriving<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.body.read(into.len() as u32) {
            Ok(bytes) => {
                into[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("the answer broke off"))
            }
        }
    }
}
