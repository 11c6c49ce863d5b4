//! What a server's answers mean.

use camroll_connector::errors::{error, unexpected};
use camroll_connector::types::{Error, ErrorClass};

use crate::replies::{Malformed, Reply};

/// A reply that says no. `what` was wanted. 550 and 553 don't tell why: who must know looks.
pub fn of_reply(reply: &Reply, what: &str) -> Error {
    let (class, name, sentence) = match reply.code {
        421 => (ErrorClass::Transient, "ftp/busy", "The server ends the connection"),
        425 | 426 | 450 | 451 | 550 | 553 if is_full(reply, what) => {
            (ErrorClass::Quota, "ftp/full", "The server has no room for it")
        }
        425 | 426 => (
            ErrorClass::Transient,
            "ftp/data-connection",
            "The server's data connection failed",
        ),
        452 | 552 => (ErrorClass::Quota, "ftp/full", "The server has no room for it"),
        430 | 530 | 532 if is_crowded(reply) => (
            ErrorClass::Transient,
            "ftp/busy",
            "The server has too many connections of this user",
        ),
        332 | 430 | 530 | 532 => (
            ErrorClass::Unauthenticated,
            "ftp/not-signed-in",
            "The server doesn't accept the user or the password",
        ),
        521 | 522 | 533..=536 => (
            ErrorClass::Unsupported,
            "ftp/protection",
            "The server and camroll don't agree on how the connection is protected",
        ),
        500..=504 => (ErrorClass::Unsupported, "ftp/unsupported", "The server can't do that"),
        550 | 553 => (ErrorClass::PermissionDenied, "ftp/refused", "The server refuses it"),
        _ if reply.code / 100 == 4 => (ErrorClass::Transient, "ftp/failure", "The server failed for the moment"),
        _ if reply.code / 100 == 5 => (ErrorClass::Unexpected, "ftp/refused", "The server refuses it"),
        _ => return garbled(what),
    };
    let said: String = reply
        .text()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(200)
        .collect();
    error(class, name, format!("{sentence} ({what}: {} {said}).", reply.code))
}

/// Whether a transfer failed at the server's side, of which it told no more.
pub fn is_of_the_transfer(failed: &Error) -> bool {
    matches!(failed.code.as_str(), "ftp/failure" | "ftp/data-connection")
}

/// No room, as was found out when the server only said that it failed.
pub fn full(failed: &Error) -> Error {
    error(
        ErrorClass::Quota,
        "ftp/full",
        format!("There is no more room on the server, which says: {}", failed.message),
    )
}

/// Some have the system's own words for a full disk behind a code for something else; the words may as well be a name that is repeated.
fn is_full(reply: &Reply, what: &str) -> bool {
    let (said, what) = (reply.lines.join(" ").to_lowercase(), what.to_lowercase());
    [
        "no space left on device",
        "disk quota exceeded",
        "not enough space on the disk",
    ]
    .iter()
    .any(|words| said.contains(words) && !what.contains(words))
}

/// Servers say 530 as well when a user has too many connections, and only their words tell the two apart. Taken for the wrong one, it is tried once more, or a person is asked.
fn is_crowded(reply: &Reply) -> bool {
    let said = reply.lines.join(" ").to_lowercase();
    [
        "too many",
        "maximum number",
        "max number",
        "connection limit",
        "already connected",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// An answer that isn't as the protocol has it.
pub fn garbled(what: &str) -> Error {
    unexpected(
        "ftp/garbled",
        format!("The server's answer isn't as FTP has it ({what})."),
    )
}

/// The same, of one that couldn't be put together.
pub fn malformed(what: &str) -> impl Fn(Malformed) -> Error + '_ {
    move |_| garbled(what)
}

/// The server ended the connection.
pub fn ended() -> Error {
    error(ErrorClass::Transient, "ftp/ended", "The server ended the connection.")
}

/// Something else is there.
pub fn conflict(path: &str, why: &str) -> Error {
    error(ErrorClass::Conflict, "ftp/conflict", format!("{path}: {why}."))
}

/// Nothing is there.
pub fn not_found(path: &str) -> Error {
    error(ErrorClass::NotFound, "ftp/not-found", format!("{path} isn't there."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> Reply {
        Reply {
            code,
            lines: vec![text.into()],
        }
    }

    #[test]
    fn each_code_has_its_class() {
        for (code, class) in [
            (421, ErrorClass::Transient),
            (425, ErrorClass::Transient),
            (426, ErrorClass::Transient),
            (450, ErrorClass::Transient),
            (451, ErrorClass::Transient),
            (452, ErrorClass::Quota),
            (552, ErrorClass::Quota),
            (430, ErrorClass::Unauthenticated),
            (530, ErrorClass::Unauthenticated),
            (500, ErrorClass::Unsupported),
            (502, ErrorClass::Unsupported),
            (504, ErrorClass::Unsupported),
            (522, ErrorClass::Unsupported),
            (534, ErrorClass::Unsupported),
            (550, ErrorClass::PermissionDenied),
            (553, ErrorClass::PermissionDenied),
            (551, ErrorClass::Unexpected),
            (200, ErrorClass::Unexpected),
            (600, ErrorClass::Unexpected),
        ] {
            assert_eq!(of_reply(&reply(code, "x"), "y").class, class, "{code}");
        }
    }

    #[test]
    fn a_full_disk_is_heard_behind_other_codes() {
        let of_rclone = "error during transfer: write /photos/x.part: no space left on device";
        assert_eq!(of_reply(&reply(450, of_rclone), "x.part").class, ErrorClass::Quota);
        assert_eq!(
            of_reply(&reply(451, "Transfer aborted. Disk quota exceeded"), "x.part").code,
            "ftp/full"
        );
        for said in ["Failure writing to local file.", "Transfer aborted. Input/output error"] {
            assert_eq!(of_reply(&reply(451, said), "x.part").class, ErrorClass::Transient);
        }
        let name = "No space left on device.jpg";
        let refused = format!("{name}: Permission denied");
        assert_eq!(
            of_reply(&reply(550, &refused), name).class,
            ErrorClass::PermissionDenied
        );
    }

    #[test]
    fn a_crowd_is_no_wrong_password() {
        let full = "Sorry, the maximum number of clients (10) for this user are already connected.";
        assert_eq!(of_reply(&reply(530, full), "PASS").class, ErrorClass::Transient);
        assert_eq!(
            of_reply(&reply(530, "Login incorrect."), "PASS").class,
            ErrorClass::Unauthenticated
        );
    }

    #[test]
    fn what_a_server_says_is_cut_and_clean() {
        let long = format!("\u{1b}[31m{}", "x".repeat(5000));
        let message = of_reply(&reply(550, &long), "y").message;
        assert!(message.len() < 300 && !message.contains('\u{1b}'));
    }
}
