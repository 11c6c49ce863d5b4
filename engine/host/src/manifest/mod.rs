//! The manifest of a connector, as docs/manifest.md describes it: read strictly, because grants come from it.

mod check;
mod tcp;
#[cfg(test)]
mod tests;
mod twins;

use std::collections::BTreeMap;

pub use tcp::{Security, SmbRule, SshRule, TcpRule};

use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// The largest manifest that is read, bytes.
pub(crate) const LIMIT: usize = 256 << 10;

/// What a connector says it is and wants.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Version of the manifest's format: 1.
    pub manifest: u32,
    /// The connector's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The folder of wit/ that it was built for.
    pub interface: String,
    /// For people.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// source, destination.
    pub roles: Vec<String>,
    /// The schema of its settings.
    pub settings: Value,
    /// Which settings name the account.
    #[serde(default)]
    pub identity: Vec<String>,
    /// Named origins.
    #[serde(default)]
    pub origins: BTreeMap<String, Origin>,
    /// Host patterns besides.
    #[serde(default)]
    pub hosts: Vec<HostPattern>,
    /// Secrets.
    #[serde(default)]
    pub slots: BTreeMap<String, Slot>,
    /// What is taken out of answers into a slot.
    #[serde(default)]
    pub captures: Vec<Capture>,
    /// Where answers name hosts that are granted from then on.
    #[serde(default)]
    pub learns: BTreeMap<String, Learn>,
    /// Whether, and for which origins, there is a cookie jar.
    #[serde(default)]
    pub cookies: Option<Cookies>,
    /// Quirks of the service's HTTP.
    #[serde(default)]
    pub http: HttpQuirks,
    /// Connections below HTTP.
    #[serde(default)]
    pub tcp: BTreeMap<String, TcpRule>,
    /// Named auth schemes.
    #[serde(default)]
    pub auth: BTreeMap<String, Auth>,
    /// Classes of requests.
    #[serde(default)]
    pub pacing: BTreeMap<String, Pacing>,
    /// The one folder that `files` opens.
    #[serde(default)]
    pub folder: Option<Folder>,
    /// What it needs beyond the ordinary.
    #[serde(default)]
    pub limits: WantedLimits,
}

/// A named origin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Taken from this setting, if it is set.
    pub setting: Option<String>,
    /// With `setting`: the setting whose value stands as a label before the host of that address.
    pub label: Option<String>,
    /// By the value of another setting: pointer → value → address.
    #[serde(default)]
    pub by: BTreeMap<String, BTreeMap<String, String>>,
    /// Fixed.
    pub address: Option<String>,
    /// Learnt by this rule.
    pub learnt: Option<String>,
    /// For people.
    pub why: String,
}

/// A host pattern.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostPattern {
    /// "https://*.example.com".
    pub pattern: String,
    /// For people.
    pub why: String,
}

/// A secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Filled from this setting.
    pub setting: Option<String>,
    /// Filled by captures.
    #[serde(default)]
    pub captured: bool,
    /// Filled by the guest during check and sign-in, with what it computed.
    #[serde(default)]
    pub computed: bool,
    /// May be read by the guest during check and sign-in.
    #[serde(default)]
    pub reveal: bool,
    /// Where the placeholder may stand.
    #[serde(default)]
    pub places: Vec<Place>,
    /// For people.
    pub why: String,
}

/// Where a placeholder may stand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// "*" for any.
    pub method: String,
    /// An origin's name.
    pub origin: String,
    /// Below the origin's prefix.
    pub path: String,
    /// A header.
    pub header: Option<String>,
    /// A query parameter.
    pub query: Option<String>,
    /// A form field.
    pub form: Option<String>,
    /// A JSON pointer.
    pub json: Option<String>,
}

/// What is taken out of an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Into which slot.
    pub slot: String,
    /// "*" for any.
    pub method: String,
    /// An origin's name.
    pub origin: String,
    /// Below the origin's prefix.
    pub path: String,
    /// A header.
    pub header: Option<String>,
    /// A cookie.
    pub cookie: Option<String>,
    /// A JSON pointer.
    pub json: Option<String>,
}

/// Where answers name hosts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learn {
    /// "*" for any.
    pub method: String,
    /// An origin's name.
    pub origin: String,
    /// Below the origin's prefix.
    pub path: Vec<String>,
    /// JSON pointers; "*" for every member.
    pub pointers: Vec<String>,
    /// Suffixes that hold while the teacher is one of the manifest's own addresses.
    #[serde(default)]
    pub under: Vec<String>,
}

/// What the host adds to a request over what it sends. Slots are named by their names, settings by JSON pointers.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    tag = "scheme",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Auth {
    /// RFC 7617.
    HttpBasic {
        /// Where it may be used.
        origins: Vec<String>,
        /// The setting with the user's name.
        user: String,
        /// The slot with the password.
        password: String,
    },
    /// RFC 6750.
    HttpBearer {
        /// Where it may be used.
        origins: Vec<String>,
        /// The slot with the token.
        token: String,
    },
    /// RFC 7616.
    HttpDigest {
        /// Where it may be used.
        origins: Vec<String>,
        /// The setting with the user's name.
        user: String,
        /// The slot with the password.
        password: String,
    },
    /// A key that stands in a header of the service's own.
    ApiKey {
        /// Where it may be used.
        origins: Vec<String>,
        /// The header.
        header: String,
        /// The slot with the key.
        key: String,
    },
    /// AWS Signature Version 4.
    #[serde(rename = "aws-sigv4")]
    AwsSigv4 {
        /// Where it may be used.
        origins: Vec<String>,
        /// The slot with the access key's id.
        access_key: String,
        /// The slot with its secret.
        secret_key: String,
        /// The slot with a session's token, where there may be one.
        session_token: Option<String>,
        /// The setting with the region, where there is one; a request may name another.
        region: Option<String>,
        /// "s3".
        service: String,
    },
}

impl Auth {
    /// Where it may be used.
    pub(crate) fn origins(&self) -> &[String] {
        match self {
            Self::HttpBasic { origins, .. }
            | Self::HttpBearer { origins, .. }
            | Self::HttpDigest { origins, .. }
            | Self::ApiKey { origins, .. }
            | Self::AwsSigv4 { origins, .. } => origins,
        }
    }

    /// The slots that it takes secrets from.
    pub(crate) fn slots(&self) -> Vec<&String> {
        match self {
            Self::HttpBasic { password, .. } | Self::HttpDigest { password, .. } => vec![password],
            Self::HttpBearer { token, .. } => vec![token],
            Self::ApiKey { key, .. } => vec![key],
            Self::AwsSigv4 {
                access_key,
                secret_key,
                session_token,
                ..
            } => [access_key, secret_key].into_iter().chain(session_token).collect(),
        }
    }

    /// The setting that it reads.
    pub(crate) fn pointer(&self) -> Option<&String> {
        match self {
            Self::HttpBasic { user, .. } | Self::HttpDigest { user, .. } => Some(user),
            Self::HttpBearer { .. } | Self::ApiKey { .. } => None,
            Self::AwsSigv4 { region, .. } => region.as_ref(),
        }
    }
}

/// The cookie jar.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cookies {
    /// Origins that get and set cookies.
    pub origins: Vec<String>,
    /// A cookie with a value and an Expires in the past is kept.
    #[serde(default)]
    pub keep_valued_past_expiry: bool,
}

/// Quirks of a service's HTTP.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpQuirks {
    /// Statuses after which the next request gets a fresh connection.
    #[serde(default)]
    pub fresh_connection_after: Vec<u16>,
}

/// A class of requests.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pacing {
    /// Under way at a time.
    pub concurrent: u32,
}

/// The one folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// The setting that names it.
    pub setting: String,
}

/// What a connector needs beyond the ordinary.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedLimits {
    /// Bytes of linear memory.
    pub memory: Option<usize>,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(pub(crate) String);

impl Manifest {
    /// Reads and checks one.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > LIMIT {
            return Err(ManifestError(format!(
                "it has {} bytes; at most {LIMIT} are read",
                bytes.len()
            )));
        }
        let unread = |error: serde_json::Error| ManifestError(error.to_string());
        let _: twins::NoTwins = serde_json::from_slice(bytes).map_err(unread)?;
        let manifest: Self = serde_json::from_slice(bytes).map_err(unread)?;
        check::check(&manifest)?;
        Ok(manifest)
    }

    /// The address of an origin under these settings, and who said it; none for a learnt one.
    pub(crate) fn address(&self, name: &str, settings: &Value) -> Option<(Url, SaidBy)> {
        let origin = self.origins.get(name)?;
        let set = origin
            .setting
            .as_deref()
            .and_then(|pointer| settings.pointer(pointer))
            .and_then(Value::as_str);
        if let Some(set) = set {
            let url = Url::parse(set).ok()?;
            let url = match &origin.label {
                Some(pointer) => labelled(&url, settings.pointer(pointer)?.as_str()?)?,
                None => url,
            };
            return Some((url, SaidBy::Person));
        }
        let chosen = origin.by.iter().find_map(|(pointer, values)| {
            let value = settings.pointer(pointer).or_else(|| self.default_of(pointer))?;
            values.get(value.as_str()?)
        });
        let address = self.filled(chosen.or(origin.address.as_ref())?, settings)?;
        Some((Url::parse(&address).ok()?, SaidBy::Manifest))
    }

    /// An address with the settings that it names: "https://s3.{/region}.example.com". Only what can be a part of a host's name goes in.
    fn filled(&self, address: &str, settings: &Value) -> Option<String> {
        let mut filled = String::new();
        let mut rest = address;
        while let Some((before, after)) = rest.split_once('{') {
            let (pointer, after) = after.split_once('}')?;
            let value = settings
                .pointer(pointer)
                .or_else(|| self.default_of(pointer))
                .and_then(Value::as_str)?;
            if !is_label(value) {
                return None;
            }
            filled.push_str(before);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// What the schema of the settings says where a setting is unset.
    fn default_of(&self, pointer: &str) -> Option<&Value> {
        let property = pointer.split('/').skip(1).try_fold(&self.settings, |schema, part| {
            schema
                .get("properties")?
                .get(part.replace("~1", "/").replace("~0", "~"))
        });
        property?.get("default")
    }

    /// What names the account under these settings, as one text.
    pub fn identity_of(&self, settings: &Value) -> String {
        self.identity
            .iter()
            .map(|pointer| settings.pointer(pointer).unwrap_or(&Value::Null).to_string())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Whether a text can be a part of a host's name.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.'])
        && !text.contains("..")
}

/// An address with a label before its host; none where the host is no name.
fn labelled(url: &Url, label: &str) -> Option<Url> {
    let name = url.domain().filter(|_| is_label(label))?;
    let mut labelled = url.clone();
    labelled.set_host(Some(&format!("{label}.{name}"))).ok()?;
    Some(labelled)
}

/// Who said an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SaidBy {
    /// A setting, so a person.
    Person,
    /// The manifest.
    Manifest,
}
