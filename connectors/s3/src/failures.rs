//! What a service's errors mean.

use camroll_connector::errors::{error, rate_limited};
use camroll_connector::http::Answer;
use camroll_connector::{Error, ErrorClass};

use crate::xml;

/// The error of an answer that isn't a success. `what` was being done.
pub fn failure(answer: &Answer, what: &str) -> Error {
    let text = String::from_utf8_lossy(&answer.body);
    let Some(said) = xml::failure(&text).filter(|said| !said.code.is_empty()) else {
        return by_status(answer, what);
    };
    by_code(answer, &said.code, &said.message, what)
}

fn by_status(answer: &Answer, what: &str) -> Error {
    match answer.status {
        412 => already_there(),
        // HEAD has no body that would say why.
        401 | 403 => error(
            ErrorClass::PermissionDenied,
            "s3/AccessDenied",
            format!("The service refuses it ({what}). Look at the keys and at what they may do with the bucket."),
        ),
        507 => full(),
        301 | 307 | 308 | 400 if answer.header("x-amz-bucket-region").is_some() => {
            elsewhere(answer, "s3/PermanentRedirect")
        }
        _ => answer.failure("s3", what),
    }
}

/// Nothing stands where something should.
pub fn not_there() -> Error {
    error(ErrorClass::NotFound, "s3/NoSuchKey", "Nothing is there any more.")
}

/// What is there isn't what was expected.
pub fn already_there() -> Error {
    error(
        ErrorClass::Conflict,
        "s3/PreconditionFailed",
        "Something else is there by now.",
    )
}

/// The bucket is in another region, which the service may name.
fn elsewhere(answer: &Answer, code: &str) -> Error {
    let text = String::from_utf8_lossy(&answer.body);
    let named = answer
        .header("x-amz-bucket-region")
        .map(str::to_owned)
        .or_else(|| xml::failure(&text)?.region);
    let next = match named {
        Some(region) => format!("set `region` to {region:?}"),
        None => "look at `region`".to_owned(),
    };
    setting(code, "/region", format!("The bucket is in another region: {next}."))
}

fn setting(code: &str, pointer: &str, message: String) -> Error {
    Error {
        details: vec![("setting".to_owned(), pointer.to_owned())],
        ..error(ErrorClass::InvalidSetting, code, message)
    }
}

fn full() -> Error {
    error(
        ErrorClass::Quota,
        "s3/QuotaExceeded",
        "The bucket or the account is full.",
    )
}

fn by_code(answer: &Answer, code: &str, message: &str, what: &str) -> Error {
    let named = format!("s3/{code}");
    let said = |class, next: &str| error(class, &named, format!("{message} ({what}). {next}").trim().to_owned());
    match code {
        "SlowDown" | "ServiceUnavailable" | "RequestLimitExceeded" | "TooManyRequests" => rate_limited(
            &named,
            format!("The service asks for a rest ({what})."),
            answer.retry_after(),
        ),
        "InternalError"
        | "RequestTimeout"
        | "OperationAborted"
        | "ConditionalRequestConflict"
        | "RequestTimeTooSkewed"
        | "BadDigest"
        | "InvalidDigest"
        | "XAmzContentSHA256Mismatch"
        | "IncompleteBody" => said(ErrorClass::Transient, ""),
        "PreconditionFailed" => already_there(),
        "NoSuchKey" | "NoSuchVersion" => said(ErrorClass::NotFound, ""),
        "NoSuchUpload" | "InvalidPart" | "InvalidPartOrder" => said(ErrorClass::Expired, ""),
        "NoSuchBucket" => setting(
            &named,
            "/bucket",
            format!("{message} ({what}). Make the bucket, or look at `bucket`, `region` and `endpoint`: camroll makes none."),
        ),
        "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "TemporaryRedirect"
        | "IllegalLocationConstraintException" => elsewhere(answer, &named),
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken" => said(
            ErrorClass::Unauthenticated,
            "Look at `access_key`, `secret_key` and, for temporary keys, `session_token`.",
        ),
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => said(
            ErrorClass::PermissionDenied,
            "Look at what the key may do with the bucket.",
        ),
        "QuotaExceeded" | "StorageQuotaExceeded" | "XMinioStorageFull" => full(),
        "NotImplemented" | "EntityTooLarge" | "KeyTooLongError" | "InvalidArgument" | "InvalidRequest" => {
            said(ErrorClass::Unsupported, "")
        }
        _ => match answer.status {
            500..=599 => said(ErrorClass::Transient, ""),
            401 | 403 => said(ErrorClass::PermissionDenied, ""),
            _ => said(ErrorClass::Unexpected, ""),
        },
    }
}
