//! How much of what a connector may answer.

use camroll_model::{ConnectorError, ErrorClass};

/// Most changes of a page, and most entries of a listing's page.
pub(super) const PAGE_LIMIT: usize = 1000;
/// Most attributes, keys, traits, resources of one thing.
pub(super) const LIST_LIMIT: usize = 1000;
/// Bytes of cursors, held tokens, steps, locators.
pub(super) const TOKEN_LIMIT: usize = 64 << 10;
/// Bytes of a resource's pointer.
pub(super) const POINTER_LIMIT: usize = 1 << 10;
/// Bytes of ids, names, versions.
pub(super) const NAME_LIMIT: usize = 4 << 10;
/// Bytes of an error's message, after which it is cut.
pub(super) const MESSAGE_LIMIT: usize = 2 << 10;
pub(super) const CODE_LIMIT: usize = 80;
/// Most details of an error that are kept.
pub(super) const DETAILS_LIMIT: usize = 16;

/// What the checks give.
pub(super) type Checked<T> = Result<T, ConnectorError>;

pub(super) fn bad(what: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "host/bad-answer",
        format!(
            "The connector answered what the interface doesn't allow: {what}. It has a bug; look for a newer version of it."
        ),
    )
}

/// An answer to several questions must be as many answers.
pub(crate) fn as_many<T>(call: &str, asked: usize, answers: Vec<T>) -> Checked<Vec<T>> {
    if answers.len() == asked {
        Ok(answers)
    } else {
        Err(bad(&format!(
            "{} results of `{call}` where {asked} were asked for",
            answers.len()
        )))
    }
}

fn text(what: &str, text: String, limit: usize) -> Checked<String> {
    if text.len() > limit {
        Err(bad(&format!(
            "{what} of {} bytes, where {limit} are allowed",
            text.len()
        )))
    } else {
        Ok(text)
    }
}

pub(super) fn name(what: &str, written: String) -> Checked<String> {
    text(what, written, NAME_LIMIT)
}

pub(super) fn id(what: &str, written: String) -> Checked<String> {
    if written.is_empty() {
        Err(bad(&format!("{what} that is empty")))
    } else {
        name(what, written)
    }
}

pub(super) fn token(what: &str, bytes: Vec<u8>) -> Checked<Vec<u8>> {
    bytes_of(what, bytes, TOKEN_LIMIT)
}

pub(super) fn bytes_of(what: &str, bytes: Vec<u8>, limit: usize) -> Checked<Vec<u8>> {
    if bytes.len() > limit {
        Err(bad(&format!(
            "{what} of {} bytes, where {limit} are allowed",
            bytes.len()
        )))
    } else {
        Ok(bytes)
    }
}

pub(super) fn few<T>(what: &str, list: Vec<T>, limit: usize) -> Checked<Vec<T>> {
    if list.len() > limit {
        Err(bad(&format!("{} {what}, where {limit} are allowed", list.len())))
    } else {
        Ok(list)
    }
}

pub(super) fn names(what: &str, list: Vec<String>) -> Checked<Vec<String>> {
    few(what, list, LIST_LIMIT)?
        .into_iter()
        .map(|each| name(what, each))
        .collect()
}
