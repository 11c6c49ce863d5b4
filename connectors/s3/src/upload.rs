//! Bringing a file: in one request while it is small, else in parts that nobody sees before they are put together.

use camroll_connector::bindings::camroll::connector::bodies::Body;
use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::{Answer, Builder, Pending};
use camroll_connector::types::{Entry, Instant};
use camroll_connector::{clock, staging, token, Error, ErrorClass};
use serde::{Deserialize, Serialize};

use crate::bucket::{answer, settings, success, to};
use crate::failures::{already_there, failure};
use crate::objects::{base64, entry, expect, look, stat, told, MODIFIED, STAGED};
use crate::parts::{part, part_size, UNDER_WAY};
use crate::providers::Conditions;
use crate::server::{self, Guard};
use crate::{keys, xml};

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

/// Where an upload in parts can go on, and what `commit` needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Upload {
    pub path: String,
    /// None while it isn't known whether the service began one.
    pub id: Option<String>,
    pub part_size: u64,
    pub size: u64,
    /// ETags, from the first part on.
    pub etags: Vec<String>,
    pub replaces: Option<String>,
    /// The engine's key of this staging.
    #[serde(default)]
    pub key: String,
}

/// What the service says of an object that it stored.
pub struct Stored {
    pub entry: Entry,
    pub checked: Vec<String>,
}

impl Wanted<'_> {
    fn described<'b>(&self, mut request: Builder<'b>) -> Result<Builder<'b>, Error> {
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

/// What is looked at before a request that brings or shows a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Only where the service can't be trusted to do it.
    WhereNeeded,
    /// Where its provider doesn't say: trials were made with the simple request only.
    UnlessSaid,
}

/// Looks at what stands at the path, where the service can't be trusted to do it while it writes; and says what a request is to demand.
fn condition(path: &str, replaces: Option<&Entry>, before: Look) -> Result<Option<(&'static str, String)>, Error> {
    let conditions = server::conditions(match replaces {
        Some(_) => Guard::Replacing,
        None => Guard::Creating,
    })?;
    let is_said = settings()?.provider().conditions == Conditions::Kept;
    if conditions != Conditions::Kept || before == Look::UnlessSaid && !is_said {
        match replaces {
            Some(expected) => drop(expect(expected)?),
            None if stat(path)?.is_some() => return Err(already_there()),
            None => {}
        }
    }
    if conditions == Conditions::Refused {
        return Ok(None);
    }
    Ok(Some(match replaces.and_then(|entry| entry.version.clone()) {
        Some(version) => ("if-match", version),
        None => ("if-none-match", "*".to_owned()),
    }))
}

/// One request: what it brings is there when it is answered.
pub fn put(wanted: &Wanted<'_>) -> Result<Stored, Error> {
    match put_once(wanted) {
        // It may be there since an answer of before was lost.
        Err(failed) if failed.class == ErrorClass::Conflict => match look(&wanted.path)? {
            Some((entry, Some(key))) if key == keys::encoded(&wanted.key) && entry.size == Some(wanted.size) => {
                Ok(Stored {
                    entry,
                    checked: checked()?,
                })
            }
            _ => Err(failed),
        },
        done => done,
    }
}

fn put_once(wanted: &Wanted<'_>) -> Result<Stored, Error> {
    let settings = settings()?;
    let condition = condition(&wanted.path, wanted.replaces.as_ref(), Look::WhereNeeded)?;
    let checked = checked()?;
    let mut request = wanted.described(to("PUT", &settings.key(&wanted.path), &[])?)?;
    let md5 = wanted
        .body
        .digest("md5", None)?
        .ok_or_else(|| unexpected("s3/no-digest", "The host can't tell a file's digest before it is sent."))?;
    request = request.header("content-md5", base64(&md5));
    if let Some((name, value)) = condition {
        request = request.header(name, value);
    }
    let answer = success(answer(request.range(wanted.body, 0, None))?, "bringing a file")?;
    let mut entry = told(&wanted.path, Some(wanted.size), &answer);
    entry.modified = at(wanted.modified);
    Ok(Stored { entry, checked })
}

/// The digests that the service compares.
fn checked() -> Result<Vec<String>, Error> {
    Ok(match server::compares_digests()? {
        true => vec!["md5".to_owned()],
        false => Vec::new(),
    })
}

fn at(seconds: Option<i64>) -> Option<Instant> {
    seconds.map(|seconds| Instant {
        seconds,
        nanoseconds: 0,
    })
}

/// Brings all parts; `commit` puts them together.
pub fn parts(wanted: &Wanted<'_>, checkpoint: Option<Vec<u8>>) -> Result<Upload, Error> {
    drop(condition(&wanted.path, wanted.replaces.as_ref(), Look::UnlessSaid)?);
    let mut upload = match checkpoint.and_then(|saved| token::read::<Upload>(&saved).ok()) {
        Some(saved) => taken_up(wanted, saved)?,
        None => begun(wanted)?,
    };
    let id = upload.id.clone().unwrap_or_default();
    let key = settings()?.key(&wanted.path);
    let count = wanted.size.div_ceil(upload.part_size);
    let mut under_way: Vec<(Pending, Vec<u8>)> = Vec::new();
    let mut next = upload.etags.len() as u64 + 1;
    while next <= count || !under_way.is_empty() {
        if next <= count && (under_way.len() as u64) < UNDER_WAY {
            let (offset, length) = part(next, upload.part_size, wanted.size);
            let md5 = digest(wanted.body, offset, length)?;
            let number = next.to_string();
            let request = to("PUT", &key, &[("partNumber", &number), ("uploadId", &id)])?
                .header("content-md5", base64(&md5))
                .range(wanted.body, offset, Some(length));
            under_way.push((request.start()?, md5));
            next += 1;
            continue;
        }
        // In order, so that what is saved is always a beginning.
        let (pending, md5) = under_way.remove(0);
        let answer = success(Answer::read(Pending::wait(pending)?)?, "bringing a part")?;
        let etag = answer.header("etag").unwrap_or_default().to_owned();
        let plain = etag.trim_matches('"');
        if plain.len() == 32 && plain != hex(&md5) {
            return Err(error(
                ErrorClass::Transient,
                "s3/part-differs",
                "The service says that a part isn't what was sent.",
            ));
        }
        upload.etags.push(etag);
        staging::save(&token::write(&upload), upload.etags.len() as u64 * upload.part_size)?;
    }
    Ok(upload)
}

fn digest(body: &Body, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
    body.digest("md5", Some((offset, length)))?
        .ok_or_else(|| unexpected("s3/no-digest", "The host can't tell a part's digest before it is sent."))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn begun(wanted: &Wanted<'_>) -> Result<Upload, Error> {
    let settings = settings()?;
    let mut upload = Upload {
        path: wanted.path.clone(),
        id: None,
        part_size: part_size(wanted.size, settings.provider()),
        size: wanted.size,
        etags: Vec::new(),
        replaces: wanted.replaces.as_ref().and_then(|entry| entry.version.clone()),
        key: wanted.key.clone(),
    };
    // Before the service begins what doesn't end by itself: the key finds it again.
    staging::save(&token::write(&upload), 0)?;
    let request = wanted.described(to("POST", &settings.key(&wanted.path), &[("uploads", "")])?)?;
    let answer = success(answer(request)?, "beginning an upload")?;
    let id = xml::upload_id(&String::from_utf8_lossy(&answer.body))
        .ok_or_else(|| unexpected("s3/bad-upload", "The service began an upload without an id."))?;
    upload.id = Some(id);
    staging::save(&token::write(&upload), 0)?;
    Ok(upload)
}

/// Goes on where it was cut off: with the parts that the service has and whose digest is ours.
fn taken_up(wanted: &Wanted<'_>, saved: Upload) -> Result<Upload, Error> {
    let Some(id) = saved
        .id
        .clone()
        .filter(|_| saved.size == wanted.size && saved.path == wanted.path)
    else {
        abort_all(&saved.path)?;
        return begun(wanted);
    };
    let key = settings()?.key(&wanted.path);
    let mut there = Vec::new();
    let mut after = 0u64;
    loop {
        let marker = after.to_string();
        let answer = answer(to("GET", &key, &[("uploadId", &id), ("part-number-marker", &marker)])?)?;
        if answer.status == 404 {
            return begun(wanted);
        }
        let answer = success(answer, "looking at an upload")?;
        let (parts, next) = xml::parts(&String::from_utf8_lossy(&answer.body))
            .ok_or_else(|| unexpected("s3/bad-upload", "The service's list of parts isn't understood."))?;
        there.extend(parts);
        match next {
            Some(next) if next > after => after = next,
            _ => break,
        }
    }
    let mut upload = Upload {
        etags: Vec::new(),
        ..saved
    };
    let count = wanted.size.div_ceil(upload.part_size);
    for number in 1..=count {
        let (offset, length) = part(number, upload.part_size, wanted.size);
        let Some((_, etag, _)) = there
            .iter()
            .find(|(known, _, size)| (*known, *size) == (number, length))
        else {
            break;
        };
        // The source's bytes go by once more in any case: its digest is checked from the first on.
        if etag.trim_matches('"') != hex(&digest(wanted.body, offset, length)?) {
            break;
        }
        upload.etags.push(etag.clone());
    }
    Ok(upload)
}

/// Puts the parts together. Called again when that was done: `expired`, whatever stands there.
pub fn complete(upload: &Upload) -> Result<Stored, Error> {
    match complete_once(upload) {
        Err(failed) if failed.class == ErrorClass::Conflict && !is_held(upload)? => Err(error(
            ErrorClass::Expired,
            "s3/NoSuchUpload",
            "Nothing is held under that upload any more.",
        )),
        done => done,
    }
}

fn is_held(upload: &Upload) -> Result<bool, Error> {
    let id = upload.id.clone().unwrap_or_default();
    let query = [("uploadId", id.as_str()), ("max-parts", "1")];
    let answer = answer(to("GET", &settings()?.key(&upload.path), &query)?)?;
    match answer.status {
        404 => Ok(false),
        _ => success(answer, "looking at an upload").map(|_| true),
    }
}

fn complete_once(upload: &Upload) -> Result<Stored, Error> {
    let settings = settings()?;
    let id = upload.id.clone().unwrap_or_default();
    let there = upload.replaces.as_ref().map(|version| Entry {
        version: Some(version.clone()),
        ..entry(&upload.path, None, version)
    });
    let condition = condition(&upload.path, there.as_ref(), Look::UnlessSaid)?;
    let mut list = String::from("<CompleteMultipartUpload>");
    for (index, etag) in upload.etags.iter().enumerate() {
        let quoted = etag.trim_matches('"');
        list.push_str(&format!(
            "<Part><PartNumber>{}</PartNumber><ETag>&quot;{quoted}&quot;</ETag></Part>",
            index + 1
        ));
    }
    list.push_str("</CompleteMultipartUpload>");
    let mut request = to("POST", &settings.key(&upload.path), &[("uploadId", &id)])?
        .header("content-type", "application/xml")
        .text(&list);
    if let Some((name, value)) = condition {
        request = request.header(name, value);
    }
    let answer = success(answer(request)?, "putting an upload together")?;
    let text = String::from_utf8_lossy(&answer.body);
    // Status 200 may hold an error: the service began to answer before it was done.
    if xml::failure(&text).is_some() {
        return Err(failure(&answer, "putting an upload together"));
    }
    let etag = xml::etag(&text).unwrap_or_default();
    Ok(Stored {
        entry: entry(&upload.path, Some(upload.size), &etag),
        // Every part was sent with its digest.
        checked: checked()?,
    })
}

/// Gives up an upload.
pub fn abort(path: &str, id: &str) -> Result<(), Error> {
    let answer = answer(to("DELETE", &settings()?.key(path), &[("uploadId", id)])?)?;
    match answer.status {
        404 => Ok(()),
        _ => success(answer, "giving up an upload").map(drop),
    }
}

/// Gives up every upload of a key: its id isn't known.
pub fn abort_all(path: &str) -> Result<(), Error> {
    let key = settings()?.key(path);
    let answer = answer(to("GET", "", &[("uploads", ""), ("prefix", &key)])?)?;
    // A server that doesn't know such uploads has none.
    if matches!(answer.status, 404 | 405 | 501) {
        return Ok(());
    }
    let answer = success(answer, "looking for uploads")?;
    for id in xml::uploads(&String::from_utf8_lossy(&answer.body), &key) {
        abort(path, &id)?;
    }
    Ok(())
}
