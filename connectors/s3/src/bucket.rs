//! The bucket of this instance's connection, and requests to it.

use std::cell::RefCell;
use std::rc::Rc;

use camroll_connector::errors::error;
use camroll_connector::http::{request, Answer, Builder};
use camroll_connector::{Error, ErrorClass};

use crate::failures::failure;
use crate::keys::encoded;
use crate::settings::Settings;

thread_local! {
    static BUCKET: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
}

/// Takes the settings.
pub fn connect(settings: &str) -> Result<(), Error> {
    let settings: Settings = serde_json::from_str(settings)
        .map_err(|why| error(ErrorClass::InvalidSetting, "s3/settings", why.to_string()))?;
    settings
        .address("")
        .map_err(|why| error(ErrorClass::InvalidSetting, "s3/no-endpoint", why))?;
    if settings.lock.as_ref().is_some_and(|lock| !lock.locks()) {
        return Err(Error {
            details: vec![("setting".to_owned(), "/lock/for".to_owned())],
            ..error(
                ErrorClass::InvalidSetting,
                "s3/lock-without-time",
                "`lock` needs `for` (such as 365d) or `legal_hold: true`: as it is, nothing would be locked.",
            )
        });
    }
    BUCKET.with(|bucket| *bucket.borrow_mut() = Some(Rc::new(settings)));
    Ok(())
}

/// The settings of this connection.
pub fn settings() -> Result<Rc<Settings>, Error> {
    BUCKET.with(|bucket| bucket.borrow().clone()).ok_or_else(|| {
        error(
            ErrorClass::Unexpected,
            "s3/not-connected",
            "The connector was asked before it was connected.",
        )
    })
}

/// A request to an object, or to the bucket where the key is empty. A query's parameter without a value is a sub-resource.
pub fn to<'b>(method: &str, key: &str, query: &[(&str, &str)]) -> Result<Builder<'b>, Error> {
    let mut url = settings()?
        .address(key)
        .map_err(|why| error(ErrorClass::InvalidSetting, "s3/no-endpoint", why))?;
    for (index, (name, value)) in query.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(&format!("{}={}", encoded(name), encoded(value)));
    }
    Ok(request(method, url).auth("s3").pace("requests"))
}

/// Sends it and reads the answer.
pub fn answer(request: Builder<'_>) -> Result<Answer, Error> {
    Answer::read(request.send()?)
}

/// The answer, if it is a success.
pub fn success(answer: Answer, what: &str) -> Result<Answer, Error> {
    match answer.status {
        200..=299 => Ok(answer),
        _ => Err(failure(&answer, what)),
    }
}
