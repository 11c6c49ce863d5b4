//! What is brought, and what is said of it besides its bytes.

use camroll_connector::bindings::camroll::connector::bodies::Body;
use camroll_connector::http::Builder;
use camroll_connector::types::Entry;
use camroll_connector::{clock, Error};

use crate::bucket::settings;
use crate::keys;
use crate::objects::{MODIFIED, STAGED};

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
        if let Some(class) = &settings.storage_class {
            request = request.header("x-amz-storage-class", class.clone());
        }
        if let Some(encryption) = &settings.encryption {
            request = request.header("x-amz-server-side-encryption", encryption.clone());
        }
        if !settings.tags.is_empty() {
            let tags: Vec<String> = settings
                .tags
                .iter()
                .filter_map(|tag| tag.split_once('='))
                .map(|(name, value)| format!("{}={}", keys::encoded(name), keys::encoded(value)))
                .collect();
            request = request.header("x-amz-tagging", tags.join("&"));
        }
        if let Some(lock) = &settings.lock {
            if let Some(days) = lock.retention_days() {
                let until = clock::now().seconds + i64::try_from(days * 86_400).unwrap_or(0);
                let mode = lock.mode.as_deref().unwrap_or("governance").to_uppercase();
                request = request
                    .header("x-amz-object-lock-mode", mode)
                    .header("x-amz-object-lock-retain-until-date", iso8601(until));
            }
            if lock.legal_hold {
                request = request.header("x-amz-object-lock-legal-hold", "ON");
            }
        }
        Ok(request)
    }
}

/// RFC 3339 in UTC. From "chrono-Compatible Low-Level Date Algorithms" (Hinnant): days to a civil date.
fn iso8601(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// As services write digests.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
