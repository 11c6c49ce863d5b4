//! Requests, and what their failures mean before a service's own words are read.

use crate::bindings::camroll::connector::http as host;
use crate::errors::{error, rate_limited, transient};
use crate::types::{Error, ErrorClass, Value};
use crate::{clock, date};

pub use host::{Pending, Request, Response, Segment, wait_any};

/// The largest answer that is read whole, bytes: what may pass in one call.
const ANSWER_LIMIT: u32 = 4 << 20;
/// The longest rest that a service is believed to want, seconds: a day.
const LONGEST_REST: u32 = 86_400;

/// A request being put together.
pub struct Builder {
    request: Request<'static>,
}

/// Begins a request to an origin's URL with a path (and query) behind it.
pub fn request(method: &str, url: impl Into<String>) -> Builder {
    Builder {
        request: Request {
            method: method.to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: None,
            redirects: 0,
            options: Vec::new(),
        },
    }
}

impl Builder {
    /// A header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A JSON body; strings that are exactly a placeholder become the secret where the manifest allows it.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.request.body = vec![Segment::Json(body.to_string())];
        self
    }

    /// A body of form fields; whole values that are a placeholder become the secret where the manifest allows it.
    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.request.body = vec![Segment::Form(owned)];
        self
    }

    /// A body as it is.
    #[must_use]
    pub fn text(mut self, body: impl Into<String>) -> Self {
        self.request.body = vec![Segment::Bytes(body.into().into_bytes())];
        self
    }

    /// The manifest's pacing class.
    #[must_use]
    pub fn pace(mut self, class: &str) -> Self {
        self.request
            .options
            .push(("pace".to_owned(), Value::Text(class.to_owned())));
        self
    }

    /// Has the host undo the answer's Content-Encoding.
    #[must_use]
    pub fn decoded(mut self) -> Self {
        self.request.options.push(("decode".to_owned(), Value::Flag(true)));
        self
    }

    /// Sends it and waits for the answer. Any status is an answer.
    pub fn send(self) -> Result<Response, Error> {
        host::send(&self.request)
    }

    /// Sends it and reads the whole answer, 4 MiB at most.
    pub fn ask(self) -> Result<Answer, Error> {
        Answer::read(self.send()?)
    }

    /// Sends it while the connector goes on.
    pub fn start(self) -> Result<Pending, Error> {
        host::start(&self.request)
    }
}

/// An answer whose body was read.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer to its end, 4 MiB at most.
    pub fn read(response: Response) -> Result<Self, Error> {
        let body = response.body.read_all(ANSWER_LIMIT)?;
        Ok(Self {
            status: response.status,
            headers: response.headers,
            body,
        })
    }

    /// An answer without its body, for what its status means.
    pub fn head(response: &Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers.clone(),
            body: Vec::new(),
        }
    }

    /// A header's value, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as JSON; null where it isn't.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Seconds that Retry-After asks for, written as seconds or as a date.
    pub fn retry_after(&self) -> Option<u32> {
        let text = self.header("retry-after")?;
        rest_in_seconds(text).or_else(|| rest_until(text, clock::now().seconds))
    }

    /// What a status means where the service's own words say no more: `service` is the first part of the code, `what` was asked for.
    pub fn failure(&self, service: &str, what: &str) -> Error {
        let status = self.status;
        let code = format!("{service}/http-{status}");
        let say = |class, sentence: &str| error(class, &code, format!("{sentence} ({what}: status {status})."));
        match status {
            429 | 503 => rate_limited(
                &code,
                format!("The service asks for a rest ({what}: status {status})."),
                self.retry_after(),
            ),
            408 | 421 | 425 | 500..=506 | 508..=599 => transient(
                &code,
                format!("The service failed for the moment ({what}: status {status})."),
            ),
            401 => say(ErrorClass::Unauthenticated, "The sign-in has ended"),
            403 => say(ErrorClass::PermissionDenied, "The service doesn't allow it"),
            404 => say(ErrorClass::NotFound, "The service doesn't know it"),
            409 | 412 => say(ErrorClass::Conflict, "Something else is there than was expected"),
            410 => say(ErrorClass::Expired, "It is no longer there under that address"),
            507 => say(ErrorClass::Quota, "There is no space left"),
            _ => say(
                ErrorClass::Unexpected,
                "The service gave an answer that isn't understood",
            ),
        }
    }
}

/// A header's value, by its name in any case.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// A number of seconds, up to a day. Services write fractions too.
fn rest_in_seconds(text: &str) -> Option<u32> {
    text.trim().parse::<f64>().ok().and_then(seconds)
}

/// Seconds from `now` to a date, up to a day.
fn rest_until(text: &str, now: i64) -> Option<u32> {
    let rest = date::from_http(text)?.saturating_sub(now).clamp(0, LONGEST_REST.into());
    u32::try_from(rest).ok()
}

/// A rest as a service writes it in JSON, up to a day; none for what isn't a number.
pub fn seconds(number: f64) -> Option<u32> {
    // The cast is exact: the number was clamped to 0..=86,400, and it isn't NaN.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
    let whole = |number: f64| number.ceil() as u32;
    (!number.is_nan()).then(|| whole(number.clamp(0.0, LONGEST_REST.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_read_in_both_spellings() {
        assert_eq!(rest_in_seconds(" 120"), Some(120));
        assert_eq!(rest_in_seconds("0.2"), Some(1));
        assert_eq!(rest_in_seconds("-5"), Some(0));
        assert_eq!(rest_in_seconds("1e300"), Some(LONGEST_REST));
        assert_eq!(rest_in_seconds("NaN"), None);
        assert_eq!(rest_in_seconds("soon"), None);
        assert_eq!(rest_until("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_770), Some(7));
        assert_eq!(rest_until("Sun, 06 Nov 1994 08:49:37 GMT", 800_000_000), Some(0));
    }

    #[test]
    fn each_status_has_its_class() {
        let class = |status| {
            Answer {
                status,
                ..Answer::default()
            }
            .failure("x", "list")
            .class
        };
        assert_eq!(class(429), ErrorClass::RateLimited);
        assert_eq!(class(503), ErrorClass::RateLimited);
        assert_eq!(class(421), ErrorClass::Transient);
        assert_eq!(class(500), ErrorClass::Transient);
        assert_eq!(class(401), ErrorClass::Unauthenticated);
        assert_eq!(class(403), ErrorClass::PermissionDenied);
        assert_eq!(class(410), ErrorClass::Expired);
        assert_eq!(class(418), ErrorClass::Unexpected);
    }
}
