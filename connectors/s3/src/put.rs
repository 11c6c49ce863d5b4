//! Bringing a small file: one request, and it is there.

use camroll_connector::errors::unexpected;
use camroll_connector::types::Instant;
use camroll_connector::{Error, ErrorClass};

use crate::bucket::{answer, settings, success, to};
use crate::condition::{condition, Look};
use crate::objects::{base64, look, told};
use crate::wanted::{Stored, Wanted};
use crate::{keys, lock, server};

/// One request: what it brings is there when it is answered.
pub fn put(wanted: &Wanted<'_>) -> Result<Stored, Error> {
    match put_once(wanted) {
        // It may be there since an answer of before was lost.
        Err(failed) if failed.class == ErrorClass::Conflict => match look(&wanted.path)? {
            Some((entry, Some(key))) if key == keys::encoded(&wanted.key) && entry.size == Some(wanted.size) => {
                lock::look(&wanted.path)?;
                // What was brought before passes where it passes now: the source's checks, and the engine's intent.
                wanted.body.seek(wanted.size)?;
                wanted.body.read(1)?;
                Ok(Stored {
                    entry,
                    checked: checked()?,
                })
            }
            _ => Err(failed),
        },
        Ok(stored) => lock::look_once(&wanted.path).map(|()| stored),
        failed => failed,
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
pub fn checked() -> Result<Vec<String>, Error> {
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
