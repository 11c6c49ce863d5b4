//! What goes wrong with a session, as a person is told of it.

use camroll_model::{ConnectorError, ErrorClass};

use super::negotiate::Disagreed;
use super::ntlm;
use super::seal::{Unsent, Untrusted};
use crate::tcp::{Peer, closed};

/// Statuses of a sign-in that people meet: [MS-ERREF] 2.3.1.
mod status {
    pub const ACCESS_DENIED: u32 = 0xC000_0022;
    pub const NO_SUCH_USER: u32 = 0xC000_0064;
    pub const WRONG_PASSWORD: u32 = 0xC000_006A;
    pub const LOGON_FAILURE: u32 = 0xC000_006D;
    pub const ACCOUNT_RESTRICTION: u32 = 0xC000_006E;
    pub const INVALID_LOGON_HOURS: u32 = 0xC000_006F;
    pub const INVALID_WORKSTATION: u32 = 0xC000_0070;
    pub const PASSWORD_EXPIRED: u32 = 0xC000_0071;
    pub const ACCOUNT_DISABLED: u32 = 0xC000_0072;
    pub const ACCOUNT_EXPIRED: u32 = 0xC000_0193;
    pub const PASSWORD_MUST_CHANGE: u32 = 0xC000_0224;
    pub const ACCOUNT_LOCKED_OUT: u32 = 0xC000_0234;
    pub const LOGON_TYPE_NOT_GRANTED: u32 = 0xC000_015B;
}

pub(super) fn garbled(peer: &Peer, what: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "smb/garbled",
        format!("What {peer} said isn't as SMB has it: {what}."),
    )
}

pub(super) fn ended(peer: &Peer, why: &str) -> ConnectorError {
    closed(peer, why)
}

/// A connector wrote what can't be sent.
pub(super) fn unsent(peer: &Peer, why: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "smb/not-sent",
        format!("A message to {peer} wasn't sent: {why}."),
    )
}

pub(super) fn not_sealed(peer: &Peer, why: Unsent) -> ConnectorError {
    match why {
        Unsent::Malformed => unsent(peer, "it isn't one of SMB's"),
        Unsent::NotGranted => ConnectorError::new(
            ErrorClass::PermissionDenied,
            "host/not-granted",
            format!("Signing in to {peer} is the host's, and not the connector's."),
        ),
        Unsent::Exhausted => closed(peer, "its keys were used up"),
    }
}

pub(super) fn untrusted(peer: &Peer, why: Untrusted) -> ConnectorError {
    let what = match why {
        Untrusted::Malformed => return garbled(peer, "a frame isn't one of the session"),
        Untrusted::Ended => {
            return ConnectorError::new(
                ErrorClass::Transient,
                "smb/session-ended",
                format!("{peer} knows the session no more."),
            );
        }
        Untrusted::NotEncrypted => "a message wasn't encrypted, and after the sign-in everything is",
        Untrusted::NotSigned => "a message wasn't signed, and after the sign-in everything is",
        Untrusted::WrongSignature => "a message's signature isn't its own",
    };
    tampered(peer, what)
}

pub(super) fn tampered(peer: &Peer, what: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::PermissionDenied,
        "smb/tampered",
        format!("What came from {peer} isn't what it sent, as if somebody in between altered it: {what}."),
    )
}

pub(super) fn no_agreement(peer: &Peer, why: Disagreed) -> ConnectorError {
    let why = match why {
        Disagreed::Malformed => return garbled(peer, "its first answer"),
        Disagreed::Refused(status) => format!("it refuses them (status {status:#010x})"),
        Disagreed::NotOffered(number) => format!("it wants {number:#06x}"),
    };
    ConnectorError::new(
        ErrorClass::Unsupported,
        "smb/no-dialect",
        format!("{peer} speaks none of SMB 2.1, 3.0, 3.0.2 and 3.1.1: {why}."),
    )
}

pub(super) fn unanswerable(peer: &Peer, why: ntlm::Refused) -> ConnectorError {
    match why {
        ntlm::Refused::Malformed => garbled(peer, "its challenge"),
        ntlm::Refused::Weak => ConnectorError::new(
            ErrorClass::Unsupported,
            "smb/no-ntlmv2",
            format!("{peer} doesn't take NTLMv2, and camroll shows a password in no weaker way."),
        ),
    }
}

/// What isn't a yes to the password.
pub(super) fn not_signed_in(peer: &Peer, user: &str, said: u32) -> ConnectorError {
    let account = |what: &str| {
        ConnectorError::new(
            ErrorClass::Unauthenticated,
            "smb/account",
            format!("{peer} doesn't sign {user:?} in: {what}."),
        )
    };
    match said {
        status::LOGON_FAILURE | status::WRONG_PASSWORD | status::NO_SUCH_USER => ConnectorError::new(
            ErrorClass::Unauthenticated,
            "smb/not-accepted",
            format!("{peer} doesn't accept the password of the user {user:?}."),
        ),
        status::ACCOUNT_LOCKED_OUT => account("the account is locked after too many tries"),
        status::ACCOUNT_DISABLED => account("the account is switched off"),
        status::ACCOUNT_EXPIRED => account("the account has expired"),
        status::PASSWORD_EXPIRED | status::PASSWORD_MUST_CHANGE => account("the password has expired"),
        status::ACCOUNT_RESTRICTION
        | status::INVALID_LOGON_HOURS
        | status::INVALID_WORKSTATION
        | status::LOGON_TYPE_NOT_GRANTED => account("the account may not sign in from here, or not now"),
        status::ACCESS_DENIED => ConnectorError::new(
            ErrorClass::PermissionDenied,
            "smb/no-session",
            format!("{peer} opens no session for {user:?}: it denies access."),
        ),
        other => ConnectorError::new(
            ErrorClass::Unexpected,
            "smb/no-session",
            format!("{peer} opens no session for {user:?} (status {other:#010x})."),
        ),
    }
}

pub(super) fn guest(peer: &Peer, user: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unauthenticated,
        "smb/guest",
        format!(
            "{peer} doesn't know {user:?} and would let anybody in as a guest, without keys to protect what is sent."
        ),
    )
}

pub(super) fn no_encryption(peer: &Peer, dialect: impl std::fmt::Display) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "smb/no-encryption",
        format!("{peer} speaks SMB {dialect} without encryption, and the settings require it."),
    )
}

/// A server of before 3.1.1 doesn't confirm what was agreed on.
pub(super) fn not_confirmed(peer: &Peer, said: u32) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::PermissionDenied,
        "smb/not-confirmed",
        format!(
            "{peer} doesn't confirm what was agreed on with it (status {said:#010x}), so that nobody knows whether somebody in between weakened it."
        ),
    )
}
