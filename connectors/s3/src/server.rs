//! What the server at hand really does where its provider's documentation doesn't say: tried once an instance, before the first file is brought, with a small object of our own.
//!
//! A strict server refuses each trial, so it leaves nothing but the first object; a lax one is known for what it is, and nothing rests on its word.

use std::cell::Cell;

use camroll_connector::{Error, ErrorClass};

use camroll_connector::http::Builder;

use crate::bucket::{answer, settings, to};
use crate::failures::failure;
use crate::objects::base64;
use crate::parts::Checksums;
use crate::providers::{Conditions, Digests, Trailers};
use crate::trailer;
use crate::trial::{PROBE, RIGHT_CRC, TEXT, WRONG_CRC, WRONG_MD5, WRONG_VERSION};

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

thread_local! {
    static DIGESTS: Cell<Option<Found>> = const { Cell::new(None) };
    static TRAILERS: Cell<Option<Found>> = const { Cell::new(None) };
    static CREATING: Cell<Option<Found>> = const { Cell::new(None) };
    static REPLACING: Cell<Option<Found>> = const { Cell::new(None) };
}

/// Whether the service refuses bytes that aren't those of the digest sent along.
pub fn compares_digests() -> Result<bool, Error> {
    if settings()?.provider().digests == Digests::Compared {
        return Ok(true);
    }
    let found = known(&DIGESTS, || {
        // What refuses it for another reason shows nothing.
        let (_, code) = attempt(&[("content-md5", base64(&WRONG_MD5))])?;
        Ok(match code.as_str() {
            "s3/BadDigest" | "s3/InvalidDigest" => Found::Keeps,
            _ => Found::Ignores,
        })
    })?;
    Ok(found == Found::Keeps)
}

/// What the service compares parts with: a checksum behind them where it does that.
pub fn checksums_of_parts() -> Result<Checksums, Error> {
    let compares = match settings()?.provider().trailers {
        Trailers::Compared => true,
        Trailers::Refused => false,
        Trailers::Unsure => {
            let found = known(&TRAILERS, || {
                Ok(
                    match (
                        refuses_wrong_trailer()?,
                        trial(trailer::behind_text(begun()?, TEXT, RIGHT_CRC))?,
                    ) {
                        (true, (200..=299, _)) => Found::Keeps,
                        // It refuses all of them, or it looks at none and may have stored what stands around the bytes.
                        _ => Found::Ignores,
                    },
                )
            })?;
            found == Found::Keeps
        }
    };
    Ok(match compares {
        true => Checksums::Behind,
        false => Checksums::Before,
    })
}

fn refuses_wrong_trailer() -> Result<bool, Error> {
    let (_, code) = trial(trailer::behind_text(begun()?, TEXT, WRONG_CRC))?;
    // MinIO's word is the third.
    Ok(matches!(
        code.as_str(),
        "s3/BadDigest" | "s3/InvalidDigest" | "s3/XAmzContentChecksumMismatch"
    ))
}

/// How far conditions of writes can be relied on.
pub fn conditions(guard: Guard) -> Result<Conditions, Error> {
    let said = settings()?.provider().conditions;
    if said != Conditions::Unsure {
        return Ok(said);
    }
    let found = match guard {
        Guard::Creating => known(&CREATING, || {
            let condition = [("if-none-match", "*".to_owned())];
            // The first one may make it.
            match attempt(&condition)? {
                (200..=299, _) => attempt(&condition).map(refusal),
                refused => Ok(refusal(refused)),
            }
        }),
        Guard::Replacing => known(&REPLACING, || {
            attempt(&[("if-match", WRONG_VERSION.to_owned())]).map(refusal)
        }),
    }?;
    Ok(match found {
        Found::Keeps => Conditions::Kept,
        Found::Ignores => Conditions::Unsure,
        Found::Refuses => Conditions::Refused,
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

fn known(
    place: &'static std::thread::LocalKey<Cell<Option<Found>>>,
    ask: impl FnOnce() -> Result<Found, Error>,
) -> Result<Found, Error> {
    if let Some(found) = place.get() {
        return Ok(found);
    }
    let found = ask()?;
    place.set(Some(found));
    Ok(found)
}

/// Status and code that a trial gets; an error where the service says nothing of its ways, but that it can't now.
fn attempt(headers: &[(&str, String)]) -> Result<(u16, String), Error> {
    let mut request = begun()?.text(TEXT);
    for (name, value) in headers {
        request = request.header(name, value.clone());
    }
    trial(request)
}

fn begun<'b>() -> Result<Builder<'b>, Error> {
    Ok(to("PUT", &settings()?.key(PROBE), &[])?.header("content-type", "text/plain"))
}

fn trial(request: Builder<'_>) -> Result<(u16, String), Error> {
    let answer = answer(request)?;
    if answer.status < 300 {
        return Ok((answer.status, String::new()));
    }
    let failed = failure(&answer, "trying what the server keeps");
    match (failed.class, answer.status) {
        // BadDigest is among those of 400, and 501 says that it never does it.
        (ErrorClass::Transient, 400 | 501) => Ok((answer.status, failed.code)),
        (ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Unauthenticated | ErrorClass::Quota, _) => {
            Err(failed)
        }
        _ => Ok((answer.status, failed.code)),
    }
}
