use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use futures::stream::{BoxStream, StreamExt as _};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::error::HostError;
use crate::manifest::Manifest;
use crate::net::auth::{Heard, Outgoing, Refusal, Schemes};
use crate::net::clients::{Clients, Way};
use crate::net::content::{Content as Sent, Part, Segment};
use crate::net::cookies::{PastExpiry, header_for, parse};
use crate::net::grants::{Granted, Grants, private_address, reach_of};
use crate::net::places::Places;
use crate::net::redirect::{Chain, Content, Credentials};
use crate::net::resolver::Resolve;
use crate::net::wire::{Empty, asked_anew, read, stream};
use crate::net::{address, answer, headers, wire};
use crate::redact::redact;
use crate::vault::{Reach, Vault};

/// A request as the connector wants it.
pub(crate) struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<Segment>,
    pub redirects: u8,
    pub pace: Option<String>,
    /// The name of an auth scheme of the manifest.
    pub auth: Option<String>,
    /// For schemes that sign for a region: instead of the one in the settings.
    pub region: Option<String>,
    /// What is sent in pieces of unknown number.
    pub unknown_length: UnknownLength,
}

impl Request {
    /// Returns when the ranges that were lent to requests before it were read.
    pub(crate) async fn turn(&self) {
        // What else it has of them comes behind its first.
        let first = self.body.iter().find_map(|segment| match segment {
            Segment::Range(range) => Some(range),
            _ => None,
        });
        if let Some(range) = first {
            range.turn().await;
        }
    }
}

/// What becomes of a request whose length isn't known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UnknownLength {
    #[default]
    Refused,
    Chunked,
}

/// An answer as the connector sees it.
pub(crate) struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub url: String,
    pub length: Option<u64>,
    pub body: BoxStream<'static, Result<Bytes, ConnectorError>>,
}

/// How often a request was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Last,
}

/// What came of a turn.
enum Hop {
    Answered(Response),
    /// It was refused for want of something that is known now.
    Again,
}

/// HTTP for one connection.
pub(crate) struct Net {
    manifest: Arc<Manifest>,
    vault: Arc<Vault>,
    grants: Grants,
    schemes: Schemes,
    clients: Clients,
    classes: BTreeMap<String, Arc<Semaphore>>,
    idle: Duration,
    requests: AtomicU64,
}

/// Methods that change nothing (RFC 9110, 9.2.1; RFC 4918, 9.1; RFC 3253, 3.6).
fn only_reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT")
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

impl Net {
    pub(crate) fn new(
        manifest: Arc<Manifest>,
        settings: &Value,
        vault: Arc<Vault>,
        resolver: Arc<dyn Resolve>,
        idle: Duration,
    ) -> Result<Self, ConnectorError> {
        let network = |error: HostError| ConnectorError::new(ErrorClass::Unexpected, "host/network", error.to_string());
        let classes = manifest
            .pacing
            .iter()
            .map(|(class, pacing)| {
                (
                    class.clone(),
                    Arc::new(Semaphore::new(pacing.concurrent.clamp(1, 256) as usize)),
                )
            })
            .collect();
        let grants = Grants::new(Arc::clone(&manifest), settings, Arc::clone(&vault))?;
        let schemes = Schemes::new(settings);
        let clients = Clients::new(resolver).map_err(network)?;
        Ok(Self {
            manifest,
            vault,
            grants,
            schemes,
            clients,
            classes,
            idle,
            requests: AtomicU64::new(0),
        })
    }

    /// Requests that were sent.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends a request; any status is an answer. Dropping the future cuts it off.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, ConnectorError> {
        let permit = match request.pace.as_ref().and_then(|class| self.classes.get(class)) {
            Some(class) => Arc::clone(class).acquire_owned().await.ok(),
            None => None,
        };
        let lent = request
            .body
            .iter()
            .any(|segment| matches!(segment, Segment::Range(_) | Segment::Digest(_)));
        let redirects = if lent { 0 } else { request.redirects };
        let mut chain = Chain::new(&request.method, address::asked(&request.url)?, redirects);
        loop {
            let response = self.hop(&chain, &request).await.map_err(|error| self.redacted(error))?;
            let location = response
                .headers
                .iter()
                .find(|(name, _)| chain.follows(response.status) && name.eq_ignore_ascii_case("location"));
            let Some((_, location)) = location else {
                // The class's turn ends when the answer has arrived; its body is the reader's.
                drop(permit);
                return Ok(response);
            };
            chain
                .follow(response.status, location)
                .map_err(|error| self.redacted(error))?;
        }
    }

    /// How a request goes out.
    fn way(&self, url: &Url, granted: &[Granted]) -> Result<Way, ConnectorError> {
        let host = url.host_str().unwrap_or_default();
        match (url.scheme(), reach_of(granted)) {
            // Only this machine itself is ever granted over plain http.
            ("http", Reach::Private) => Ok(Way::Loopback),
            (_, Reach::Private) => Ok(Way::Private),
            (_, Reach::Public) if self.clients.is_proxy(host) => Err(private_address(host)),
            (_, Reach::Public) => Ok(Way::Public),
        }
    }

    /// One request on the way; once more where its refusal taught what was missing.
    async fn hop(&self, chain: &Chain, request: &Request) -> Result<Response, ConnectorError> {
        let mut turn = Turn::First;
        loop {
            match self.turn(chain, request, turn).await? {
                Hop::Answered(response) => return Ok(response),
                Hop::Again => turn = Turn::Last,
            }
        }
    }

    fn was_taught(&self, auth: &str, url: &Url, said: Option<&HeaderValue>, answered: &reqwest::Response) -> Refusal {
        let heard = Heard {
            url,
            status: answered.status().as_u16(),
            headers: answered.headers(),
            said,
            now: now(),
        };
        self.schemes.heard(&self.manifest, auth, &heard)
    }

    async fn turn(&self, chain: &Chain, request: &Request, turn: Turn) -> Result<Hop, ConnectorError> {
        let (method, url) = (chain.method.as_str(), &chain.url);
        let started = now();
        let name = headers::method(method)?;
        let granted = self.grants.check(url, started)?;
        let way = self.way(url, &granted)?;
        // Placeholders stay on the origin that the request was made for.
        let places = match chain.credentials {
            Credentials::Carried => Places::of(&self.manifest, &self.vault, method, url, &granted),
            Credentials::LeftBehind => Places::of(&self.manifest, &self.vault, method, url, &[]),
        };
        let mut headers = HeaderMap::new();
        for (key, value) in &request.headers {
            if !chain.carries(key, value) {
                continue;
            }
            let filled = places.header(key, value)?;
            let (key, mut value) = headers::header(key, filled.as_ref().unwrap_or(value))?;
            value.set_sensitive(filled.is_some());
            headers.append(key, value);
        }
        let jar = self.manifest.cookies.as_ref().filter(|rule| {
            granted
                .iter()
                .any(|grant| grant.name.as_ref().is_some_and(|name| rule.origins.contains(name)))
        });
        if jar.is_some()
            && let Some(cookie) = header_for(&self.vault.cookies(), url, started)
            && let Ok(mut value) = HeaderValue::from_str(&cookie)
        {
            value.set_sensitive(true);
            headers.insert(reqwest::header::COOKIE, value);
        }
        let body = match chain.content {
            Content::Sent => self.body(&request.body, &places, &mut headers)?,
            Content::Dropped => Sent(Vec::new()),
        };
        let filled = places.query(url)?;
        // As placeholders do, it stays on the origin that the request was made for.
        let signed = request
            .auth
            .as_ref()
            .filter(|_| chain.credentials == Credentials::Carried);
        if let Some(auth) = signed {
            let outgoing = Outgoing {
                method,
                url: &filled,
                headers: &mut headers,
                content: &body,
                now: started,
                region: request.region.as_deref(),
            };
            self.schemes
                .sign(&self.manifest, &self.vault, auth, &granted, outgoing)?;
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let said = headers.get(reqwest::header::AUTHORIZATION).cloned();
        let transmit = || {
            let outgoing = self.clients.of(way).request(name.clone(), filled.clone());
            let outgoing = outgoing.headers(headers.clone());
            let rest = (request.unknown_length, Empty::of(method));
            wire::transmit(url, outgoing, &body, rest, self.idle)
        };
        let answered = match transmit().await {
            // A connection that was kept open may be closed by its server in the very moment in which it is used again (RFC 9112, 9.3.1): what only reads is asked once more.
            Err(error) if error.code == "host/broken-off" && only_reads(method) && body.can_be_sent_again() => {
                self.requests.fetch_add(1, Ordering::Relaxed);
                transmit().await?
            }
            answered => answered?,
        };
        if let Some(auth) = signed
            && self.was_taught(auth, &filled, said.as_ref(), &answered) == Refusal::Taught
            && turn == Turn::First
        {
            if body.can_be_sent_again() {
                return Ok(Hop::Again);
            }
            if answered.status() == StatusCode::UNAUTHORIZED {
                return Err(asked_anew(url));
            }
        }
        self.take(method, url, answered, &granted, jar).await.map(Hop::Answered)
    }

    fn body(&self, segments: &[Segment], places: &Places<'_>, headers: &mut HeaderMap) -> Result<Sent, ConnectorError> {
        let mut parts = Vec::new();
        for segment in segments {
            parts.push(match segment {
                Segment::Bytes(bytes) => Part::Bytes(bytes.clone()),
                Segment::Json(text) => Part::Bytes(places.json(text.clone())?.into()),
                Segment::Form(fields) => {
                    let mut form = url::form_urlencoded::Serializer::new(String::new());
                    for (name, value) in fields {
                        let value = places.form(name, value)?.unwrap_or_else(|| value.clone());
                        form.append_pair(name, &value);
                    }
                    headers
                        .entry(reqwest::header::CONTENT_TYPE)
                        .or_insert(HeaderValue::from_static("application/x-www-form-urlencoded"));
                    Part::Bytes(form.finish().into())
                }
                Segment::Range(range) => Part::Range(Arc::clone(range)),
                Segment::Digest(digest) => Part::Digest(Arc::clone(digest)),
            });
        }
        Ok(Sent(parts))
    }

    /// Cookies into the jar, captures into slots, hosts learnt; then it is the connector's.
    async fn take(
        &self,
        method: &str,
        url: &Url,
        answered: reqwest::Response,
        granted: &[Granted],
        jar: Option<&crate::manifest::Cookies>,
    ) -> Result<Response, ConnectorError> {
        let received = now();
        let status = answered.status().as_u16();
        let mut headers = Vec::new();
        let mut set = Vec::new();
        for (name, value) in answered.headers() {
            let Ok(value) = value.to_str() else { continue };
            if name == reqwest::header::SET_COOKIE {
                set.push(value.to_owned());
            } else {
                headers.push((name.as_str().to_owned(), value.to_owned()));
            }
        }
        if self.manifest.http.fresh_connection_after.contains(&status) {
            // HTTP connections that were led to the wrong backend are led there again: the pool goes with its client.
            self.clients.renew();
        }
        if let Some(jar) = jar {
            let past = if jar.keep_valued_past_expiry {
                PastExpiry::IsIgnored
            } else {
                PastExpiry::Removes
            };
            let cookies = set
                .iter()
                .filter_map(|header| parse(header, url, past, received))
                .collect();
            self.vault.take_cookies(cookies, received);
        }
        let rules = answer::captures(&self.manifest, method, url, granted);
        let mut captured = answer::from_headers(&rules, &mut headers);
        if rules.iter().any(|rule| rule.cookie.is_some()) {
            let pairs: Vec<(String, String)> = set
                .iter()
                .filter_map(|header| header.split(';').next()?.split_once('='))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect();
            captured.extend(answer::from_cookies(&rules, &pairs));
        }
        let capture_body = rules.iter().any(|rule| rule.json.is_some());
        let teaches = status < 400 && self.grants.teaches(method, url, granted);
        let length = answered.content_length();
        let idle = self.idle;
        let host = url.clone();
        if !capture_body && !teaches {
            self.vault.take_slots(captured);
            self.vault.keep().await?;
            return Ok(Response {
                status,
                headers,
                url: url.to_string(),
                length,
                body: stream(answered, host, idle),
            });
        }
        let whole = read(stream(answered, host, idle), length).await?;
        if teaches && let Ok(parsed) = serde_json::from_slice::<Value>(&whole) {
            self.grants.learn(method, url, granted, &parsed, received);
        }
        let body = if capture_body {
            let read = std::str::from_utf8(&whole)
                .ok()
                .and_then(|text| answer::from_json(&rules, text));
            // Without what can't be looked through, and without lengths and digests of what it was: they would tell of the secret.
            headers.retain(|(name, _)| !answer::tells_of_the_body(name));
            let (found, seen) = read.unwrap_or_default();
            captured.extend(found);
            Bytes::from(seen)
        } else {
            whole
        };
        self.vault.take_slots(captured);
        self.vault.keep().await?;
        let length = Some(body.len() as u64);
        let body = futures::stream::once(async move { Ok(body) }).boxed();
        Ok(Response {
            status,
            headers,
            url: url.to_string(),
            length,
            body,
        })
    }

    /// The error without any secret that is known.
    fn redacted(&self, mut error: ConnectorError) -> ConnectorError {
        error.message = redact(&self.vault, &error.message);
        error
    }
}
