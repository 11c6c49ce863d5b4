//! What the server at hand really does where its provider's documentation doesn't say: tried once by the connection, before the first file is brought.
//!
//! Nothing stays of it, hidden versions included. What concerns parts is tried with a part of an upload that is given up; what concerns whole objects with a small one of our own, whose version is taken away. Where versions can't be taken away (`lock`) no object is made.

use camroll_connector::findings::known;
use camroll_connector::http::{Answer, Builder};
use camroll_connector::{Error, ErrorClass};
use serde::{Deserialize, Serialize};

use crate::bucket::{answer, settings, to};
use crate::failures::failure;
use crate::objects::base64;
use crate::parts::Checksums;
use crate::providers::{Conditions, Digests, Trailers};
use crate::trial::{
    MOST_TRIES, MOST_VERSIONS, MOST_WRITES, PROBE, RIGHT_CRC, TEXT, WRONG_CRC, WRONG_MD5, WRONG_VERSION,
};
use crate::{trailer, upload, xml};

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Found {
    Keeps,
    Ignores,
    /// It answers with an error of its own: such requests are better not sent.
    Refuses,
}

/// What a condition guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing may be there.
    Creating,
    /// That version must be there.
    Replacing,
}

/// Whether the service refuses bytes that aren't those of the digest sent along.
pub fn compares_digests() -> Result<bool, Error> {
    if settings()?.provider().digests == Digests::Compared {
        return Ok(true);
    }
    let found = known("digests", || {
        let wrong = [("content-md5", base64(&WRONG_MD5))];
        if settings()?.lock.is_some() {
            // A part first: who takes that one would keep an object of it, and for long.
            let parts = with_upload(&[], |id| trial(with(part(id)?, &wrong).text(TEXT)))?;
            if !parts.is_some_and(|(_, code)| is_of_digest(&code)) {
                return Ok(Found::Ignores);
            }
        }
        // What refuses it for another reason shows nothing.
        let (status, code) = attempt(&wrong)?;
        if status < 300 {
            clear()?;
        }
        Ok(match is_of_digest(&code) {
            true => Found::Keeps,
            false => Found::Ignores,
        })
    })?;
    Ok(found == Found::Keeps)
}

fn is_of_digest(code: &str) -> bool {
    // MinIO's word for a trailing checksum is the third.
    matches!(
        code,
        "s3/BadDigest" | "s3/InvalidDigest" | "s3/XAmzContentChecksumMismatch"
    )
}

/// What the service compares parts with: a checksum behind them where it does that.
pub fn checksums_of_parts() -> Result<Checksums, Error> {
    let compares = match settings()?.provider().trailers {
        Trailers::Compared => true,
        Trailers::Refused => false,
        Trailers::Unsure => {
            let found = known("trailers", || {
                let keeps = with_upload(&trailer::WHOLE, |id| {
                    let (wrong, _) = trial(trailer::behind_text(part(id)?, TEXT, WRONG_CRC))?;
                    let (right, _) = trial(trailer::behind_text(part(id)?, TEXT, RIGHT_CRC))?;
                    // It may refuse all of them, or look at none. By which word it refuses the wrong one says nothing: the two differ in their checksum alone (SeaweedFS says IncompleteBody).
                    Ok(wrong == 400 && (200..=299).contains(&right))
                })?;
                Ok(match keeps {
                    Some(true) => Found::Keeps,
                    _ => Found::Ignores,
                })
            })?;
            found == Found::Keeps
        }
    };
    Ok(match compares {
        true => Checksums::Behind,
        false => Checksums::Before,
    })
}

/// Tries something with an upload that is given up whatever comes of it; none where the service begins no such upload, or keeps none.
fn with_upload<T>(headers: &[(&str, &str)], ask: impl Fn(&str) -> Result<T, Error>) -> Result<Option<T>, Error> {
    for _ in 0..MOST_TRIES {
        let mut request = to("POST", &settings()?.key(PROBE), &[("uploads", "")])?.header("content-type", "text/plain");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let answer = answer(request)?;
        if answer.status >= 300 {
            refused(&answer)?;
            return Ok(None);
        }
        let Some(id) = xml::upload_id(&String::from_utf8_lossy(&answer.body)) else {
            return Ok(None);
        };
        let asked = ask(&id);
        upload::abort(PROBE, &id)?;
        match asked {
            // Another instance was done, and gave this one up with its own.
            Err(failed) if failed.class == ErrorClass::Expired => {}
            asked => {
                // One of an instance that was killed in between.
                upload::abort_all(PROBE)?;
                return asked.map(Some);
            }
        }
    }
    Ok(None)
}

/// How far conditions of writes can be relied on.
pub fn conditions(guard: Guard) -> Result<Conditions, Error> {
    let said = settings()?.provider().conditions;
    if said != Conditions::Unsure {
        return Ok(said);
    }
    let locks = settings()?.lock.is_some();
    let found = match guard {
        Guard::Creating if locks => known("creating", creating_nothing),
        Guard::Creating => known("creating", || {
            let condition = [("if-none-match", "*".to_owned())];
            // The first one may make it, and another instance may take it away in between.
            let mut found = Found::Ignores;
            for _ in 0..MOST_WRITES {
                found = refusal(attempt(&condition)?);
                if found != Found::Ignores {
                    break;
                }
            }
            clear()?;
            Ok(found)
        }),
        Guard::Replacing => known("replacing", || {
            let found = attempt(&[("if-match", WRONG_VERSION.to_owned())]).map(refusal)?;
            if found == Found::Ignores {
                clear()?;
            }
            Ok(found)
        }),
    }?;
    Ok(match found {
        Found::Keeps => Conditions::Kept,
        Found::Ignores => Conditions::Unsure,
        Found::Refuses => Conditions::Refused,
    })
}

/// Where each object would stay for as long as the lock says, conditions are believed by nobody; all that is asked is whether they may be sent.
fn creating_nothing() -> Result<Found, Error> {
    if !compares_digests()? {
        return Ok(Found::Ignores);
    }
    let (status, _) = attempt(&[("if-none-match", "*".to_owned()), ("content-md5", base64(&WRONG_MD5))])?;
    Ok(match status {
        501 => Found::Refuses,
        _ => Found::Ignores,
    })
}

fn refusal((status, _): (u16, String)) -> Found {
    match status {
        200..=299 => Found::Ignores,
        // If-Match where nothing is there.
        404 | 412 => Found::Keeps,
        _ => Found::Refuses,
    }
}

/// Status and code that an object gets.
fn attempt(headers: &[(&str, String)]) -> Result<(u16, String), Error> {
    let request = to("PUT", &settings()?.key(PROBE), &[])?.header("content-type", "text/plain");
    trial(with(request, headers).text(TEXT))
}

fn with<'b>(mut request: Builder<'b>, headers: &[(&str, String)]) -> Builder<'b> {
    for (name, value) in headers {
        request = request.header(name, value.clone());
    }
    request
}

fn part<'b>(id: &str) -> Result<Builder<'b>, Error> {
    to("PUT", &settings()?.key(PROBE), &[("partNumber", "1"), ("uploadId", id)])
}

/// Takes away every version of the object that trials were made with, as far as this key may.
fn clear() -> Result<(), Error> {
    let key = settings()?.key(PROBE);
    for _ in 0..MOST_VERSIONS {
        let there = answer(to("HEAD", &key, &[])?)?;
        if there.status >= 300 {
            break;
        }
        // Without its version a removal would hide it: the next trial would put another one over that.
        let version = there.header("x-amz-version-id").unwrap_or_default().to_owned();
        let query = [("versionId", version.as_str())];
        let query = if version.is_empty() { &query[..0] } else { &query[..] };
        if answer(to("DELETE", &key, query)?)?.status >= 300 {
            break;
        }
    }
    Ok(())
}

fn trial(request: Builder<'_>) -> Result<(u16, String), Error> {
    let answer = answer(request)?;
    if answer.status < 300 {
        return Ok((answer.status, String::new()));
    }
    refused(&answer)
}

/// Status and code of a refusal; an error where the service says nothing of its ways, but that it can't now.
fn refused(answer: &Answer) -> Result<(u16, String), Error> {
    let failed = failure(answer, "trying what the server keeps");
    match (failed.class, answer.status) {
        // BadDigest is among those of 400, and 501 says that it never does it.
        (ErrorClass::Transient, 400 | 501) => Ok((answer.status, failed.code)),
        (
            ErrorClass::Transient
            | ErrorClass::RateLimited
            | ErrorClass::Unauthenticated
            | ErrorClass::Quota
            | ErrorClass::Expired,
            _,
        ) => Err(failed),
        _ => Ok((answer.status, failed.code)),
    }
}
