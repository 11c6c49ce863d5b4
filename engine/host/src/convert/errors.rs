//! Errors, which are cut to size rather than refused.

use camroll_model::ConnectorError;

use super::bounds::{CODE_LIMIT, DETAILS_LIMIT, MESSAGE_LIMIT};
use super::words::{class, class_out};
use crate::bindings::camroll::connector::types as wit;

/// A connector's own error. It is cut to size rather than refused: hiding it would help nobody.
pub(crate) fn error(error: wit::Error) -> ConnectorError {
    let code: String = error
        .code
        .chars()
        .take(CODE_LIMIT)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect();
    let details = error
        .details
        .into_iter()
        .take(DETAILS_LIMIT)
        .map(|(key, value)| (cut(key), cut(value)))
        .collect();
    ConnectorError {
        class: class(error.class),
        code: if code.is_empty() {
            "connector/unnamed".to_owned()
        } else {
            code
        },
        message: cut(error.message),
        retry_after: error.retry_after,
        details,
    }
}

pub(super) fn cut(mut text: String) -> String {
    if text.len() > MESSAGE_LIMIT {
        text.truncate(text.floor_char_boundary(MESSAGE_LIMIT));
        text.push('…');
    }
    if text.chars().any(char::is_control) {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    } else {
        text
    }
}

pub(crate) fn error_out(error: ConnectorError) -> wit::Error {
    wit::Error {
        class: class_out(error.class),
        code: error.code,
        message: error.message,
        retry_after: error.retry_after,
        details: error.details,
    }
}
