//! What Apple's failures mean, told apart and in words.

use camroll_connector::errors::{error, rate_limited, unexpected};
use camroll_connector::types::{Error, ErrorClass};
use serde_json::Value;

/// The error codes in an answer of the sign-in.
pub fn service_codes(answer: &Value) -> Vec<String> {
    ["serviceErrors", "service_errors"]
        .iter()
        .filter_map(|key| answer.get(key)?.as_array())
        .flatten()
        .filter_map(|one| {
            one.get("code")
                .map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned))
        })
        .collect()
}

pub fn wrong_password() -> Error {
    error(
        ErrorClass::Unauthenticated,
        "apple/wrong-password",
        "Apple says that the address or the password is wrong. Check both at icloud.com, mend the spec's secret, and run `camroll login` again. It isn't tried again by itself.",
    )
}

pub fn account_locked() -> Error {
    error(
        ErrorClass::PermissionDenied,
        "apple/account-locked",
        "Apple has locked this account for safety. Unlock it at iforgot.apple.com, then run `camroll login`.",
    )
}

pub fn second_factor() -> Error {
    error(
        ErrorClass::Unauthenticated,
        "apple/second-factor",
        "Apple asks for a code. Run `camroll login` and enter it; later runs need none for a month or two.",
    )
}

pub fn throttled(retry_after: Option<u32>) -> Error {
    rate_limited(
        "apple/throttled",
        "Apple turns sign-ins away for a while. Leave it alone for some hours: each further try makes it longer.",
        retry_after.or(Some(3600)),
    )
}

pub fn web_access_off() -> Error {
    error(
        ErrorClass::PermissionDenied,
        "apple/web-access-off",
        "This account doesn't let its data be read over the web. On an iPhone: Settings, your name, iCloud, Access iCloud Data on the Web, on.",
    )
}

pub fn adp_on() -> Error {
    error(
        ErrorClass::PermissionDenied,
        "apple/adp-on",
        "Advanced Data Protection is on for this account. Reading such a library needs a consent on a device, which this camroll can't ask for yet.",
    )
}

pub fn terms() -> Error {
    error(
        ErrorClass::PermissionDenied,
        "apple/terms",
        "Apple has new terms for this account. Read and accept them at icloud.com, then run it again: camroll doesn't accept them for you.",
    )
}

pub fn security_key() -> Error {
    error(
        ErrorClass::PermissionDenied,
        "apple/security-key",
        "This account signs in with a security key, which this camroll can't do yet.",
    )
}

pub fn app_specific_password() -> Error {
    error(
        ErrorClass::Unauthenticated,
        "apple/app-specific-password",
        "That is an app-specific password; Apple doesn't take one for photos. Use the account's own password: camroll computes a proof of it and never sends it.",
    )
}

pub fn no_photos() -> Error {
    error(
        ErrorClass::PermissionDenied,
        "apple/no-photos",
        "This account has no iCloud Photos on the web. Open icloud.com/photos once, and see that iCloud Photos is on.",
    )
}

/// The shape of an app-specific password: four times four small letters with dashes.
pub fn is_app_specific(password: &str) -> bool {
    let parts: Vec<&str> = password.split('-').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// What a CloudKit error code means.
pub fn cloudkit(code: &str, reason: &str, retry_after: Option<u32>) -> Error {
    let said = format!("{code}{}{reason}", if reason.is_empty() { "" } else { ": " });
    match code {
        "THROTTLED" | "RETRY_LATER" | "TRY_AGAIN_LATER" | "CAS_OP_LOCK" => {
            rate_limited("apple/busy", format!("Apple asks for a rest ({said})."), retry_after)
        }
        "INTERNAL_ERROR" => error(
            ErrorClass::Transient,
            "apple/internal-error",
            format!("Apple failed for the moment ({said})."),
        ),
        "AUTHENTICATION_FAILED" | "AUTHENTICATION_REQUIRED" => error(
            ErrorClass::Unauthenticated,
            "apple/signed-out",
            format!("Apple has ended the session ({said})."),
        ),
        "ACCESS_DENIED" => error(
            ErrorClass::PermissionDenied,
            "apple/access-denied",
            format!(
                "Apple doesn't let the library be read ({said}): web access may be off, Advanced Data Protection on, or the account locked out for some hours. `camroll login` tells which."
            ),
        ),
        "ZONE_NOT_FOUND" => error(
            ErrorClass::NotFound,
            "apple/no-library",
            format!("Apple doesn't know this library ({said}). Open icloud.com/photos once."),
        ),
        "NOT_FOUND" | "UNKNOWN_ITEM" => error(
            ErrorClass::NotFound,
            "apple/not-found",
            "The item is no longer in the library.",
        ),
        "BAD_REQUEST" if reason.contains("continuation") => error(
            ErrorClass::Expired,
            "apple/old-cursor",
            format!("Apple no longer knows this mark ({said})."),
        ),
        _ => unexpected(
            "apple/unknown-error",
            format!("Apple gave an error that isn't known ({said})."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_specific_passwords_are_known_by_their_shape() {
        assert!(is_app_specific("abcd-efgh-ijkl-mnop"));
        for other in [
            "abcd-efgh-ijkl",
            "Abcd-efgh-ijkl-mnop",
            "correct horse",
            "abcd-efgh-ijkl-mno1",
        ] {
            assert!(!is_app_specific(other));
        }
    }

    #[test]
    fn codes_are_read_in_both_spellings() {
        let one = serde_json::json!({"serviceErrors": [{"code": "-20101"}]});
        let other = serde_json::json!({"service_errors": [{"code": -21669}], "hasError": true});
        assert_eq!(service_codes(&one), ["-20101"]);
        assert_eq!(service_codes(&other), ["-21669"]);
    }
}
