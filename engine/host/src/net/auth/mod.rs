//! Auth schemes: what the host adds to a request over what it sends, so that no connector sees the secret.

mod sigv4;

use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use camroll_model::{ConnectorError, ErrorClass, Secret};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use crate::manifest::{Auth, Manifest};
use crate::net::content::Content;
use crate::net::grants::Granted;
use crate::vault::Vault;

/// Seconds that clocks may differ by before the service's counts.
const TOLERATED: i64 = 60;

/// The auth schemes of one connection.
pub(crate) struct Schemes {
    settings: Value,
    /// Seconds that the service's clock is ahead of ours.
    skew: AtomicI64,
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
                    None => self.text(region).unwrap_or_else(|| "us-east-1".to_owned()),
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

    /// Learns how far the service's clock is from ours.
    pub(crate) fn heard_date(&self, date: &str, now: i64) {
        let Ok(theirs) = jiff::fmt::rfc2822::parse(date) else {
            return;
        };
        let ahead = theirs.timestamp().as_second() - now;
        let skew = if ahead.abs() > TOLERATED { ahead } else { 0 };
        self.skew.store(skew, Ordering::Relaxed);
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
