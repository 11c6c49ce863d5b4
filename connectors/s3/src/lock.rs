//! Whether the service locks what it is asked to lock: one that knows nothing of locks takes their headers like any others, and its objects can be removed all the same.

use std::cell::Cell;
use std::time::SystemTime;

use camroll_connector::errors::error;
use camroll_connector::findings::known;
use camroll_connector::http::{Answer, Builder};
use camroll_connector::{clock, Error, ErrorClass};
use serde::{Deserialize, Serialize};

use crate::bucket::{answer, settings, success, to};
use crate::failures::failure;
use crate::retention::{self, iso8601, Lock};
use crate::xml::{self, ObjectLock};

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const HOLD: &str = "x-amz-object-lock-legal-hold";
/// Until when it was asked for: an object whose answer was lost is compared with that as well.
const ASKED: &str = "x-amz-meta-camroll-retain-until";

thread_local! {
    static SEEN: Cell<bool> = const { Cell::new(false) };
}

/// What the bucket was asked for at first.
#[derive(Default, Serialize, Deserialize)]
struct Told {
    /// What it says of locks; none where the service doesn't know the question, or doesn't let this key ask it.
    lock: Option<ObjectLock>,
    /// How far the service's clock is before this machine's, seconds; 0 where it tells no time.
    ahead: i64,
}

fn of_bucket() -> Result<Told, Error> {
    if !settings()?.provider().object_lock {
        return Ok(Told::default());
    }
    known("object-lock", || {
        let answer = answer(to("GET", "", &[("object-lock", "")])?)?;
        let text = String::from_utf8_lossy(&answer.body);
        let is_off = xml::failure(&text).is_some_and(|said| said.code == "ObjectLockConfigurationNotFoundError");
        let lock = match answer.status {
            200..=299 => xml::object_lock(&text),
            _ if is_off => Some(ObjectLock::Off),
            _ => refused(&answer, "asking for the bucket's lock").map_or(Ok(None), Err)?,
        };
        Ok(Told {
            lock,
            ahead: ahead(&answer),
        })
    })
}

fn ahead(answer: &Answer) -> i64 {
    let theirs = answer
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok());
    let theirs = theirs.and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok());
    let theirs = theirs.and_then(|since| i64::try_from(since.as_secs()).ok());
    theirs.map_or(0, |theirs| theirs.saturating_sub(clock::now().seconds))
}

/// Whether all that comes is locked: by the spec's wish, or by the bucket's own rule.
pub fn is_on_all() -> Result<bool, Error> {
    Ok(settings()?.lock.is_some() || of_bucket()?.lock == Some(ObjectLock::ByDefault))
}

/// Whether single objects may be locked, by whoever: the spec of before, or somebody else.
pub fn may_be_on_some() -> Result<bool, Error> {
    Ok(matches!(
        of_bucket()?.lock,
        Some(ObjectLock::On | ObjectLock::ByDefault)
    ))
}

/// Refuses what would hide an object that is held: a new version over it, or a marker.
pub fn refuse_held(path: &str, there: &Answer) -> Result<(), Error> {
    let held = held(there);
    let ends = held.until.as_deref().and_then(retention::seconds);
    let now = now()?;
    let is_retained = held.mode.is_some() && ends.is_none_or(|ends| ends > now);
    match is_retained || held.hold {
        false => Ok(()),
        true => Err(error(
            ErrorClass::PermissionDenied,
            "s3/held",
            format!("{path:?} is under a lock of before: nothing takes its place, and it isn't taken away."),
        )),
    }
}

/// The bucket was made with Object Lock, unless the service doesn't say.
pub fn is_on() -> Result<(), Error> {
    // Whoever doesn't know the question, or doesn't let this key ask it, is looked at with the first object.
    if settings()?.lock.is_some() && of_bucket()?.lock == Some(ObjectLock::Off) {
        return Err(Error {
            details: vec![("setting".to_owned(), "/lock".to_owned())],
            ..error(
                ErrorClass::InvalidSetting,
                "s3/bucket-without-lock",
                "The bucket was made without Object Lock: make one with it, switch it on in the provider's console, or leave `lock` out.",
            )
        });
    }
    Ok(())
}

/// What the service's clock says, seconds since 1970: a lock that ends by a clock that is behind would end too early. This machine's, where the service tells none.
fn now() -> Result<i64, Error> {
    Ok(clock::now().seconds.saturating_add(of_bucket()?.ahead))
}

/// A request that asks for the lock.
pub fn asked(request: Builder<'_>) -> Result<Builder<'_>, Error> {
    let settings = settings()?;
    let Some(lock) = &settings.lock else {
        return Ok(request);
    };
    let mut request = request;
    if let Some(days) = lock.retention_days() {
        let held = i64::try_from(days).ok().and_then(|days| days.checked_mul(86_400));
        let now = now()?;
        let until = held.and_then(|held| iso8601(now.checked_add(held)?));
        let until = until.ok_or_else(|| Error {
            details: vec![("setting".to_owned(), "/lock/for".to_owned())],
            ..error(
                ErrorClass::InvalidSetting,
                "s3/settings",
                "`lock: { for: … }` reaches beyond the calendar.",
            )
        })?;
        request = request
            .header(MODE, lock.retention_mode())
            .header(UNTIL, until.clone())
            .header(ASKED, until);
    }
    if lock.legal_hold {
        request = request.header(HOLD, "ON");
    }
    Ok(request)
}

/// Looks once an instance whether what was asked to be locked is, where an answer is about such an object. A run that was cut off before it looked, or that was told that nothing is locked here, left
/// it: what is found there counts for no more than what is brought.
pub fn look_at_found(path: &str, there: &Answer) -> Result<(), Error> {
    match there.header(ASKED) {
        Some(_) => look_once(path),
        None => Ok(()),
    }
}

/// Looks whether an object is held, once an instance.
pub fn look_once(path: &str) -> Result<(), Error> {
    match SEEN.get() {
        true => Ok(()),
        false => look(path),
    }
}

/// Looks whether an object is held as it was asked for.
pub fn look(path: &str) -> Result<(), Error> {
    let settings = settings()?;
    let Some(lock) = &settings.lock else {
        return Ok(());
    };
    let there = success(answer(to("HEAD", &settings.key(path), &[])?)?, "looking at a lock")?;
    let asked = Lock {
        mode: lock.retention_days().map(|_| lock.retention_mode()),
        until: there.header(ASKED).map(str::to_owned),
        hold: lock.legal_hold,
    };
    let lacks = match held(&there).lacks(&asked) {
        None => told(path)?.lacks(&asked),
        lacks => lacks,
    };
    match lacks {
        None => {
            SEEN.set(true);
            Ok(())
        }
        Some(lacks) => Err(Error {
            details: vec![("setting".to_owned(), "/lock".to_owned())],
            ..error(
                ErrorClass::InvalidSetting,
                "s3/not-locked",
                format!("The service took {path:?} and doesn't lock it as it was asked to: {lacks}, or this key may not see it. It is there, and counts for nothing."),
            )
        }),
    }
}

fn held(answer: &Answer) -> Lock {
    Lock {
        mode: answer.header(MODE).map(str::to_uppercase),
        until: answer.header(UNTIL).map(str::to_owned),
        hold: answer.header(HOLD).is_some_and(|hold| hold.eq_ignore_ascii_case("on")),
    }
}

/// What the service says when it is asked for the lock itself. There are servers that keep every header and give it back, and lock nothing: those answer with the object.
fn told(path: &str) -> Result<Lock, Error> {
    let settings = settings()?;
    let ask = |what: &str| -> Result<String, Error> {
        let request = to("GET", &settings.key(path), &[(what, "")])?.header("range", "bytes=0-4095");
        let answer = answer(request)?;
        if answer.status < 300 {
            return Ok(String::from_utf8_lossy(&answer.body).into_owned());
        }
        match refused(&answer, "asking for an object's lock") {
            Some(failed) => Err(failed),
            None => Ok(String::new()),
        }
    };
    let Some(lock) = &settings.lock else {
        return Ok(Lock::default());
    };
    let mut told = Lock::default();
    if lock.retention_days().is_some() {
        let said = xml::retention(&ask("retention")?);
        (told.mode, told.until) = said.unzip();
    }
    if lock.legal_hold {
        told.hold = xml::has_legal_hold(&ask("legal-hold")?);
    }
    Ok(told)
}

/// The error of an answer, where the service can't say now; none where it says that it never does, or not to this key.
fn refused(answer: &Answer, what: &str) -> Option<Error> {
    let failed = failure(answer, what);
    match failed.class {
        ErrorClass::Transient if answer.status != 501 => Some(failed),
        ErrorClass::RateLimited | ErrorClass::Unauthenticated => Some(failed),
        _ => None,
    }
}
