//! A request on the wire and its answer, and what their failures mean.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use futures::stream::{BoxStream, StreamExt as _};
use url::Url;

use crate::net::answer;
use crate::net::content::{Content, lengthless};
use crate::net::grants::private_address;
use crate::net::resolver::REFUSED;
use crate::net::send::UnknownLength;

/// Answers from this size on, bytes, are read ahead.
const LARGE: u64 = 1 << 20;
/// Chunks that are read ahead, each of up to some 400 KiB.
const AHEAD: usize = 3;

/// Whether a content of no bytes goes out with its length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    IsSent,
    IsLeftOut,
}

impl Empty {
    pub(super) fn of(method: &str) -> Self {
        match method {
            "GET" | "HEAD" => Self::IsLeftOut,
            _ => Self::IsSent,
        }
    }
}

/// Sends a request with its content and waits for the answer's beginning.
pub(super) async fn transmit(
    url: &Url,
    mut outgoing: reqwest::RequestBuilder,
    body: &Content,
    (unknown_length, empty): (UnknownLength, Empty),
    idle: Duration,
) -> Result<reqwest::Response, ConnectorError> {
    let mut pulse = Arc::default();
    let failed = Arc::new(parking_lot::Mutex::new(None));
    match body.in_memory() {
        Some(bytes) => {
            if !bytes.is_empty() || empty == Empty::IsSent {
                outgoing = outgoing.body(bytes);
            }
        }
        None => {
            match (body.length(), unknown_length) {
                (Some(length), _) => outgoing = outgoing.header(reqwest::header::CONTENT_LENGTH, length),
                (None, UnknownLength::Chunked) => {}
                (None, UnknownLength::Refused) => return Err(lengthless()),
            }
            let (bytes, beats) = body.sent();
            pulse = beats;
            let failed = Arc::clone(&failed);
            // What a source says of its end is the connector's to hear, not the network's.
            let bytes = bytes.map(move |bytes| bytes.inspect_err(|error| *failed.lock() = Some(error.clone())));
            outgoing = outgoing.body(reqwest::Body::wrap_stream(bytes));
        }
    }
    tokio::select! {
        answered = outgoing.send() => answered.map_err(|error| {
            failed.lock().take().unwrap_or_else(|| network(url, &error))
        }),
        () = pulse.stands_still(idle) => Err(ConnectorError::new(
            ErrorClass::Transient,
            "host/timeout",
            format!(
                "{} didn't answer within {} s.",
                url.host_str().unwrap_or_default(),
                idle.as_secs()
            ),
        )),
    }
}

/// A service asked again who is there, behind bytes that can't be sent twice.
pub(super) fn asked_anew(url: &Url) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Transient,
        "host/asked-anew",
        format!(
            "{} asked for the sign-in anew when the bytes were already on their way.",
            url.host_str().unwrap_or_default()
        ),
    )
}

pub(super) async fn read(
    mut body: BoxStream<'static, Result<Bytes, ConnectorError>>,
    length: Option<u64>,
) -> Result<Bytes, ConnectorError> {
    if length.is_some_and(|length| length > answer::READ_LIMIT as u64) {
        return Err(answer::too_large());
    }
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if whole.len() + chunk.len() > answer::READ_LIMIT {
            return Err(answer::too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

/// An answer's bytes as they come.
pub(super) fn stream(
    answered: reqwest::Response,
    url: Url,
    idle: Duration,
) -> BoxStream<'static, Result<Bytes, ConnectorError>> {
    let is_large = answered.content_length().is_some_and(|length| length >= LARGE);
    // HTTP/2 has windows of its own.
    if is_large && answered.version() < reqwest::Version::HTTP_2 {
        ahead(chunks(answered, url, idle))
    } else {
        chunks(answered, url, idle)
    }
}

/// Takes bytes from the connection while those before them are hashed: it reads no further than one chunk that nobody took.
fn ahead(
    mut chunks: BoxStream<'static, Result<Bytes, ConnectorError>>,
) -> BoxStream<'static, Result<Bytes, ConnectorError>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(AHEAD);
    // Ends with the stream that it is for.
    let mut reading = tokio::task::JoinSet::new();
    reading.spawn(async move {
        while let Some(chunk) = chunks.next().await {
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    });
    futures::stream::unfold((receiver, reading), |(mut receiver, mut reading)| async move {
        let next = match receiver.recv().await {
            Some(chunk) => Some(chunk),
            // An end that isn't the body's must not look like it.
            None => match reading.join_next().await {
                Some(Err(panic)) => Some(Err(ConnectorError::new(
                    ErrorClass::Unexpected,
                    "host/panic",
                    panic.to_string(),
                ))),
                _ => None,
            },
        };
        next.map(|next| (next, (receiver, reading)))
    })
    .boxed()
}

fn chunks(answered: reqwest::Response, url: Url, idle: Duration) -> BoxStream<'static, Result<Bytes, ConnectorError>> {
    futures::stream::unfold((answered, url), move |(mut answered, url)| async move {
        match tokio::time::timeout(idle, answered.chunk()).await {
            Ok(Ok(Some(chunk))) => Some((Ok(chunk), (answered, url))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(network(&url, &error)), (answered, url))),
            Err(_) => {
                let error = ConnectorError::new(
                    ErrorClass::Transient,
                    "host/idle",
                    format!(
                        "{} sent nothing for {} s in the middle of an answer.",
                        url.host_str().unwrap_or_default(),
                        idle.as_secs()
                    ),
                );
                Some((Err(error), (answered, url)))
            }
        }
    })
    .boxed()
}

fn network(url: &Url, error: &reqwest::Error) -> ConnectorError {
    let host = url.host_str().unwrap_or_default();
    let mut chain = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        chain = inner.to_string();
        if chain.contains(REFUSED) {
            return private_address(host);
        }
        source = inner.source();
    }
    let (class, code) = if chain.contains("certificate") || chain.contains("invalid peer") {
        (ErrorClass::Unexpected, "host/tls")
    } else if error.is_connect() {
        (ErrorClass::Transient, "host/connect")
    } else if error.is_timeout() {
        (ErrorClass::Transient, "host/timeout")
    } else {
        (ErrorClass::Transient, "host/broken-off")
    };
    let what = if error.is_connect() {
        "can't be reached"
    } else {
        "broke the connection off"
    };
    ConnectorError::new(class, code, format!("{host} {what} ({chain})."))
}
