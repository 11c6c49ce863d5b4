//! What a server says of the bytes that arrived: a digest that it computed, or that it compared the one that it was told.

use camroll_connector::findings::known;
use camroll_connector::http::{Answer, Builder};
use camroll_connector::random;
use camroll_connector::types::Error;
use serde::{Deserialize, Serialize};

use crate::failures::wrong_digest;
use crate::presets::Checksums;
use crate::properties::{hex, sha1_in};
use crate::upload::Going;
use crate::wire::Session;

/// SHA-1 of nothing, which no file of one byte has.
const OF_NOTHING: &str = "SHA1:da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// Said of a file's bytes.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Told {
    /// The SHA-1 that the server computed of what arrived.
    pub computed: Option<Vec<u8>>,
    /// The digest that it compared with what arrived, and would have refused another.
    pub compared: Option<String>,
}

impl Session {
    /// With the wish that the answer tells the digest of what arrives (nextcloud/server, apps/dav/lib/Connector/Sabre/File.php).
    pub fn wishing<'a>(&self, request: Builder<'a>) -> Builder<'a> {
        match self.destination.preset.checksums {
            Checksums::Computed => request.header("X-Hash", "sha1"),
            Checksums::None | Checksums::Compared | Checksums::Told => request,
        }
    }

    /// What the answer to a PUT says of its bytes.
    pub fn told_of_put(&self, answer: &Answer, going: &Going<'_>) -> Result<Told, Error> {
        let computed = answer
            .header("x-hash-sha1")
            .and_then(|hex| sha1_in(&format!("SHA1:{hex}")));
        self.heard(computed, going)
    }

    /// What is said of a file that was put together of chunks: no answer tells it, so the server is asked to read the file once more (ChecksumUpdatePlugin.php in the same place). One that doesn't know how says nothing.
    pub fn told_of_chunks(&self, url: &str, going: &Going<'_>) -> Result<Told, Error> {
        let mut computed = None;
        if self.destination.preset.checksums == Checksums::Computed {
            let request = self.request("PATCH", url).header("X-Recalculate-Hash", "sha1");
            let answer = self.ask(request)?;
            if (200..=299).contains(&answer.status) {
                computed = answer.header("oc-checksum").and_then(sha1_in);
            }
        }
        self.heard(computed, going)
    }

    fn heard(&self, computed: Option<Vec<u8>>, going: &Going<'_>) -> Result<Told, Error> {
        if let Some(theirs) = &computed {
            let ours = going.body.digest("sha1", None)?;
            if ours.is_some_and(|ours| ours != *theirs) {
                return Err(wrong_digest(self.destination.preset.title));
            }
        }
        let compared = match self.compares()? {
            true => Some("sha1".to_owned()),
            false => None,
        };
        Ok(Told { computed, compared })
    }

    /// Whether a checksum that is sent is compared: tried once by the connection, with a byte under a temporary name and the checksum of nothing.
    fn compares(&self) -> Result<bool, Error> {
        if self.destination.preset.checksums != Checksums::Compared {
            return Ok(false);
        }
        known("compares-checksums", || {
            let url = self.staging(&format!("checksum-{}", hex(&random::bytes(8))));
            let request = self.content("PUT", &url).header("OC-Checksum", OF_NOTHING).text("x");
            let answer = self.ask(request)?;
            // Of a server that took it, and of one that kept what it refused.
            self.ask(self.request("DELETE", &url))?;
            Ok(answer.status == 400)
        })
    }
}
