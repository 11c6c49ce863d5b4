//! Requests, and what their failures mean before a service's own words are read.

use crate::bindings::camroll::connector::bodies::Body;
use crate::bindings::camroll::connector::http as host;
use crate::bindings::camroll::connector::types::Value;
use crate::errors::{error, rate_limited};
use crate::types::{Error, ErrorClass};

pub use host::{Encoding, Pending, Request, Response, Segment};

/// The largest JSON answer that is read, bytes: what may pass in one call.
const ANSWER_LIMIT: u32 = 4 << 20;

/// A request being put together.
pub struct Builder<'b> {
    request: Request<'b>,
}

/// Begins a request.
pub fn request<'b>(method: &str, url: impl Into<String>) -> Builder<'b> {
    Builder {
        request: Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: None,
            redirects: 0,
            options: Vec::new(),
        },
    }
}

impl<'b> Builder<'b> {
    /// A header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// A JSON body; strings that are exactly a placeholder become the secret where the manifest allows it.
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.request.body = vec![Segment::Json(body.to_string())];
        self
    }

    /// A body as it is.
    pub fn text(mut self, body: &str) -> Self {
        self.request.body = vec![Segment::Bytes(body.as_bytes().to_vec())];
        self
    }

    /// Bytes behind what the body has so far.
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.request.body.push(Segment::Bytes(bytes.into()));
        self
    }

    /// A range of a file as the body, or behind what it has so far; its bytes don't pass through the connector.
    pub fn range(mut self, body: &'b Body, offset: u64, length: Option<u64>) -> Self {
        self.request
            .body
            .push(Segment::Range(host::BodyRange { body, offset, length }));
        self
    }

    /// A digest of all ranges of a file that stand before it in the body: the host knows it when they are out.
    pub fn digest(mut self, body: &'b Body, algorithm: &str, encoding: Encoding) -> Self {
        self.request.body.push(Segment::Digest(host::RunningDigest {
            body,
            algorithm: algorithm.into(),
            encoding,
        }));
        self
    }

    /// One of the manifest's auth schemes.
    pub fn auth(mut self, name: &str) -> Self {
        self.request.auth = Some(name.into());
        self
    }

    /// The manifest's pacing class.
    pub fn pace(mut self, class: &str) -> Self {
        self.request.options.push(("pace".into(), Value::Text(class.into())));
        self
    }

    /// Sends it and waits for the answer.
    pub fn send(self) -> Result<Response, Error> {
        host::send(&self.request)
    }

    /// Sends it while the connector goes on.
    pub fn start(self) -> Result<Pending, Error> {
        host::start(&self.request)
    }
}

/// An answer whose body was read.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer to its end.
    pub fn read(response: Response) -> Result<Self, Error> {
        let body = response.body.read_all(ANSWER_LIMIT)?;
        Ok(Self {
            status: response.status,
            headers: response.headers,
            body,
        })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it isn't.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Seconds that Retry-After asks for.
    pub fn retry_after(&self) -> Option<u32> {
        self.header("retry-after")?
            .trim()
            .parse::<f64>()
            .ok()
            .map(|seconds| seconds.clamp(0.0, 86_400.0).ceil() as u32)
    }

    /// What a status means where the service's own words say no more: `service` is the first part of the code.
    pub fn failure(&self, service: &str, what: &str) -> Error {
        let status = self.status;
        let code = format!("{service}/http-{status}");
        match status {
            429 | 503 => rate_limited(
                &code,
                format!("The service asks for a rest ({what}: {status})."),
                self.retry_after(),
            ),
            408 | 421 | 425 | 500..=599 => error(
                ErrorClass::Transient,
                &code,
                format!("The service failed for the moment ({what}: {status})."),
            ),
            401 | 450 => error(
                ErrorClass::Unauthenticated,
                &code,
                format!("The sign-in has ended ({what}: {status})."),
            ),
            403 => error(
                ErrorClass::PermissionDenied,
                &code,
                format!("The service doesn't allow it ({what}: {status})."),
            ),
            404 => error(
                ErrorClass::NotFound,
                &code,
                format!("The service doesn't know it ({what}: {status})."),
            ),
            410 => error(
                ErrorClass::Expired,
                &code,
                format!("It is no longer there under that address ({what}: {status})."),
            ),
            _ => error(
                ErrorClass::Unexpected,
                &code,
                format!("The service gave an answer that isn't understood ({what}: {status})."),
            ),
        }
    }
}
