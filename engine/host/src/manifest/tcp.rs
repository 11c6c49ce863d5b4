//! What a manifest says of connections below HTTP.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A host and port that may be connected to, as a person set them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TcpRule {
    /// The setting that names the host.
    pub host: String,
    /// The setting that names the port.
    pub port: Option<String>,
    /// The port where that isn't set.
    pub default_port: u16,
    /// How it may be connected to.
    pub security: Vec<Security>,
    /// How SSH signs in.
    pub ssh: Option<SshRule>,
    /// How SMB signs in.
    pub smb: Option<SmbRule>,
    /// Slot → the line that may be written with its secret, which stands for the "{}" in it.
    #[serde(default)]
    pub lines: BTreeMap<String, String>,
    /// When such a line may be written without TLS; never, if it isn't said.
    pub plain: Option<PlainRule>,
    /// Other ports of the same address may be connected to beside it.
    #[serde(default)]
    pub beside: bool,
    /// For people.
    pub why: String,
}

/// A setting by which a person takes it that a secret goes out readable for whoever listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainRule {
    /// The setting.
    pub setting: String,
    /// The value that it must have.
    pub is: String,
}

/// What protects a connection.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Nothing.
    Plain,
    /// TLS for the name connected to.
    Tls,
    /// SSH; the connection is a subsystem's channel.
    Ssh,
    /// SMB; the connection is a session's messages.
    Smb,
}

impl Security {
    /// As `tcp.connect` is asked for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
            Self::Ssh => "ssh",
            Self::Smb => "smb",
        }
    }
}

/// How SSH signs in, and whom it trusts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SshRule {
    /// The setting that names the user.
    pub user: String,
    /// The slot of the password.
    pub password: Option<String>,
    /// The slot of the private key.
    pub key: Option<String>,
    /// The slot of the key's passphrase.
    pub passphrase: Option<String>,
    /// The setting that names a known_hosts file or holds its lines.
    pub known_hosts: String,
    /// The subsystem: "sftp".
    pub subsystem: String,
}

/// How SMB signs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SmbRule {
    /// The setting that names the user.
    pub user: String,
    /// The setting that names the user's domain.
    pub domain: Option<String>,
    /// The slot of the password.
    pub password: String,
    /// The setting that says "require" where a server without encryption isn't spoken to. Messages are signed at least, whatever it says.
    pub encryption: Option<String>,
}
