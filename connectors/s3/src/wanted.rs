//! What is brought, and what is said of it besides its bytes.

use camroll_connector::bindings::camroll::connector::bodies::Body;
use camroll_connector::http::Builder;
use camroll_connector::types::Entry;
use camroll_connector::Error;

use crate::bucket::settings;
use crate::objects::{kept, MODIFIED, STAGED};
use crate::{keys, lock};

/// What is brought.
pub struct Wanted<'b> {
    pub path: String,
    pub media_type: String,
    pub size: u64,
    pub modified: Option<i64>,
    pub asset: Option<String>,
    pub replaces: Option<Entry>,
    /// The engine's key of this staging.
    pub key: String,
    pub body: &'b Body,
}

/// What the service says of an object that it stored.
pub struct Stored {
    pub entry: Entry,
    pub checked: Vec<String>,
}

impl Wanted<'_> {
    /// A request that says it.
    pub fn described<'b>(&self, mut request: Builder<'b>) -> Result<Builder<'b>, Error> {
        let settings = settings()?;
        request = request.header("content-type", self.media_type.clone());
        if let Some(time) = self.modified {
            request = request.header(MODIFIED, time.to_string());
        }
        request = request.header(STAGED, keys::encoded(&self.key));
        if let Some(digest) = self.body.digest("sha256", None).ok().flatten() {
            request = request.header("x-amz-meta-sha256", hex(&digest));
        }
        if let Some(asset) = &self.asset {
            request = request.header("x-amz-meta-camroll-asset", keys::encoded(asset));
        }
        request = kept(request)?;
        if !settings.tags.is_empty() {
            let tags: Vec<String> = settings
                .tags
                .iter()
                .filter_map(|tag| tag.split_once('='))
                .map(|(name, value)| format!("{}={}", keys::encoded(name), keys::encoded(value)))
                .collect();
            request = request.header("x-amz-tagging", tags.join("&"));
        }
        lock::asked(request)
    }
}

/// As services write digests.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
