//! What a server's answers mean.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Error, ErrorClass};

use crate::packets::{status, Malformed, Reply};

/// A status that says no. `what` was wanted.
pub fn of_status(code: u32, message: &str, what: &str) -> Error {
    let said = if message.is_empty() { "no reason given" } else { message };
    let (class, name, sentence) = match code {
        status::NO_SUCH_FILE => (ErrorClass::NotFound, "sftp/not-found", "It isn't there"),
        status::PERMISSION_DENIED => (
            ErrorClass::PermissionDenied,
            "sftp/permission-denied",
            "The server doesn't allow it",
        ),
        status::NO_CONNECTION | status::CONNECTION_LOST => (
            ErrorClass::Transient,
            "sftp/connection-lost",
            "The server lost its own connection",
        ),
        status::UNSUPPORTED => (ErrorClass::Unsupported, "sftp/unsupported", "The server can't do that"),
        _ => (ErrorClass::Unexpected, "sftp/failure", "The server failed"),
    };
    error(class, name, format!("{sentence} ({what}: {said})."))
}

/// An answer of another kind than what was asked for.
pub fn of_reply(reply: Reply, what: &str) -> Error {
    match reply {
        Reply::Status { code, message } => of_status(code, &message, what),
        _ => garbled(what),
    }
}

/// An answer that isn't as the protocol has it.
pub fn garbled(what: &str) -> Error {
    unexpected(
        "sftp/garbled",
        format!("The server's answer isn't as SFTP has it ({what})."),
    )
}

/// The same, of a packet's inside.
pub fn malformed(what: &'static str) -> impl Fn(Malformed) -> Error {
    move |_| garbled(what)
}

/// The server ended the connection.
pub fn ended() -> Error {
    error(ErrorClass::Transient, "sftp/ended", "The server ended the connection.")
}

/// Something else is there.
pub fn conflict(path: &str, why: &str) -> Error {
    error(ErrorClass::Conflict, "sftp/conflict", format!("{path}: {why}."))
}

/// There is no room for more.
pub fn full(free: u64) -> Error {
    error(
        ErrorClass::Quota,
        "sftp/full",
        format!("The server's disk has no room for it ({free} bytes are free)."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_class() {
        for (code, class) in [
            (status::NO_SUCH_FILE, ErrorClass::NotFound),
            (status::PERMISSION_DENIED, ErrorClass::PermissionDenied),
            (status::CONNECTION_LOST, ErrorClass::Transient),
            (status::UNSUPPORTED, ErrorClass::Unsupported),
            (status::FAILURE, ErrorClass::Unexpected),
            (99, ErrorClass::Unexpected),
        ] {
            assert_eq!(of_status(code, "", "x").class, class);
        }
    }
}
