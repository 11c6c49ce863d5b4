//! SSH as far as a connector needs it: the host is who it says it is, the person is signed in, and a subsystem's channel is open.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass, Secret};
use parking_lot::Mutex;
use russh::client::{AuthResult, Config, Handle, Handler, KeyboardInteractiveAuthResponse, Msg};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh::{ChannelMsg, ChannelStream, Preferred, cipher};
use tokio::net::TcpStream;

use crate::tcp::grants::SshSettings;
use crate::tcp::known_hosts::{KnownHosts, Verdict};
use crate::tcp::{Peer, closed};
use crate::vault::Vault;

/// From the first byte to the open channel.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that died without a word is noticed after three of them.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// So much may be on its way to us.
const WINDOW: u32 = 4 << 20;
/// Rounds of questions that are answered: a server that goes on asking wants something else than the password.
const ROUNDS: usize = 4;

/// AES first: processors compute it.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// Looks at the host's key, and keeps what it thought of it.
pub(super) struct Watch {
    peer: Peer,
    known: KnownHosts,
    refused: Arc<Mutex<Option<ConnectorError>>>,
}

impl Handler for Watch {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        // Certificates aren't offered for, so none comes.
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        let verdict = self.known.verdict(&self.peer.host, self.peer.port, key);
        if verdict == Verdict::Known {
            return Ok(true);
        }
        *self.refused.lock() = Some(self.known.refusal(&self.peer.host, self.peer.port, key, &verdict));
        Ok(false)
    }
}

/// The channel of a subsystem, and the session that it lives in.
pub(super) async fn subsystem(
    peer: &Peer,
    stream: TcpStream,
    settings: &SshSettings,
    vault: &Vault,
) -> Result<(ChannelStream<Msg>, Handle<Watch>), ConnectorError> {
    let opening = async {
        let credentials = Credentials::of(settings, vault).await?;
        let known = KnownHosts::load(settings.known_hosts.as_deref()).await?;
        let mut session = handshake(peer, stream, known).await?;
        sign_in(peer, &mut session, &settings.user, &credentials).await?;
        let channel = open(peer, &session, &settings.subsystem).await?;
        Ok((channel, session))
    };
    match tokio::time::timeout(TIMEOUT, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(closed(
            peer,
            &format!("SSH wasn't agreed on within {} s", TIMEOUT.as_secs()),
        )),
    }
}

async fn handshake(peer: &Peer, stream: TcpStream, known: KnownHosts) -> Result<Handle<Watch>, ConnectorError> {
    let config = Config {
        window_size: WINDOW,
        keepalive_interval: Some(KEEPALIVE),
        preferred: Preferred {
            key: Cow::Owned(host_keys(&known.algorithms(&peer.host, peer.port))),
            cipher: Cow::Borrowed(CIPHERS),
            ..Preferred::DEFAULT
        },
        ..Config::default()
    };
    let refused = Arc::new(Mutex::new(None));
    let watch = Watch {
        peer: peer.clone(),
        known,
        refused: Arc::clone(&refused),
    };
    let connected = russh::client::connect_stream(Arc::new(config), stream, watch).await;
    if let Some(refusal) = refused.lock().take() {
        return Err(refusal);
    }
    connected.map_err(|error| failure(peer, &error))
}

/// Those that are known of this host first: it would elsewise show another one, which nobody knows.
fn host_keys(known: &[Algorithm]) -> Vec<Algorithm> {
    let family = |algorithm: &Algorithm| match algorithm {
        Algorithm::Rsa { .. } => Algorithm::Rsa { hash: None },
        other => other.clone(),
    };
    let (mut first, rest): (Vec<_>, Vec<_>) = Preferred::DEFAULT
        .key
        .iter()
        .filter(|algorithm| !matches!(algorithm, Algorithm::Rsa { hash: None }))
        .cloned()
        .partition(|algorithm| known.iter().any(|known| family(known) == family(algorithm)));
    first.extend(rest);
    first
}

/// What the spec gave to sign in with.
struct Credentials {
    key: Option<Arc<PrivateKey>>,
    password: Option<Secret>,
}

impl Credentials {
    async fn of(settings: &SshSettings, vault: &Vault) -> Result<Self, ConnectorError> {
        let slot = |name: &Option<String>| name.as_deref().and_then(|name| vault.slot(name));
        let (key, passphrase) = (slot(&settings.key), slot(&settings.passphrase));
        let password = slot(&settings.password);
        if key.is_none() && password.is_none() {
            return Err(ConnectorError::new(
                ErrorClass::InvalidSetting,
                "ssh/nothing-to-sign-in-with",
                "There is neither a key nor a password to sign in with.",
            ));
        }
        let key = match key {
            Some(key) => Some(Arc::new(decoded(key, passphrase).await?)),
            None => None,
        };
        Ok(Self { key, password })
    }
}

/// Deriving a key from a passphrase is meant to take long, so it is done beside.
async fn decoded(key: Secret, passphrase: Option<Secret>) -> Result<PrivateKey, ConnectorError> {
    let unread = |why: &str| ConnectorError::new(ErrorClass::InvalidSetting, "ssh/unreadable-key", why);
    let read = tokio::task::spawn_blocking(move || {
        decode_secret_key(key.expose(), passphrase.as_ref().map(Secret::expose)).map_err(|error| match error {
            russh::keys::Error::KeyIsEncrypted => match passphrase {
                None => "The key is protected by a passphrase, and none is given.",
                Some(_) => "The key can't be decrypted: the passphrase isn't its own.",
            },
            // What the parser says could quote the key.
            _ => "The key can't be read: it must be a private key as ssh-keygen writes it, whole, with its first and last line. If it is protected, see that the passphrase is right.",
        })
    })
    .await;
    match read {
        Ok(Ok(key)) => Ok(key),
        Ok(Err(why)) => Err(unread(why)),
        Err(_) => Err(unread("Reading the key failed inside.")),
    }
}

async fn sign_in(
    peer: &Peer,
    session: &mut Handle<Watch>,
    user: &str,
    credentials: &Credentials,
) -> Result<(), ConnectorError> {
    let mut tried = Vec::new();
    let mut offered = String::new();
    if let Some(key) = &credentials.key {
        let hash = match key.algorithm() {
            Algorithm::Rsa { .. } => {
                let best = session.best_supported_rsa_hash().await;
                best.map_err(|error| failure(peer, &error))?
                    .unwrap_or(Some(HashAlg::Sha256))
            }
            _ => None,
        };
        let with = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
        let answer = session.authenticate_publickey(user, with).await;
        match answer.map_err(|error| failure(peer, &error))? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => offered = format!("{remaining_methods:?}"),
        }
        tried.push(format!("the key {}", key.public_key().fingerprint(HashAlg::Sha256)));
    }
    if let Some(password) = &credentials.password {
        let answer = session.authenticate_password(user, password.expose()).await;
        match answer.map_err(|error| failure(peer, &error))? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => offered = format!("{remaining_methods:?}"),
        }
        if asked(peer, session, user, password).await? {
            return Ok(());
        }
        tried.push("the password".to_owned());
    }
    tracing::debug!(%peer, offered, "the server accepts nothing of what it was shown");
    Err(ConnectorError::new(
        ErrorClass::Unauthenticated,
        "ssh/not-accepted",
        format!("{peer} doesn't accept {} of the user {user:?}.", tried.join(" nor ")),
    ))
}

/// Servers that ask for the password in a conversation (PAM) get it as the one answer that isn't shown.
async fn asked(
    peer: &Peer,
    session: &mut Handle<Watch>,
    user: &str,
    password: &Secret,
) -> Result<bool, ConnectorError> {
    let mut step = session
        .authenticate_keyboard_interactive_start(user, None)
        .await
        .map_err(|error| failure(peer, &error))?;
    for _ in 0..ROUNDS {
        let answers = match step {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.as_slice() {
                [] => Vec::new(),
                [one] if !one.echo => vec![password.expose().to_owned()],
                _ => return Ok(false),
            },
        };
        step = session
            .authenticate_keyboard_interactive_respond(answers)
            .await
            .map_err(|error| failure(peer, &error))?;
    }
    Ok(false)
}

async fn open(peer: &Peer, session: &Handle<Watch>, name: &str) -> Result<ChannelStream<Msg>, ConnectorError> {
    let mut channel = session
        .channel_open_session()
        .await
        .map_err(|error| failure(peer, &error))?;
    channel
        .request_subsystem(true, name)
        .await
        .map_err(|error| failure(peer, &error))?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return Ok(channel.into_stream()),
            Some(ChannelMsg::Failure) => {
                return Err(ConnectorError::new(
                    ErrorClass::Unsupported,
                    "ssh/no-subsystem",
                    format!("{peer} signs the user in and doesn't offer {name}."),
                ));
            }
            Some(_) => {}
            None => return Err(closed(peer, "it closed the channel")),
        }
    }
}

/// What a failure of SSH means.
fn failure(peer: &Peer, error: &russh::Error) -> ConnectorError {
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => ConnectorError::new(
            ErrorClass::Unsupported,
            "ssh/no-common-algorithm",
            format!(
                "{peer} and camroll have no {kind:?} in common that is safe to use; it offers {}.",
                theirs.join(", ")
            ),
        ),
        russh::Error::WrongServerSig | russh::Error::PacketAuth | russh::Error::StrictKeyExchangeViolation { .. } => {
            ConnectorError::new(
                ErrorClass::PermissionDenied,
                "ssh/tampered",
                format!("What {peer} sent isn't as SSH has it, as if somebody in between altered it: {error}."),
            )
        }
        russh::Error::ChannelOpenFailure(reason) => ConnectorError::new(
            ErrorClass::Transient,
            "ssh/no-channel",
            format!("{peer} doesn't open a channel: {reason:?}."),
        ),
        other => closed(peer, &other.to_string()),
    }
}
