//! Errors, made in a line.

use crate::types::{Error, ErrorClass};

/// An error with a class, a stable code of the connector's own ("apple/throttled") and one sentence for a person, without secrets.
pub fn error(class: ErrorClass, code: &str, message: impl Into<String>) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message: message.into(),
        retry_after: None,
        details: Vec::new(),
    }
}

/// What the connector doesn't understand: an answer of another shape, a bug.
pub fn unexpected(code: &str, message: impl Into<String>) -> Error {
    error(ErrorClass::Unexpected, code, message)
}

/// Worth trying again as it is.
pub fn transient(code: &str, message: impl Into<String>) -> Error {
    error(ErrorClass::Transient, code, message)
}

/// What the service, or this preset of it, can't do.
pub fn unsupported(code: &str, message: impl Into<String>) -> Error {
    error(ErrorClass::Unsupported, code, message)
}

/// A setting is wrong: `pointer` is its JSON pointer.
pub fn invalid_setting(code: &str, pointer: &str, message: impl Into<String>) -> Error {
    Error {
        details: vec![("setting".to_owned(), pointer.to_owned())],
        ..error(ErrorClass::InvalidSetting, code, message)
    }
}

/// The service asks for less; `retry_after` in seconds where it says so.
pub fn rate_limited(code: &str, message: impl Into<String>, retry_after: Option<u32>) -> Error {
    Error {
        retry_after,
        ..error(ErrorClass::RateLimited, code, message)
    }
}
