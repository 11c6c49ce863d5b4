//! What the server's failures mean. Error bodies differ: `message` is a text or several, and from 3 on what is wrong with a request stands in `errors`.

use camroll_connector::errors::{error, rate_limited};
use camroll_connector::http::Answer;
use camroll_connector::types::{Error, ErrorClass};
use serde_json::Value;

use crate::permissions;

/// Longest text of the server's that is shown.
const SHOWN: usize = 300;

/// What the server said, in one line.
pub fn said(answer: &Answer) -> String {
    let document = answer.json();
    let message = match &document["message"] {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    };
    let details = document["errors"].as_array().into_iter().flatten().take(5).map(|one| {
        let path = one["path"].as_array().into_iter().flatten();
        let path: Vec<String> = path
            .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
            .collect();
        format!("{}: {}", path.join("."), one["message"].as_str().unwrap_or_default())
    });
    let whole = std::iter::once(message).chain(details).collect::<Vec<_>>().join("; ");
    whole
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect()
}

/// What a status means that isn't the one hoped for.
pub fn failure(answer: &Answer, what: &str) -> Error {
    let message = said(answer);
    match answer.status {
        401 => error(
            ErrorClass::Unauthenticated,
            "immich/signed-out",
            "Immich doesn't take the API key. Make a new one (Account Settings, API Keys) and put it where `api_key` points.",
        ),
        403 => match permissions::named(&message) {
            Some(permission) => permissions::missing(permission),
            None => error(
                ErrorClass::PermissionDenied,
                "immich/permission",
                format!("Immich doesn't allow it ({what}). Look at the API key's permissions, and at what a proxy before the server lets through."),
            ),
        },
        404 | 410 => not_found(what),
        // So says the server of what isn't there or isn't the user's.
        400 if message.starts_with("Not found or no ") || message.ends_with(" not found") => not_found(what),
        400 if message.contains("Quota has been exceeded") => quota(),
        507 => quota(),
        400 if message.starts_with("Unsupported file type") => unsupported_type(&message),
        413 => error(
            ErrorClass::Unsupported,
            "immich/too-large",
            "A proxy before Immich doesn't let a file of that size through: Immich itself has no limit. Raise the proxy's limit of a request's body (nginx: client_max_body_size), or set `url` to the server's own address.",
        ),
        429 | 503 => rate_limited(
            "immich/busy",
            format!("Immich, or a proxy before it, asks for a rest ({what}: {}).", answer.status),
            answer.retry_after(),
        ),
        301 | 302 | 303 | 307 | 308 => error_at_url(
            "immich/moved",
            format!(
                "Requests are sent elsewhere, to {}. Set `url` to where they shall go.",
                shown(answer.header("location").unwrap_or("an address that isn't told"))
            ),
        ),
        400 | 409 | 422 => error(
            ErrorClass::Unexpected,
            "immich/refused",
            format!("Immich refuses the request ({what}): {message}"),
        ),
        _ => answer.failure("immich", what),
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// It isn't there, or not this user's.
pub fn not_found(what: &str) -> Error {
    error(
        ErrorClass::NotFound,
        "immich/not-found",
        format!("It isn't there, or isn't this user's ({what})."),
    )
}

fn quota() -> Error {
    error(
        ErrorClass::Quota,
        "immich/quota",
        "The user's quota at Immich is used up. Its administrator can raise it.",
    )
}

/// The server takes no such files.
pub fn unsupported_type(name: &str) -> Error {
    error(
        ErrorClass::Unsupported,
        "immich/unsupported-type",
        format!("Immich takes no files of that kind: {}.", shown(name)),
    )
}

/// Something else is there than what was expected.
pub fn conflict() -> Error {
    error(
        ErrorClass::Conflict,
        "immich/conflict",
        "What is there under that id has other bytes than what was expected.",
    )
}

/// What answers isn't Immich.
pub fn not_immich() -> Error {
    error_at_url(
        "immich/not-immich",
        "What answers at that address isn't Immich. Set `url` to the address that the browser shows, without what stands behind the host's name.".to_owned(),
    )
}

fn error_at_url(code: &str, message: String) -> Error {
    Error {
        details: vec![("setting".into(), "/url".into())],
        ..error(ErrorClass::InvalidSetting, code, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Error {
        let answer = Answer {
            status,
            headers: vec![("Retry-After".into(), "17".into())],
            body: body.as_bytes().to_vec(),
        };
        failure(&answer, "upload")
    }

    #[test]
    fn statuses_and_words_mean_what_they_mean() {
        for (status, body, class, code) in [
            (
                401,
                r#"{"message":"Invalid API key"}"#,
                ErrorClass::Unauthenticated,
                "immich/signed-out",
            ),
            (403, "<html>", ErrorClass::PermissionDenied, "immich/permission"),
            (404, "", ErrorClass::NotFound, "immich/not-found"),
            (
                400,
                r#"{"message":"Not found or no asset.read access"}"#,
                ErrorClass::NotFound,
                "immich/not-found",
            ),
            (
                400,
                r#"{"message":"Album not found"}"#,
                ErrorClass::NotFound,
                "immich/not-found",
            ),
            (
                400,
                r#"{"message":"Quota has been exceeded!","statusCode":400}"#,
                ErrorClass::Quota,
                "immich/quota",
            ),
            (
                400,
                r#"{"message":"Unsupported file type a.xyz"}"#,
                ErrorClass::Unsupported,
                "immich/unsupported-type",
            ),
            (
                413,
                "<html>413 Request Entity Too Large</html>",
                ErrorClass::Unsupported,
                "immich/too-large",
            ),
            (503, "", ErrorClass::RateLimited, "immich/busy"),
            (502, "", ErrorClass::Transient, "immich/http-502"),
            (302, "", ErrorClass::InvalidSetting, "immich/moved"),
            (
                400,
                r#"{"message":["deviceId should not be empty"]}"#,
                ErrorClass::Unexpected,
                "immich/refused",
            ),
            (418, "", ErrorClass::Unexpected, "immich/http-418"),
        ] {
            let error = of(status, body);
            assert_eq!((error.class, error.code.as_str()), (class, code), "{status} {body}");
        }
        assert_eq!(of(429, "").retry_after, Some(17));
    }

    #[test]
    fn a_missing_permission_is_named() {
        let error = of(403, r#"{"message":"Missing required permission: stack.create"}"#);
        assert!(
            error.message.contains("the permission stack.create."),
            "{}",
            error.message
        );
    }

    #[test]
    fn what_is_wrong_with_a_request_is_shown_in_one_line_of_some_length() {
        let error = of(
            400,
            r#"{"message":"Validation failed","errors":[{"code":"invalid_type","path":["assets",0,"id"],"message":"Required\n"}]}"#,
        );
        assert!(
            error.message.ends_with("Validation failed; assets.0.id: Required "),
            "{}",
            error.message
        );
        let long = of(400, &format!(r#"{{"message":"{}"}}"#, "x".repeat(5000)));
        assert!(long.message.len() < 400);
    }
}
