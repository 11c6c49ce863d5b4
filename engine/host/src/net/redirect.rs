//! A request and the redirects that it is led along: what changes on the way, and what is left behind.

use camroll_model::{ConnectorError, ErrorClass};
use url::Url;

use crate::net::address::followed;
use crate::net::grants::origin_of;
use crate::net::places::PREFIX;

/// Whether secrets still go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// The chain never left the origin that the request was made for.
    Carried,
    /// It did. They don't come back with it: whoever it was led through chose where it goes and what it asks.
    LeftBehind,
}

/// Whether the request's body still goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// As it was given.
    Sent,
    /// A redirect made it a GET.
    Dropped,
}

/// Where a request is on its way.
#[derive(Debug)]
pub(crate) struct Chain {
    pub method: String,
    pub url: Url,
    pub content: Content,
    pub credentials: Credentials,
    origin: String,
    left: u8,
}

impl Chain {
    /// At its start.
    pub(crate) fn new(method: &str, url: Url, redirects: u8) -> Self {
        Self {
            method: method.to_owned(),
            origin: origin_of(&url),
            url,
            content: Content::Sent,
            credentials: Credentials::Carried,
            left: redirects,
        }
    }

    /// Whether an answer with this status and Location would be followed.
    pub(crate) fn follows(&self, status: u16) -> bool {
        self.left > 0 && matches!(status, 301 | 302 | 303 | 307 | 308)
    }

    /// Goes where an answer leads.
    pub(crate) fn follow(&mut self, status: u16, location: &str) -> Result<(), ConnectorError> {
        let next = followed(&self.url, location)?;
        if self.url.scheme() == "https" && next.scheme() != "https" {
            return Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/downgrade",
                "A redirect leads from https to plain http; it isn't followed.",
            ));
        }
        // As browsers do (Fetch, "HTTP-redirect fetch"): 303 asks for another page, 301 and 302 of a POST are meant so.
        let becomes_get = match status {
            303 => !matches!(self.method.as_str(), "GET" | "HEAD"),
            301 | 302 => self.method == "POST",
            _ => false,
        };
        if becomes_get {
            "GET".clone_into(&mut self.method);
            self.content = Content::Dropped;
        }
        if origin_of(&next) != self.origin {
            self.credentials = Credentials::LeftBehind;
        }
        self.left = self.left.saturating_sub(1);
        self.url = next;
        Ok(())
    }

    /// Whether a header still goes along.
    pub(crate) fn carries(&self, name: &str, value: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let is_of_content = name.starts_with("content-") || name == "digest" || name == "repr-digest";
        let is_credential = is_like_credentials(&name) || value.starts_with(PREFIX);
        !(self.content == Content::Dropped && is_of_content
            || self.credentials == Credentials::LeftBehind && is_credential)
    }
}

/// Names of headers that services put keys and tokens in. The host can't know all of them; these parts are what their names have in common.
fn is_like_credentials(lower_name: &str) -> bool {
    const PARTS: [&str; 10] = [
        "auth",
        "token",
        "secret",
        "api-key",
        "apikey",
        "access-key",
        "session",
        "cookie",
        "credential",
        "signature",
    ];
    PARTS.iter().any(|part| lower_name.contains(part)) || lower_name == "scnt"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(method: &str) -> Chain {
        Chain::new(method, Url::parse("https://a.example.com/x").unwrap(), 5)
    }

    #[test]
    fn what_a_request_becomes_is_what_browsers_make_of_it() {
        for (status, method, becomes, content) in [
            (301, "POST", "GET", Content::Dropped),
            (302, "POST", "GET", Content::Dropped),
            (302, "PUT", "PUT", Content::Sent),
            (303, "POST", "GET", Content::Dropped),
            (303, "DELETE", "GET", Content::Dropped),
            (303, "HEAD", "HEAD", Content::Sent),
            (307, "POST", "POST", Content::Sent),
            (308, "POST", "POST", Content::Sent),
        ] {
            let mut chain = chain(method);
            chain.follow(status, "/y").unwrap();
            assert_eq!(
                (chain.method.as_str(), chain.content),
                (becomes, content),
                "{status} {method}"
            );
            assert_eq!(
                chain.carries("Content-Type", "x"),
                content == Content::Sent,
                "{status} {method}"
            );
            assert!(chain.carries("Accept", "x") && chain.carries("X-Api-Token", "x"));
        }
    }

    #[test]
    fn credentials_dont_come_back() {
        let mut chain = chain("GET");
        chain.follow(302, "/on").unwrap();
        assert_eq!(chain.credentials, Credentials::Carried);
        chain.follow(302, "https://b.example.com/").unwrap();
        assert_eq!(chain.credentials, Credentials::LeftBehind);
        chain.follow(302, "https://a.example.com/x").unwrap();
        assert_eq!(chain.credentials, Credentials::LeftBehind);
        for name in ["X-Auth-Token", "X-Api-Key", "X-Apple-Session-Token"] {
            assert!(!chain.carries(name, "x"), "{name}");
        }
        assert!(!chain.carries("X-Other", "secret:slot"));
        assert!(chain.carries("Accept", "x"));
    }

    #[test]
    fn another_port_or_scheme_is_another_origin() {
        let mut chain = chain("GET");
        chain.follow(302, "https://a.example.com:444/").unwrap();
        assert_eq!(chain.credentials, Credentials::LeftBehind);
        assert_eq!(
            chain.follow(302, "http://a.example.com/").unwrap_err().code,
            "host/downgrade"
        );
        assert_eq!(
            chain.follow(302, "file:///etc/passwd").unwrap_err().code,
            "host/bad-url"
        );
        assert_eq!(
            chain.follow(302, "https://user:pass@a.example.com/").unwrap_err().code,
            "host/bad-url"
        );
    }
}
