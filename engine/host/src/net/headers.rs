//! Which headers and methods a connector may send.

use camroll_model::{ConnectorError, ErrorClass};
use reqwest::header::{HeaderName, HeaderValue};

/// Headers that are the host's to set: credentials, framing, what concerns the connection, who asks for whom, and another method than the rules looked at.
const REFUSED: [&str; 22] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];
/// The same for whole families.
const REFUSED_FAMILIES: [&str; 2] = ["proxy-", "x-forwarded-"];

/// Methods that open a tunnel, or send a request's headers (so its secrets) back.
const REFUSED_METHODS: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// Whether a header is the host's to set.
pub(crate) fn is_refused(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    REFUSED.contains(&name.as_str()) || REFUSED_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// A header as a connector may send it.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ConnectorError> {
    let refused = |why: &str| {
        let short: String = name.chars().take(60).collect();
        ConnectorError::new(
            ErrorClass::Unsupported,
            "host/header-refused",
            format!("The header {short:?} is refused: {why}."),
        )
    };
    if is_refused(name) {
        return Err(refused("it is the host's to set"));
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("its name isn't a token"))?;
    let value =
        HeaderValue::from_str(value).map_err(|_| refused("its value has a line break or another control character"))?;
    Ok((name, value))
}

/// A method as a connector may use it. Capitals only: "post" would be POST to some servers, and to none of the manifest's rules.
pub(crate) fn method(name: &str) -> Result<reqwest::Method, ConnectorError> {
    let refused = |why: &str| {
        let short: String = name.chars().take(60).collect();
        ConnectorError::new(
            ErrorClass::Unsupported,
            "host/bad-method",
            format!("The method {short:?} is refused: {why}."),
        )
    };
    if REFUSED_METHODS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Err(refused("it opens a tunnel or sends secrets back"));
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(refused("methods are written in capitals"));
    }
    reqwest::Method::from_bytes(name.as_bytes()).map_err(|_| refused("it isn't one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_hosts_is_refused_in_any_case() {
        for name in [
            "Connection",
            "Keep-Alive",
            "Proxy-Authorization",
            "Proxy-Anything",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Content-Length",
            "Host",
            "Expect",
            "Via",
            "Forwarded",
            "X-Forwarded-For",
            "x-forwarded-host",
            "Cookie",
            "Authorization",
            "X-HTTP-Method-Override",
        ] {
            assert_eq!(header(name, "x").unwrap_err().code, "host/header-refused", "{name}");
        }
        assert!(header("Content-Type", "text/plain").is_ok());
        assert!(header("X-Apple-Widget-Key", "x").is_ok());
    }

    #[test]
    fn tunnels_and_echoes_are_no_methods() {
        for name in ["TRACE", "trace", "CONNECT", "Track", "post", "", "GET X"] {
            assert_eq!(method(name).unwrap_err().code, "host/bad-method", "{name}");
        }
        for name in ["GET", "POST", "PROPFIND", "VERSION-CONTROL"] {
            assert!(method(name).is_ok(), "{name}");
        }
    }
}
