//! The settings, as the manifest's schema has them.

use serde::Deserialize;

use crate::providers::{provider, Provider, Style};

/// `with:` of the connection.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// Which provider.
    pub provider: String,
    /// Its region.
    #[serde(default)]
    pub region: Option<String>,
    /// The bucket.
    pub bucket: String,
    /// What keys begin with.
    #[serde(default)]
    pub prefix: String,
    /// Another address.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path.
    #[serde(default)]
    pub path_style: Option<bool>,
    /// Storage class of new objects.
    #[serde(default)]
    pub storage_class: Option<String>,
    /// Encryption at rest.
    #[serde(default)]
    pub encryption: Option<String>,
    /// Retention of new objects.
    #[serde(default)]
    pub lock: Option<Lock>,
    /// Tags of new objects.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// How long objects can't be removed.
#[derive(Clone, Debug, Deserialize)]
pub struct Lock {
    /// governance or compliance.
    #[serde(default)]
    pub mode: Option<String>,
    /// Days.
    #[serde(default, rename = "for")]
    pub days: Option<String>,
    /// Whether a legal hold is set.
    #[serde(default)]
    pub legal_hold: bool,
}

impl Settings {
    /// What is known of the provider.
    pub fn provider(&self) -> &'static Provider {
        provider(&self.provider)
    }

    /// Where the bucket stands.
    pub fn style(&self) -> Style {
        match self.path_style {
            Some(true) => Style::Path,
            Some(false) => Style::VirtualHost,
            // A person's own address is a server of their own, more often than not without names for buckets; and a dot in a bucket's name breaks its certificate.
            None if self.endpoint.is_some() || self.bucket.contains('.') => Style::Path,
            None => self.provider().style,
        }
    }

    /// The address of an object, or of the bucket where the key is empty; without a query.
    pub fn address(&self, key: &str) -> Result<String, &'static str> {
        let region = self
            .region
            .as_deref()
            .filter(|region| !region.is_empty())
            .unwrap_or("us-east-1");
        let service = match (&self.endpoint, self.provider().address) {
            (Some(endpoint), _) => endpoint.trim_end_matches('/').to_owned(),
            (None, Some(address)) => address.replace("{/region}", region),
            (None, None) => return Err("This provider has an address of its own for each account: set `endpoint`."),
        };
        let base = match (self.style(), service.split_once("://")) {
            (Style::VirtualHost, Some((scheme, host))) => format!("{scheme}://{}.{host}", self.bucket),
            _ => format!("{service}/{}", self.bucket),
        };
        Ok(format!("{base}/{}", crate::keys::path(key)))
    }

    /// The key of a path.
    pub fn key(&self, path: &str) -> String {
        match self.prefix.trim_matches('/') {
            "" => path.to_owned(),
            prefix => format!("{prefix}/{path}"),
        }
    }

    /// The path of a key; none where it lies elsewhere.
    pub fn path<'k>(&self, key: &'k str) -> Option<&'k str> {
        match self.prefix.trim_matches('/') {
            "" => Some(key),
            prefix => key.strip_prefix(prefix)?.strip_prefix('/'),
        }
    }
}

impl Lock {
    /// Whether it locks anything: a mode alone says for how long to nobody.
    pub fn locks(&self) -> bool {
        self.legal_hold || self.retention_days().is_some_and(|days| days > 0)
    }

    /// Who may shorten a retention, as S3 writes it.
    pub fn retention_mode(&self) -> String {
        self.mode.as_deref().unwrap_or("governance").to_uppercase()
    }

    /// Days of retention.
    pub fn retention_days(&self) -> Option<u64> {
        let text = self.days.as_deref()?;
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let number: u64 = number.parse().ok()?;
        match unit {
            "d" => Some(number),
            "w" => Some(number * 7),
            "y" => Some(number * 365),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Settings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn addresses_as_the_provider_wants_them() {
        let aws = settings(r#"{"provider":"aws","region":"eu-central-1","bucket":"b","prefix":"a/"}"#);
        assert_eq!(
            aws.address(&aws.key("2014/é.jpg")).unwrap(),
            "https://b.s3.eu-central-1.amazonaws.com/a/2014/%C3%A9.jpg"
        );
        let own = settings(r#"{"provider":"other","bucket":"b","endpoint":"http://127.0.0.1:9000/"}"#);
        assert_eq!(own.address("k").unwrap(), "http://127.0.0.1:9000/b/k");
        assert!(settings(r#"{"provider":"cloudflare-r2","bucket":"b"}"#)
            .address("k")
            .is_err());
        assert_eq!(aws.path("a/x"), Some("x"));
        assert_eq!(aws.path("ab/x"), None);
    }

    #[test]
    fn retention_in_days() {
        let days = |text: &str| {
            Lock {
                mode: None,
                days: Some(text.into()),
                legal_hold: false,
            }
            .retention_days()
        };
        let mode = Lock {
            mode: Some("compliance".into()),
            days: None,
            legal_hold: false,
        };
        assert!(!mode.locks());
        assert_eq!(
            (days("10d"), days("2w"), days("1y"), days("x")),
            (Some(10), Some(14), Some(365), None)
        );
    }
}
