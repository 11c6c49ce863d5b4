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
        400 if said(answer).is_some_and(|said| said.contains("checksum does not match")) => wrong_digest(title),
        // InvalidPath.php of Nextcloud and ownCloud.
        400 if holds(answer, "\\InvalidPath<") => error(
            ErrorClass::Unsupported,
            "webdav/name-refused",
            format!(
                "{title} doesn't take that name: {}",
                said(answer).unwrap_or_else(|| "it doesn't say why.".to_owned())
            ),
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
        507 => full(title),
        503 if answer.header("x-nextcloud-maintenance-mode").is_some()
            || said(answer).is_some_and(|said| said.contains("maintenance")) =>
        {
            rate_limited(
                "webdav/maintenance",
                format!("{title} is being maintained by its administrator."),
                answer.retry_after(),
            )
        }
        429 | 503 => rate_limited(
            "webdav/busy",
            format!("{title} asks for a rest ({what}: {}).", answer.status),
            answer.retry_after(),
        ),
        301 | 302 | 307 | 308 => error(
            ErrorClass::InvalidSetting,
            "webdav/moved",
            format!(
                "{title} sends requests elsewhere, to {}: set `url` to where they shall go.",
                answer
                    .header("location")
                    .map_or("an address that it doesn't tell", without_query)
            ),
        ),
        _ => answer.failure("webdav", what),
    }
}

/// An address as far as it says where: what stands behind may be a signature that lets anybody in.
fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// Bytes of a server's own words that are repeated.
const WORDS: usize = 300;

fn holds(answer: &Answer, words: &str) -> bool {
    String::from_utf8_lossy(&answer.body).contains(words)
}

/// SabreDAV's own sentence about a failure.
fn said(answer: &Answer) -> Option<String> {
    let text = String::from_utf8_lossy(&answer.body);
    let (_, rest) = text.split_once("<s:message>")?;
    let (said, _) = rest.split_once("</s:message>")?;
    let said = said
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    let shown = said.chars().filter(|character| !character.is_control()).take(WORDS);
    Some(shown.collect())
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

/// No room.
pub fn full(title: &str) -> Error {
    error(
        ErrorClass::Quota,
        "webdav/full",
        format!("There is no space left at {title}."),
    )
}

/// Something is there that wasn't expected.
pub fn conflict() -> Error {
    error(
        ErrorClass::Conflict,
        "webdav/conflict",
        "What is there isn't what was expected to be there.",
    )
}

/// A listing that doesn't tell of everything.
pub fn half_a_listing(folder: &str, status: u16) -> Error {
    let class = match status {
        401 | 403 => ErrorClass::PermissionDenied,
        _ => ErrorClass::Transient,
    };
    error(
        class,
        "webdav/half-a-listing",
        format!("The server lists {folder:?} and doesn't tell of all that is in it (status {status} for a part). What it leaves out isn't taken for gone."),
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

/// What arrived has another digest than what was sent.
pub fn wrong_digest(title: &str) -> Error {
    error(
        ErrorClass::Corrupt,
        "webdav/wrong-digest",
        format!("{title} got other bytes than were sent: its checksum of them is another one."),
    )
}

/// Chunks that were brought before are gone.
pub fn lost(title: &str) -> Error {
    error(
        ErrorClass::Expired,
        "webdav/upload-lost",
        format!("The chunks that were uploaded are no longer there: {title} takes them away when a day has passed."),
    )
}

/// Chunks that were brought before are of other bytes.
pub fn other_upload(title: &str) -> Error {
    error(
        ErrorClass::Expired,
        "webdav/other-upload",
        format!("What {title} got of it before isn't what the source gives now; it was taken away."),
    )
}

/// What an upload in ranges wrote to isn't the file that it began.
pub fn draft_gone(title: &str) -> Error {
    error(
        ErrorClass::Transient,
        "webdav/draft-gone",
        format!("{title} no longer had the file under its temporary name when the next bytes of it came."),
    )
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
    fn where_a_redirect_leads_is_told_without_what_it_is_signed_with() {
        let moved = of(
            302,
            &[("Location", "https://store.example.com/x?X-Amz-Signature=abc#d")],
        );
        assert_eq!(moved.code, "webdav/moved");
        assert!(
            moved.message.contains("https://store.example.com/x"),
            "{}",
            moved.message
        );
        assert!(!moved.message.contains("Signature"), "{}", moved.message);
    }

    #[test]
    fn nextclouds_own_words_are_heard() {
        let told = |status, exception: &str, message: &str| {
            let body = format!(
                "<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\"><s:exception>{exception}</s:exception><s:message>{message}</s:message></d:error>"
            );
            let answer = Answer {
                status,
                headers: Vec::new(),
                body: body.into_bytes(),
            };
            failure(preset("owncloud").expect("it is known"), SignIn::Basic, &answer, "PUT")
        };
        let bad = "Sabre\\DAV\\Exception\\BadRequest";
        let wrong = told(
            400,
            bad,
            "The computed checksum does not match the one received from the client.",
        );
        assert_eq!(
            (wrong.class, wrong.code.as_str()),
            (ErrorClass::Corrupt, "webdav/wrong-digest")
        );
        let path = "OCA\\DAV\\Connector\\Sabre\\Exception\\InvalidPath";
        let name = told(400, path, "\"&lt;\" is not allowed\n inside a file or folder name.");
        assert_eq!(name.code, "webdav/name-refused");
        assert!(
            name.message
                .ends_with("\"<\" is not allowed inside a file or folder name."),
            "{}",
            name.message
        );
        let busy = told(
            503,
            "Sabre\\DAV\\Exception\\ServiceUnavailable",
            "System is in maintenance mode.",
        );
        assert_eq!(busy.code, "webdav/maintenance");
        assert_eq!(told(400, bad, "Other").class, ErrorClass::Unexpected);
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
