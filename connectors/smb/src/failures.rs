//! What a server's answers mean.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Error, ErrorClass};

use crate::answers::{status, Malformed};

/// A status that says no. `what` was wanted.
pub fn of_status(code: u32, what: &str) -> Error {
    use ErrorClass::{Conflict, NotFound, PermissionDenied, Quota, Transient, Unexpected, Unsupported};
    let (class, name, sentence) = match code {
        status::OBJECT_NAME_NOT_FOUND | status::OBJECT_PATH_NOT_FOUND | status::NO_SUCH_FILE => {
            (NotFound, "smb/not-found", "It isn't there")
        }
        status::ACCESS_DENIED | status::MEDIA_WRITE_PROTECTED | status::CANNOT_DELETE => {
            (PermissionDenied, "smb/permission-denied", "The server doesn't allow it")
        }
        status::OBJECT_NAME_COLLISION => (Conflict, "smb/conflict", "Something is there already"),
        status::NOT_A_DIRECTORY => (Conflict, "smb/conflict", "A file is where a folder should be"),
        status::FILE_IS_A_DIRECTORY => (Conflict, "smb/conflict", "A folder is where a file should be"),
        status::DIRECTORY_NOT_EMPTY => (Conflict, "smb/conflict", "There is something in it"),
        status::DISK_FULL | status::QUOTA_EXCEEDED => (Quota, "smb/full", "The server has no room for it"),
        status::SHARING_VIOLATION | status::DELETE_PENDING => (Transient, "smb/in-use", "Somebody else has it open"),
        gone if status::is_gone(gone) => (Transient, "smb/session-ended", "The server ended the session"),
        status::FILE_CLOSED | status::IO_TIMEOUT | status::INSUFFICIENT_RESOURCES | status::INSUFF_SERVER_RESOURCES => {
            (Transient, "smb/busy", "The server can't do it at present")
        }
        status::OBJECT_NAME_INVALID | status::NAME_TOO_LONG => {
            (Unsupported, "smb/bad-name", "The server takes no such name")
        }
        status::BAD_NETWORK_NAME => (NotFound, "smb/no-share", "The server has no such share"),
        status::NOT_SUPPORTED => (Unsupported, "smb/unsupported", "The server can't do that"),
        _ => (Unexpected, "smb/failure", "The server failed"),
    };
    error(class, name, format!("{sentence} ({what}: status {code:#010x})."))
}

/// An answer that isn't as the protocol has it.
pub fn garbled(what: &str) -> Error {
    unexpected(
        "smb/garbled",
        format!("The server's answer isn't as SMB has it ({what})."),
    )
}

/// The same, of an answer's inside.
pub fn malformed(what: &'static str) -> impl Fn(Malformed) -> Error {
    move |_| garbled(what)
}

/// The server ended the connection.
pub fn ended() -> Error {
    error(ErrorClass::Transient, "smb/ended", "The server ended the connection.")
}

/// Something else is there.
pub fn conflict(path: &str, why: &str) -> Error {
    error(ErrorClass::Conflict, "smb/conflict", format!("{path}: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_class() {
        for (code, class) in [
            (status::OBJECT_NAME_NOT_FOUND, ErrorClass::NotFound),
            (status::ACCESS_DENIED, ErrorClass::PermissionDenied),
            (status::OBJECT_NAME_COLLISION, ErrorClass::Conflict),
            (status::DISK_FULL, ErrorClass::Quota),
            (status::SHARING_VIOLATION, ErrorClass::Transient),
            (status::NETWORK_NAME_DELETED, ErrorClass::Transient),
            (status::OBJECT_NAME_INVALID, ErrorClass::Unsupported),
            (0xC000_0001, ErrorClass::Unexpected),
        ] {
            assert_eq!(of_status(code, "x").class, class);
        }
    }
}
