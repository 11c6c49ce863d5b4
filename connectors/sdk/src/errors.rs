//! Errors, made in a line.

use crate::types::{Error, ErrorClass};

/// An error with a class, a code of the connector's own and a sentence for a person.
pub fn error(class: ErrorClass, code: &str, message: impl Into<String>) -> Error {
    Error {
        class,
        code: code.into(),
        message: message.into(),
        retry_after: None,
        details: Vec::new(),
    }
}

/// What the connector doesn't understand.
pub fn unexpected(code: &str, message: impl Into<String>) -> Error {
    error(ErrorClass::Unexpected, code, message)
}

/// What a service can't do.
pub fn unsupported(message: impl Into<String>) -> Error {
    error(ErrorClass::Unsupported, "connector/unsupported", message)
}

/// The service asks for less.
pub fn rate_limited(code: &str, message: impl Into<String>, retry_after: Option<u32>) -> Error {
    Error {
        retry_after,
        ..error(ErrorClass::RateLimited, code, message)
    }
}
