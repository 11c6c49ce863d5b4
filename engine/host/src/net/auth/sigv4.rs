//! AWS Signature Version 4, in a request's headers ("Signature Version 4 signing process", AWS General Reference).

use camroll_model::{ConnectorError, ErrorClass, Secret};
use hmac::{Hmac, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Outgoing, put};

/// Everything but the unreserved characters of RFC 3986.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

pub(super) struct Keys {
    pub access: Secret,
    pub secret: Secret,
    pub session: Option<Secret>,
}

/// Signs host, content-md5, content-type and every x-amz-*. A given x-amz-content-sha256 is signed as it is; without one it is UNSIGNED-PAYLOAD over TLS, else the hash where the
/// content is in memory.
pub(super) fn sign(
    keys: &Keys,
    region: &str,
    service: &str,
    now: i64,
    request: Outgoing<'_>,
) -> Result<(), ConnectorError> {
    let time = jiff::Timestamp::from_second(now)
        .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "host/clock", error.to_string()))?
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let day = time.get(..8).unwrap_or_default().to_owned();
    let Outgoing {
        method,
        url,
        headers,
        content,
        ..
    } = request;
    if !headers.contains_key(CONTENT_HASH) {
        let hash = match (url.scheme(), content.in_memory()) {
            ("https", _) | (_, None) => "UNSIGNED-PAYLOAD".to_owned(),
            (_, Some(bytes)) => hex::encode(Sha256::digest(&bytes)),
        };
        put(headers, CONTENT_HASH, &hash)?;
    }
    put(headers, DATE, &time)?;
    if let Some(token) = &keys.session {
        put(headers, TOKEN, token.expose())?;
    }
    let signed = signed_headers(url, headers);
    let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let canonical = canonical(method, url, &signed, &names, headers);
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex::encode(Sha256::digest(canonical.as_bytes()))
    );
    let signature = hex::encode(mac(&signing_key(keys.secret.expose(), &day, region, service), &to_sign));
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.access.expose()
    );
    put(headers, AUTHORIZATION, &value)
}

fn signed_headers(url: &Url, headers: &HeaderMap) -> Vec<(String, String)> {
    let host = url.host_str().unwrap_or_default();
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut signed = vec![("host".to_owned(), host)];
    for name in headers.keys() {
        let name = name.as_str();
        if name.starts_with("x-amz-") || matches!(name, "content-md5" | "content-type") {
            let values: Vec<&str> = headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .map(str::trim)
                .collect();
            // Runs of spaces count as one.
            let value = values
                .join(",")
                .split(' ')
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            signed.push((name.to_owned(), value));
        }
    }
    signed.sort();
    signed
}

fn canonical(method: &str, url: &Url, signed: &[(String, String)], names: &str, headers: &HeaderMap) -> String {
    let encode = |text: &[u8]| -> String { percent_encoding::percent_encode(text, STRICT).to_string() };
    let path: Vec<String> = url
        .path()
        .split('/')
        .map(|segment| encode(&percent_decode_str(segment).collect::<Vec<u8>>()))
        .collect();
    let mut query: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            (
                utf8_percent_encode(&name, STRICT).to_string(),
                utf8_percent_encode(&value, STRICT).to_string(),
            )
        })
        .collect();
    query.sort();
    let query: Vec<String> = query
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let hash = headers
        .get(CONTENT_HASH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    format!(
        "{method}\n{}\n{}\n{lines}\n{names}\n{hash}",
        path.join("/"),
        query.join("&")
    )
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn signing_key(secret: &str, day: &str, region: &str, service: &str) -> Vec<u8> {
    let first = zeroize::Zeroizing::new(format!("AWS4{secret}"));
    [day, region, service, "aws4_request"]
        .into_iter()
        .fold(first.as_bytes().to_vec(), |key, part| mac(&key, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::content::{Content, Part};

    /// The examples of "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference.
    fn signature(method: &str, url: &str, given: &[(&str, &str)]) -> String {
        let keys = Keys {
            access: Secret::new("AKIAIOSFODNN7EXAMPLE".to_owned()),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            session: None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let request = Outgoing {
            method,
            url: &Url::parse(url).unwrap(),
            headers: &mut headers,
            content: &Content(Vec::new()),
            now: 1_369_353_600,
            region: None,
        };
        sign(&keys, "us-east-1", "s3", 1_369_353_600, request).unwrap();
        let value = headers[AUTHORIZATION].to_str().unwrap().to_owned();
        value.rsplit('=').next().unwrap().to_owned()
    }

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// "Examples of how to derive a signing key for Signature Version 4", AWS General Reference.
    #[test]
    fn amazons_own_signing_key() {
        assert_eq!(
            hex::encode(signing_key(
                "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                "20150830",
                "us-east-1",
                "iam"
            )),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    /// Address, content, session's token, signature.
    const EXPECTED: &[(&str, &str, Option<&str>, &str)] = &[
        (
            "https://b.example.com/a/2014/%E5%A4%8F%20100%25%20%2B~%27%28%29.jpg",
            "",
            None,
            "2c38d287232dd59684001abcf09bf3b52090717116fb5c7896916c2b2b77e8aa",
        ),
        (
            "https://b.example.com/k?partNumber=2&uploadId=a%2Bb%2F%3D%20c",
            "welcome",
            None,
            "7753acf162a7d1f49a413471f4190b48e4a2bf9f7f51b2aa82120e8d06499a61",
        ),
        (
            "http://127.0.0.1:9000/b/k?tagging=",
            "welcome",
            Some("token/with+signs=="),
            "5a34d561d08936ceab177e27d882b0e8938f5dc4261bdc2841fd46e7dfbe11c9",
        ),
    ];

    /// The values are what botocore's S3SigV4Auth signs for the same keys, time, address and headers.
    #[test]
    fn names_in_every_script_tokens_and_contents() {
        let keys = |session: Option<&str>| Keys {
            access: Secret::new("AKIAIOSFODNN7EXAMPLE".to_owned()),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            session: session.map(|token| Secret::new(token.to_owned())),
        };
        for (url, content, session, expected) in EXPECTED {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", "image/jpeg".parse().unwrap());
            headers.insert("x-amz-meta-mtime", "1400000000".parse().unwrap());
            let request = Outgoing {
                method: "PUT",
                url: &Url::parse(url).unwrap(),
                headers: &mut headers,
                content: &Content(vec![Part::Bytes(content.as_bytes().to_vec().into())]),
                now: 1_369_353_600,
                region: None,
            };
            sign(&keys(*session), "eu-central-1", "s3", 1_369_353_600, request).unwrap();
            let value = headers[AUTHORIZATION].to_str().unwrap();
            assert_eq!(value.rsplit('=').next(), Some(*expected), "{url}");
            assert_eq!(headers.contains_key(TOKEN), session.is_some());
        }
    }

    #[test]
    fn amazons_own_examples() {
        assert_eq!(
            signature(
                "GET",
                "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
                &[("x-amz-content-sha256", EMPTY)]
            ),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
        assert_eq!(
            signature(
                "GET",
                "https://examplebucket.s3.amazonaws.com/?lifecycle",
                &[("x-amz-content-sha256", EMPTY)]
            ),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
    }
}
