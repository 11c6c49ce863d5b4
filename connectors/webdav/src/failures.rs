//! What an answer of a server means.

use camroll_connector::errors::{error, rate_limited};
use camroll_connector::http::Answer;
use camroll_connector::types::{Error, ErrorClass};

use crate::presets::Preset;
use crate::settings::SignIn;

/// What a status means that isn't the one hoped for.
pub fn failure(preset: &Preset, sign_in: SignIn, answer: &Answer, what: &str) -> Error {
    let title = preset.title;
    match answer.status {
        401 if sign_in == SignIn::Basic && wants_digest(answer) => error(
            ErrorClass::Unsupported,
            "webdav/digest-only",
            format!("{title} signs in by digests only (RFC 7616). Set `sign_in: digest`."),
        ),
        401 => error(
            ErrorClass::Unauthenticated,
            "webdav/signed-out",
            match sign_in {
                SignIn::None => format!("{title} wants a sign-in: set `user` and `password`, or `token`."),
                SignIn::Bearer => format!("{title} doesn't take the token."),
                SignIn::Basic | SignIn::Digest => {
                    format!("{title} doesn't take user and password. {}", preset.password_hint)
                }
            },
        ),
        403 => error(
            ErrorClass::PermissionDenied,
            "webdav/forbidden",
            format!("{title} doesn't allow it ({what}). Is the user allowed to write there?"),
        ),
        404 | 410 => error(
            ErrorClass::NotFound,
            "webdav/not-found",
            format!("It isn't there ({what})."),
        ),
        409 => error(
            ErrorClass::NotFound,
            "webdav/no-folder",
            format!("The folder above it isn't there ({what})."),
        ),
        412 => conflict(),
        413 => error(
            ErrorClass::Unsupported,
            "webdav/too-large",
            format!("{title} doesn't take files of that size."),
        ),
        423 => error(
            ErrorClass::Transient,
            "webdav/locked",
            format!("Something else is at work there ({what})."),
        ),
        507 => error(
            ErrorClass::Quota,
            "webdav/full",
            format!("There is no space left at {title}."),
        ),
        429 | 503 => rate_limited(
            "webdav/busy",
            format!(
                "{title} asks for a rest, or is being maintained ({what}: {}).",
                answer.status
            ),
            answer.retry_after(),
        ),
        301 | 302 | 307 | 308 => error(
            ErrorClass::InvalidSetting,
            "webdav/moved",
            format!(
                "{title} sends requests elsewhere, to {}: set `url` to where they shall go.",
                answer.header("location").unwrap_or("an address that it doesn't tell")
            ),
        ),
        _ => answer.failure("webdav", what),
    }
}

/// Whether a server offers digests and nothing that takes the password itself.
fn wants_digest(answer: &Answer) -> bool {
    let offered = |scheme: &str| {
        answer.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("www-authenticate") && value.to_ascii_lowercase().contains(scheme)
        })
    };
    offered("digest ") && !offered("basic ")
}

/// Something is there that wasn't expected.
pub fn conflict() -> Error {
    error(
        ErrorClass::Conflict,
        "webdav/conflict",
        "What is there isn't what was expected to be there.",
    )
}

/// What was staged is gone: committed before, or lost.
pub fn gone() -> Error {
    error(
        ErrorClass::Expired,
        "webdav/not-staged",
        "The upload is no longer there under its temporary name.",
    )
}

/// The server didn't answer as WebDAV does.
pub fn not_webdav(title: &str, why: &str) -> Error {
    Error {
        details: vec![("setting".into(), "/url".into())],
        ..error(
            ErrorClass::InvalidSetting,
            "webdav/not-webdav",
            format!("What answers for {title} at that address isn't WebDAV: {why}."),
        )
    }
}

/// The stored file has another size.
pub fn wrong_size(expected: u64, found: u64) -> Error {
    error(
        ErrorClass::Corrupt,
        "webdav/wrong-size",
        format!("The server kept {found} bytes of {expected}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    fn of(status: u16, headers: &[(&str, &str)]) -> Error {
        let answer = Answer {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            body: Vec::new(),
        };
        failure(preset("nextcloud").expect("it is known"), SignIn::Basic, &answer, "PUT")
    }

    #[test]
    fn statuses_mean_what_they_mean() {
        for (status, class) in [
            (401, ErrorClass::Unauthenticated),
            (403, ErrorClass::PermissionDenied),
            (404, ErrorClass::NotFound),
            (409, ErrorClass::NotFound),
            (412, ErrorClass::Conflict),
            (413, ErrorClass::Unsupported),
            (423, ErrorClass::Transient),
            (502, ErrorClass::Transient),
            (507, ErrorClass::Quota),
            (301, ErrorClass::InvalidSetting),
            (418, ErrorClass::Unexpected),
        ] {
            assert_eq!(of(status, &[]).class, class, "{status}");
        }
        let busy = of(503, &[("Retry-After", "17")]);
        assert_eq!((busy.class, busy.retry_after), (ErrorClass::RateLimited, Some(17)));
    }

    #[test]
    fn a_server_that_wants_digests_isnt_a_wrong_password() {
        assert_eq!(
            of(401, &[("WWW-Authenticate", "Digest realm=\"x\"")]).code,
            "webdav/digest-only"
        );
        let both = [
            ("WWW-Authenticate", "Digest realm=\"x\""),
            ("www-authenticate", "Basic realm=\"x\""),
        ];
        assert_eq!(of(401, &both).code, "webdav/signed-out");
    }

    #[test]
    fn a_refused_password_says_which_one_is_meant() {
        assert!(of(401, &[]).message.contains("app password"));
    }
}
