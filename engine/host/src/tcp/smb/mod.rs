//! SMB as far as a connector needs it: a version is agreed on, the person is signed in by NTLMv2, and every message is signed or encrypted with keys that only this side and the server have.
//!
//! The host has what needs the password and the keys: sign-in, session id, signatures, encryption. The connector has everything else, message ids and credits among it.
//! It never signs in as a guest, never speaks SMB 1 or NTLMv1, and never hands on what the server didn't sign.

#[cfg(test)]
mod against_samba;
mod channel;
mod failures;
mod header;
mod keys;
mod negotiate;
mod ntlm;
mod seal;
mod spnego;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use camroll_model::{ConnectorError, ErrorClass, Secret};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

pub(super) use channel::Channel;
use header::{Header, LENGTH, command, status, u16_at, u32_at};
use keys::{Preauth, Purpose, derive};
use negotiate::{Agreed, Dialect, Offer, SIGNING_REQUIRED};
use ntlm::{Chance, Who};
use seal::{FRAME, HEAD, Seal};

use crate::tcp::grants::{Encrypting, SmbSettings};
use crate::tcp::{Peer, closed};
use crate::vault::Vault;

/// From the first byte to the signed-in session.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What a server says while it signs somebody in is short.
const LONGEST: usize = 64 << 10;
/// Credits that are asked for: so many requests may be under way.
const CREDITS: u16 = 256;
/// Seconds from 1601 to 1970.
const EPOCHS: u64 = 11_644_473_600;

/// The server took the user for a guest, or for nobody.
const GUEST: u16 = 1;
const NOBODY: u16 = 2;

/// Asks whether what was agreed on is what the server heard.
const VALIDATE_NEGOTIATE_INFO: u32 = 0x0014_0204;
/// Servers of before 3.0 don't know the question, and say so under signature.
const NOT_KNOWN: [u32; 4] = [
    // FILE_CLOSED, which Windows 7 and early Sambas say,
    0xC000_0128,
    // INVALID_DEVICE_REQUEST,
    0xC000_0010,
    // NOT_SUPPORTED,
    0xC000_00BB,
    // FS_DRIVER_REQUIRED.
    0xC000_019C,
];

/// A session on a connection, with somebody signed in.
pub(super) async fn session<S>(
    peer: &Peer,
    wire: S,
    settings: &SmbSettings,
    vault: &Vault,
) -> Result<Channel<S>, ConnectorError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let password = vault
        .slot(&settings.password)
        .filter(|password| !password.expose().is_empty());
    let Some(password) = password.filter(|_| !settings.user.is_empty()) else {
        return Err(ConnectorError::new(
            ErrorClass::InvalidSetting,
            "smb/nothing-to-sign-in-with",
            "There is no user or no password to sign in with, and camroll doesn't sign in as a guest.",
        ));
    };
    let signing_in = Talk::new(peer, wire).sign_in(settings, &password);
    match tokio::time::timeout(TIMEOUT, signing_in).await {
        Ok(signed_in) => signed_in,
        Err(_) => Err(closed(
            peer,
            &format!("SMB wasn't agreed on within {} s", TIMEOUT.as_secs()),
        )),
    }
}

/// What is said before a connector has the word.
struct Talk<'a, S> {
    peer: &'a Peer,
    wire: S,
    preauth: Preauth,
    /// The next message's id, and how many may be sent.
    next: u64,
    credits: u16,
}

/// Which part of a session setup an answer was.
struct Setup {
    /// The answer itself, its frame's length before it.
    frame: BytesMut,
    header: Header,
    /// What all was said before the answer.
    before: Preauth,
}

impl Setup {
    fn message(&self) -> &[u8] {
        self.frame.get(FRAME..).unwrap_or_default()
    }

    fn flags(&self) -> Option<u16> {
        u16_at(self.message(), LENGTH + 2)
    }

    /// What is in it of SPNEGO.
    fn token(&self) -> Option<&[u8]> {
        let message = self.message();
        let (at, length) = (
            u16_at(message, LENGTH + 4)? as usize,
            u16_at(message, LENGTH + 6)? as usize,
        );
        message.get(at..at + length)
    }
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, S> {
    fn new(peer: &'a Peer, wire: S) -> Self {
        Self {
            peer,
            wire,
            preauth: Preauth::new(),
            next: 0,
            credits: 1,
        }
    }

    async fn sign_in(mut self, settings: &SmbSettings, password: &Secret) -> Result<Channel<S>, ConnectorError> {
        let peer = self.peer;
        let offer = Offer {
            id: chance()?,
            salt: chance()?,
        };
        let answer = self.ask(offer.message()).await?;
        self.preauth.take(answer.get(FRAME..).unwrap_or_default());
        let negotiated = answer.get(FRAME..).unwrap_or_default();
        let agreed = Agreed::read(negotiated).map_err(|why| failures::no_agreement(peer, why))?;
        if agreed.encryption.is_none() && settings.encrypting == Encrypting::Always {
            return Err(failures::no_encryption(peer, agreed.dialect));
        }
        let (mut setup, key) = self.show(settings, password).await?;
        let mut seal = sealing(&agreed, &key, &setup)
            .ok_or_else(|| failures::garbled(peer, "there are no keys for what was agreed on"))?;
        // Whoever has no keys can't write this: from here on the other side is one that knows the password.
        let mut message = setup.message().to_vec();
        seal.is_signed_right(&mut message)
            .map_err(|why| failures::untrusted(peer, why))?;
        if agreed.dialect < Dialect::Smb311 {
            self.confirm(&mut seal, &offer, &agreed).await?;
        }
        tracing::debug!(%peer, dialect = %agreed.dialect, signing = ?agreed.signing, encryption = ?agreed.encryption, "signed in by SMB");
        let last = setup.frame.split_off(FRAME);
        Ok(Channel::new(
            peer.clone(),
            self.wire,
            seal,
            first_words(&answer, last, self.next - 1, self.credits),
        ))
    }

    /// Shows the password without saying it.
    async fn show(
        &mut self,
        settings: &SmbSettings,
        password: &Secret,
    ) -> Result<(Setup, Zeroizing<[u8; 16]>), ConnectorError> {
        let peer = self.peer;
        let refused = |said: u32| failures::not_signed_in(peer, &settings.user, said);
        let hello = ntlm::negotiate();
        let asked = self.setup(&spnego::offer(&hello), 0).await?;
        if asked.header.status != status::MORE_PROCESSING_REQUIRED {
            return Err(match asked.header.status {
                status::OK => failures::guest(peer, &settings.user),
                said => refused(said),
            });
        }
        let challenge = asked.token().and_then(spnego::token);
        let challenge = challenge.ok_or_else(|| failures::garbled(peer, "its challenge"))?;
        let who = Who {
            user: &settings.user,
            domain: settings.domain.as_deref().unwrap_or_default(),
            password: password.expose(),
        };
        let secret = Chance {
            challenge: chance()?,
            key: Zeroizing::new(chance()?),
            now: now(),
        };
        let answer =
            ntlm::authenticate(&hello, challenge, &who, &secret).map_err(|why| failures::unanswerable(peer, why))?;
        let shown = spnego::answer(&answer.message, &answer.sign(&spnego::kinds()));
        let ended = self.setup(&shown, asked.header.session_id).await?;
        if ended.header.status != status::OK {
            return Err(refused(ended.header.status));
        }
        let flags = ended
            .flags()
            .ok_or_else(|| failures::garbled(peer, "its answer to the password"))?;
        match flags & (GUEST | NOBODY) {
            0 => Ok((ended, answer.key)),
            _ => Err(failures::guest(peer, &settings.user)),
        }
    }

    async fn setup(&mut self, token: &[u8], session: u64) -> Result<Setup, ConnectorError> {
        let mut message = header::request(command::SESSION_SETUP, self.next, CREDITS, 0, session);
        message.extend(25_u16.to_le_bytes());
        message.extend([0, SIGNING_REQUIRED]);
        message.extend([0; 8]);
        message.extend(((LENGTH + 24) as u16).to_le_bytes());
        let length =
            u16::try_from(token.len()).map_err(|_| failures::garbled(self.peer, "its challenge is too long"))?;
        message.extend(length.to_le_bytes());
        message.extend([0; 8]);
        message.extend(token);
        let frame = self.ask(message).await?;
        let before = self.preauth.clone();
        let message = frame.get(FRAME..).unwrap_or_default();
        self.preauth.take(message);
        let header = self.answer(message, command::SESSION_SETUP)?;
        Ok(Setup { frame, header, before })
    }

    /// Sees that what was agreed on is what the server heard: 3.1.1 has it in its keys, older versions are asked under signature.
    async fn confirm(&mut self, seal: &mut Seal, offer: &Offer, agreed: &Agreed) -> Result<(), ConnectorError> {
        let path = ntlm::utf16(&format!("\\\\{}\\IPC$", self.peer.host));
        let mut connect = vec![9, 0, 0, 0];
        connect.extend(((LENGTH + 8) as u16).to_le_bytes());
        connect.extend((path.len() as u16).to_le_bytes());
        connect.extend(path);
        let answer = self.ask_sealed(seal, command::TREE_CONNECT, 0, &connect).await?;
        let header = self.answer(&answer, command::TREE_CONNECT)?;
        if header.status != status::OK {
            return Err(failures::not_confirmed(self.peer, header.status));
        }
        let tree = header.tree_id;
        let told = offer.told();
        let mut ask = vec![57, 0, 0, 0];
        ask.extend(VALIDATE_NEGOTIATE_INFO.to_le_bytes());
        ask.extend([0xff; 16]);
        for number in [LENGTH + 56, told.len(), 0, 0, 0, agreed.told.len(), 1, 0] {
            ask.extend((number as u32).to_le_bytes());
        }
        ask.extend(told);
        let answer = self.ask_sealed(seal, command::IOCTL, tree, &ask).await?;
        let said = self.answer(&answer, command::IOCTL)?.status;
        match said {
            status::OK => {
                let place = u32_at(&answer, LENGTH + 32).zip(u32_at(&answer, LENGTH + 36));
                let again =
                    place.and_then(|(at, length)| answer.get(at as usize..(at as usize).checked_add(length as usize)?));
                if again != Some(&agreed.told) {
                    return Err(failures::tampered(
                        self.peer,
                        "the server agreed on something else than what arrived here",
                    ));
                }
            }
            said if agreed.dialect == Dialect::Smb21 && NOT_KNOWN.contains(&said) => {}
            said => return Err(failures::not_confirmed(self.peer, said)),
        }
        let answer = self
            .ask_sealed(seal, command::TREE_DISCONNECT, tree, &[4, 0, 0, 0])
            .await?;
        self.answer(&answer, command::TREE_DISCONNECT).map(drop)
    }

    /// Asks within the session; the answer's message.
    async fn ask_sealed(
        &mut self,
        seal: &mut Seal,
        command: u16,
        tree: u32,
        body: &[u8],
    ) -> Result<BytesMut, ConnectorError> {
        let mut frame = vec![0; HEAD];
        frame.extend(header::request(command, self.next, CREDITS, tree, 0));
        frame.extend(body);
        let at = seal
            .seal(&mut frame)
            .map_err(|why| failures::not_sealed(self.peer, why))?;
        self.send(frame.get(at..).unwrap_or_default()).await?;
        loop {
            let frame = self.receive().await?;
            let opened = seal.open(frame).map_err(|why| failures::untrusted(self.peer, why))?;
            let Some(mut opened) = opened else { continue };
            let message = opened.split_off(FRAME);
            if Header::read(&message).is_none_or(|header| header.status != status::PENDING) {
                return Ok(message);
            }
        }
    }

    /// Asks before there is a session; the answer, its length before it.
    async fn ask(&mut self, message: Vec<u8>) -> Result<BytesMut, ConnectorError> {
        self.preauth.take(&message);
        let length = (message.len() as u32).to_be_bytes();
        self.send(&[length.as_slice(), &message].concat()).await?;
        let frame = self.receive().await?;
        let header = frame.get(FRAME..).and_then(Header::read);
        let header = header.ok_or_else(|| failures::garbled(self.peer, "an answer isn't one of SMB 2"))?;
        if header.command == command::NEGOTIATE {
            self.credits = header.credits;
        }
        Ok(frame)
    }

    async fn send(&mut self, frame: &[u8]) -> Result<(), ConnectorError> {
        self.next += 1;
        self.credits = self.credits.saturating_sub(1);
        let sent = self.wire.write_all(frame).await;
        sent.map_err(|error| closed(self.peer, &error.to_string()))
    }

    async fn receive(&mut self) -> Result<BytesMut, ConnectorError> {
        let cut = |error: std::io::Error| closed(self.peer, &error.to_string());
        let mut length = [0; FRAME];
        self.wire.read_exact(&mut length).await.map_err(cut)?;
        let count = u32::from_be_bytes(length) as usize;
        if count > LONGEST {
            return Err(failures::garbled(self.peer, "an answer is too long"));
        }
        let mut frame = BytesMut::zeroed(FRAME + count);
        let (head, message) = frame.split_at_mut(FRAME);
        head.copy_from_slice(&length);
        self.wire.read_exact(message).await.map_err(cut)?;
        Ok(frame)
    }

    /// An answer to what was asked last, and to nothing else.
    fn answer(&mut self, message: &[u8], command: u16) -> Result<Header, ConnectorError> {
        let header = Header::read(message).filter(|header| {
            let last = self.next.checked_sub(1);
            header.is_response() && header.command == command && Some(header.message_id) == last
        });
        let header = header.ok_or_else(|| failures::garbled(self.peer, "an answer to something else"))?;
        self.credits = self.credits.saturating_add(header.credits);
        Ok(header)
    }
}

/// The session's keys; none if there are none for what was agreed on.
fn sealing(agreed: &Agreed, key: &[u8; 16], setup: &Setup) -> Option<Seal> {
    let (session, dialect) = (setup.header.session_id, agreed.dialect);
    if dialect == Dialect::Smb21 {
        return Seal::signing(session, agreed.signing, key);
    }
    let signing = derive::<16>(key, dialect, &setup.before, Purpose::Signing);
    let seal = Seal::signing(session, agreed.signing, &*signing)?;
    let Some(encryption) = agreed.encryption else {
        return Some(seal);
    };
    let both = |purpose: Purpose| -> Zeroizing<Vec<u8>> {
        match encryption.key_length() {
            32 => Zeroizing::new(derive::<32>(key, dialect, &setup.before, purpose).to_vec()),
            _ => Zeroizing::new(derive::<16>(key, dialect, &setup.before, purpose).to_vec()),
        }
    };
    seal.encrypting(encryption, &both(Purpose::There), &both(Purpose::Back))
}

/// What a connector reads first: the server's answers to NEGOTIATE and to the last SESSION_SETUP. What the second has of the sign-in isn't in it; its message id is the last one that was
/// used, and its credits are all that there are.
fn first_words(negotiated: &[u8], mut last: BytesMut, used: u64, credits: u16) -> Bytes {
    const SETUP: usize = 8;
    header::put_reached(&mut last, used, credits);
    last.truncate(LENGTH + SETUP);
    if let Some(place) = last.get_mut(LENGTH + 4..) {
        place.fill(0);
    }
    let length = (last.len() as u32).to_be_bytes();
    [negotiated, &length, &last].concat().into()
}

fn chance<const N: usize>() -> Result<[u8; N], ConnectorError> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(ConnectorError::new(
            ErrorClass::Unexpected,
            "host/random",
            format!("The system gives no random bytes: {error}."),
        )),
    }
}

/// In 100 ns since 1601.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() + EPOCHS) * 10_000_000 + u64::from(since.subsec_nanos()) / 100
}
