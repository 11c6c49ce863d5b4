//! What the operating system says, in the interface's words.

use std::io;

use camroll_model::{ConnectorError, ErrorClass};
use rustix::io::Errno;

/// The error of a file operation, saying what and where.
pub(crate) fn failure(doing: &str, path: &str, error: &io::Error) -> ConnectorError {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    let (class, code, hint) = match errno {
        Some(Errno::NOSPC | Errno::DQUOT) => (
            ErrorClass::Quota,
            "files/full",
            "There is no space left: make some, or use another folder.",
        ),
        Some(Errno::ROFS) => (
            ErrorClass::PermissionDenied,
            "files/read-only",
            "The file system is mounted read-only.",
        ),
        Some(Errno::ACCESS | Errno::PERM) => (
            ErrorClass::PermissionDenied,
            "files/read-only",
            "This user may not do that there: look at the folder's owner and mode.",
        ),
        Some(Errno::NOENT) => (ErrorClass::NotFound, "files/not-found", "It isn't there."),
        Some(Errno::EXIST | Errno::NOTEMPTY) => (ErrorClass::Conflict, "files/exists", "Something is there already."),
        Some(Errno::LOOP | Errno::XDEV) => (
            ErrorClass::PermissionDenied,
            "files/link",
            "A link is in the way; links are never followed.",
        ),
        Some(Errno::NOTDIR | Errno::ISDIR) => (
            ErrorClass::Conflict,
            "files/other-kind",
            "A file is where a folder was expected, or the other way round.",
        ),
        Some(Errno::NAMETOOLONG) => (
            ErrorClass::Unsupported,
            "files/name-too-long",
            "The file system can't hold so long a name.",
        ),
        Some(Errno::FBIG) => (
            ErrorClass::Unsupported,
            "files/too-large",
            "The file system can't hold so large a file.",
        ),
        Some(Errno::INVAL | Errno::ILSEQ) => (
            ErrorClass::Unsupported,
            "files/bad-name",
            "The file system can't hold such a name.",
        ),
        Some(Errno::STALE | Errno::NOTCONN | Errno::HOSTDOWN | Errno::TIMEDOUT) => (
            ErrorClass::Transient,
            "files/not-reachable",
            "The file server can't be reached.",
        ),
        _ => (
            ErrorClass::Transient,
            "files/io",
            "If this stays, look at the disk and its cable.",
        ),
    };
    ConnectorError::new(class, code, format!("{doing} {path:?} failed: {error}. {hint}"))
}

pub(crate) fn refused(code: &str, message: String) -> ConnectorError {
    ConnectorError::new(ErrorClass::PermissionDenied, code, message)
}

pub(crate) fn conflict(code: &str, message: String) -> ConnectorError {
    ConnectorError::new(ErrorClass::Conflict, code, message)
}
