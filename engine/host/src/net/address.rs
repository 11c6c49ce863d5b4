//! Which addresses can be asked at all.

use camroll_model::{ConnectorError, ErrorClass};
use url::Url;

const LIMIT: usize = 64 << 10;

/// The address of a request.
pub(crate) fn asked(text: &str) -> Result<Url, ConnectorError> {
    if text.len() > LIMIT {
        return Err(bad(text, "it is longer than 64 KiB"));
    }
    fit(Url::parse(text).map_err(|error| bad(text, &error.to_string()))?)
}

/// Where a redirect leads.
pub(crate) fn followed(from: &Url, location: &str) -> Result<Url, ConnectorError> {
    if location.len() > LIMIT {
        return Err(bad(location, "it is longer than 64 KiB"));
    }
    fit(from.join(location).map_err(|error| bad(location, &error.to_string()))?)
}

fn fit(url: Url) -> Result<Url, ConnectorError> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(bad(url.as_str(), "it isn't http or https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("(hidden)", "it carries a user or password"));
    }
    Ok(url)
}

fn bad(text: &str, why: &str) -> ConnectorError {
    let short: String = text
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/bad-url",
        format!("{short:?} can't be asked: {why}."),
    )
}
