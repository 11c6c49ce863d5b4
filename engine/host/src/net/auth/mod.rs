//! Auth schemes: what the host adds to a request over what it sends, so that no connector sees the secret.

mod digest;
mod sigv4;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use camroll_model::{ConnectorError, ErrorClass, Secret};
use parking_lot::Mutex;
use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use crate::manifest::{Auth, Manifest};
use crate::net::content::Content;
use crate::net::grants::{Granted, origin_of};
use crate::vault::Vault;

/// Seconds that clocks may differ by before the service's counts.
const TOLERATED: i64 = 60;

/// The auth schemes of one connection.
pub(crate) struct Schemes {
    settings: Value,
    /// Seconds that the service's clock is ahead of ours.
    skew: AtomicI64,
    /// What each origin asked for last.
    challenges: Mutex<BTreeMap<String, digest::Challenge>>,
}

/// Whether a refusal taught something with which the request is worth one more try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It stands.
    Stands,
    /// The same request can be allowed now.
    Taught,
}

/// An answer to a request that was signed.
pub(crate) struct Heard<'a> {
    pub url: &'a Url,
    pub status: u16,
    pub headers: &'a HeaderMap,
    /// What was sent as Authorization.
    pub said: Option<&'a HeaderValue>,
    /// Seconds since 1970.
    pub now: i64,
}

/// A request that is about to go out.
pub(crate) struct Outgoing<'a> {
    pub method: &'a str,
    pub url: &'a Url,
    pub headers: &'a mut HeaderMap,
    pub content: &'a Content,
    /// Seconds since 1970.
    pub now: i64,
    /// Instead of the region that the settings name.
    pub region: Option<&'a str>,
}

impl Schemes {
    pub(crate) fn new(settings: &Value) -> Self {
        Self {
            settings: settings.clone(),
            skew: AtomicI64::new(0),
            challenges: Mutex::default(),
        }
    }

    /// Adds what a scheme of the manifest says. Only on origins that the scheme names.
    pub(crate) fn sign(
        &self,
        manifest: &Manifest,
        vault: &Vault,
        name: &str,
        granted: &[Granted],
        request: Outgoing<'_>,
    ) -> Result<(), ConnectorError> {
        let auth = manifest
            .auth
            .get(name)
            .ok_or_else(|| refused(name, "the manifest has none of that name"))?;
        let here = granted
            .iter()
            .filter_map(|grant| grant.name.as_ref())
            .any(|origin| auth.origins().contains(origin));
        if !here {
            return Err(refused(name, "the manifest doesn't name this origin for it"));
        }
        match auth {
            Auth::HttpBasic { user, password, .. } => {
                let user = self.text(user).unwrap_or_default();
                let password = secret(vault, password)?;
                let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
                let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
                put(request.headers, AUTHORIZATION, &format!("Basic {}", encoded.as_str()))
            }
            Auth::HttpBearer { token, .. } => {
                let token = secret(vault, token)?;
                put(request.headers, AUTHORIZATION, &format!("Bearer {}", token.expose()))
            }
            Auth::HttpDigest { user, password, .. } => {
                let password = secret(vault, password)?;
                // Who wasn't asked yet has nothing to say: the first answer is the question.
                let mut challenges = self.challenges.lock();
                let Some(challenge) = challenges.get_mut(&origin_of(request.url)) else {
                    return Ok(());
                };
                let uri = match request.url.query() {
                    Some(query) => format!("{}?{query}", request.url.path()),
                    None => request.url.path().to_owned(),
                };
                let answer = challenge.answer(&digest::Asked {
                    user: &self.text(user).unwrap_or_default(),
                    password: password.expose(),
                    method: request.method,
                    uri: &uri,
                    cnonce: &cnonce()?,
                });
                put(request.headers, AUTHORIZATION, &answer)
            }
            Auth::ApiKey { header, key, .. } => {
                let key = secret(vault, key)?;
                let header = HeaderName::from_bytes(header.as_bytes())
                    .map_err(|_| refused(name, "the header that it names is none"))?;
                put(request.headers, header, key.expose())
            }
            Auth::AwsSigv4 {
                access_key,
                secret_key,
                session_token,
                region,
                service,
                ..
            } => {
                let region = match request.region {
                    Some(region) => region.to_owned(),
                    None => region
                        .as_deref()
                        .and_then(|region| self.text(region))
                        .unwrap_or_else(|| "us-east-1".to_owned()),
                };
                let keys = sigv4::Keys {
                    access: secret(vault, access_key)?,
                    secret: secret(vault, secret_key)?,
                    session: session_token.as_ref().and_then(|slot| vault.slot(slot)),
                };
                let now = request.now + self.skew.load(Ordering::Relaxed);
                sigv4::sign(&keys, &region, service, now, request)
            }
        }
    }

    /// Learns from a refusal what was missing: a digest's challenge, or how far the service's clock is from ours. Only from answers to requests that the scheme signed.
    pub(crate) fn heard(&self, manifest: &Manifest, name: &str, answer: &Heard<'_>) -> Refusal {
        match (manifest.auth.get(name), answer.status) {
            (Some(Auth::HttpDigest { .. }), 401) => self.heard_challenge(answer),
            // Services say RequestTimeTooSkewed in a body that HEAD doesn't have; their Date says it as well.
            (Some(Auth::AwsSigv4 { .. }), 403) => self.heard_date(answer),
            _ => Refusal::Stands,
        }
    }

    fn heard_challenge(&self, answer: &Heard<'_>) -> Refusal {
        let Some(challenge) = digest::Challenge::of(answer.headers) else {
            return Refusal::Stands;
        };
        let nonce = format!(" nonce={}", digest::quoted(&challenge.nonce));
        let said = answer.said.and_then(|said| said.to_str().ok());
        // The very question that was answered, again: the answer was wrong.
        let is_new = challenge.stale || said.is_none_or(|said| !said.contains(&nonce));
        self.challenges.lock().insert(origin_of(answer.url), challenge);
        if is_new { Refusal::Taught } else { Refusal::Stands }
    }

    fn heard_date(&self, answer: &Heard<'_>) -> Refusal {
        let theirs = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(Ok(theirs)) = theirs.map(jiff::fmt::rfc2822::parse) else {
            return Refusal::Stands;
        };
        let ahead = theirs.timestamp().as_second() - answer.now;
        if (ahead - self.skew.load(Ordering::Relaxed)).abs() <= TOLERATED {
            return Refusal::Stands;
        }
        self.skew.store(ahead, Ordering::Relaxed);
        tracing::warn!(
            seconds = ahead,
            "this machine's clock isn't the service's; requests are signed by its clock"
        );
        Refusal::Taught
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.settings
            .pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

fn secret(vault: &Vault, slot: &str) -> Result<Secret, ConnectorError> {
    vault.slot(slot).ok_or_else(|| {
        ConnectorError::new(
            ErrorClass::Unauthenticated,
            "host/empty-slot",
            format!("The secret {slot:?} isn't known."),
        )
    })
}

fn cnonce() -> Result<String, ConnectorError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "host/random", error.to_string()))?;
    Ok(hex::encode(bytes))
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), ConnectorError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        ConnectorError::new(
            ErrorClass::InvalidSetting,
            "host/secret-not-sendable",
            "A secret holds characters that no header can carry, such as a line break. Look for one at the end of its file.",
        )
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn refused(name: &str, why: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::PermissionDenied,
        "host/auth-refused",
        format!("The connector asked for the auth scheme {name:?}, and {why}."),
    )
}
