//! Signatures and encryption of a session's messages: [MS-SMB2] 3.1.4.1, 3.1.4.3, 3.1.5.1 and 3.2.5.1.

use aes::{Aes128, Aes256};
use bytes::{Buf as _, BytesMut};
use ccm::aead::AeadInPlace as _;
use ccm::consts::{U11, U16};
use ccm::{Ccm, KeyInit as _};
use cmac::{Cmac, Mac as _};
use ring::{aead, hmac};
use subtle::ConstantTimeEq as _;

use super::header::{self, Header, Marked, command, status, u16_at, u32_at, u64_at};

/// The head of an encrypted frame.
const TRANSFORM: usize = 52;
const TRANSFORM_MAGIC: [u8; 4] = *b"\xfdSMB";
/// The length of a frame, before it.
pub(super) const FRAME: usize = 4;
/// What a frame needs before its messages.
pub(super) const HEAD: usize = FRAME + TRANSFORM;

/// How messages are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    HmacSha256,
    AesCmac,
    AesGmac,
}

impl Signing {
    /// By 3.1.1, the fastest first.
    pub(super) const OFFERED: [Self; 2] = [Self::AesGmac, Self::AesCmac];

    pub(super) fn number(self) -> u16 {
        match self {
            Self::HmacSha256 => 0,
            Self::AesCmac => 1,
            Self::AesGmac => 2,
        }
    }

    pub(super) fn offered(number: u16) -> Option<Self> {
        Self::OFFERED.into_iter().find(|signing| signing.number() == number)
    }
}

/// How messages are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
}

impl Encryption {
    /// Those that processors compute first.
    pub(super) const ALL: [Self; 4] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::Aes128Ccm, Self::Aes256Ccm];

    pub(super) fn number(self) -> u16 {
        match self {
            Self::Aes128Ccm => 1,
            Self::Aes128Gcm => 2,
            Self::Aes256Ccm => 3,
            Self::Aes256Gcm => 4,
        }
    }

    pub(super) fn of(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.number() == number)
    }

    /// Bytes of its key.
    pub(super) fn key_length(self) -> usize {
        match self {
            Self::Aes128Ccm | Self::Aes128Gcm => 16,
            Self::Aes256Ccm | Self::Aes256Gcm => 32,
        }
    }
}

/// Why a frame isn't sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// It isn't a chain of messages.
    Malformed,
    /// It has a message that is the host's to send.
    NotGranted,
    /// The key was used as often as it may be.
    Exhausted,
}

/// Why a frame isn't handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untrusted {
    /// It isn't a frame of SMB.
    Malformed,
    /// It should be encrypted and isn't.
    NotEncrypted,
    /// It should be signed and isn't.
    NotSigned,
    /// Its signature is another one.
    WrongSignature,
    /// The server knows the session no more.
    Ended,
}

/// What is done with a message that comes or goes.
pub(super) struct Seal {
    session: u64,
    signer: Signer,
    ciphers: Option<Ciphers>,
}

struct Ciphers {
    there: Cipher,
    back: Cipher,
    /// Frames that were encrypted: none has another one's number.
    count: u64,
}

enum Signer {
    Hmac(hmac::Key),
    Cmac(Box<Cmac<Aes128>>),
    Gmac(Box<aead::LessSafeKey>),
}

enum Cipher {
    Gcm(Box<aead::LessSafeKey>),
    Ccm128(Box<Ccm<Aes128, U16, U11>>),
    Ccm256(Box<Ccm<Aes256, U16, U11>>),
}

impl Seal {
    /// A session that signs with this key; none if the key has another length.
    pub(super) fn signing(session: u64, signing: Signing, key: &[u8]) -> Option<Self> {
        let signer = match signing {
            Signing::HmacSha256 => Signer::Hmac(hmac::Key::new(hmac::HMAC_SHA256, key)),
            Signing::AesCmac => Signer::Cmac(Box::new(<Cmac<Aes128> as cmac::Mac>::new_from_slice(key).ok()?)),
            Signing::AesGmac => Signer::Gmac(gcm(&aead::AES_128_GCM, key)?),
        };
        Some(Self {
            session,
            signer,
            ciphers: None,
        })
    }

    /// Encrypts instead of signing, with a key for each way; none if they have another length.
    pub(super) fn encrypting(mut self, encryption: Encryption, there: &[u8], back: &[u8]) -> Option<Self> {
        self.ciphers = Some(Ciphers {
            there: Cipher::new(encryption, there)?,
            back: Cipher::new(encryption, back)?,
            count: 0,
        });
        Some(self)
    }

    /// Whether messages are encrypted.
    #[cfg(test)]
    pub(super) fn encrypts(&self) -> bool {
        self.ciphers.is_some()
    }

    /// Makes a frame of messages, which stand behind `HEAD` bytes of room; from which byte on it is to be sent.
    pub(super) fn seal(&mut self, frame: &mut [u8]) -> Result<usize, Unsent> {
        let messages = frame.get_mut(HEAD..).ok_or(Unsent::Malformed)?;
        let parts = header::chain(messages).ok_or(Unsent::Malformed)?;
        let marked = match &self.ciphers {
            Some(_) => Marked::Unsigned,
            None => Marked::Signed,
        };
        for (from, to) in parts {
            let message = messages.get_mut(from..to).ok_or(Unsent::Malformed)?;
            let header = Header::read(message).ok_or(Unsent::Malformed)?;
            if matches!(header.command, command::NEGOTIATE | command::SESSION_SETUP) {
                return Err(Unsent::NotGranted);
            }
            header::put_session(message, self.session);
            header::mark(message, marked);
            if marked == Marked::Signed {
                let signature = self.signer.signature(message, Side::Client);
                header::put_signature(message, &signature);
            }
        }
        if self.ciphers.is_none() {
            put_length(frame, TRANSFORM);
            return Ok(TRANSFORM);
        }
        self.encrypt(frame)?;
        put_length(frame, 0);
        Ok(0)
    }

    fn encrypt(&mut self, frame: &mut [u8]) -> Result<(), Unsent> {
        let (Some(ciphers), Some((head, messages))) = (&mut self.ciphers, frame.split_at_mut_checked(HEAD)) else {
            return Err(Unsent::Malformed);
        };
        let mut nonce = [0; 16];
        for (place, byte) in nonce.iter_mut().zip(ciphers.count.to_le_bytes()) {
            *place = byte;
        }
        ciphers.count = ciphers.count.checked_add(1).ok_or(Unsent::Exhausted)?;
        // Magic and signature, which aren't a part of what is protected, stand before it.
        let mut protected = nonce.to_vec();
        protected.extend((messages.len() as u32).to_le_bytes());
        protected.extend([0; 2]);
        protected.extend(1_u16.to_le_bytes());
        protected.extend(self.session.to_le_bytes());
        let tag = ciphers
            .there
            .encrypt(&nonce, &protected, messages)
            .ok_or(Unsent::Exhausted)?;
        let transform = [TRANSFORM_MAGIC.as_slice(), &tag, &protected].concat();
        for (place, byte) in head.iter_mut().skip(FRAME).zip(transform) {
            *place = byte;
        }
        Ok(())
    }

    /// Opens a frame, its length before it, to one of messages that can be trusted; none if it is to be passed over.
    pub(super) fn open(&self, mut frame: BytesMut) -> Result<Option<BytesMut>, Untrusted> {
        let magic = frame.get(FRAME..FRAME + 4).ok_or(Untrusted::Malformed)?;
        match (magic == TRANSFORM_MAGIC, &self.ciphers) {
            (true, Some(ciphers)) => {
                self.decrypt(ciphers, &mut frame)?;
                frame.advance(TRANSFORM);
                put_length(&mut frame, 0);
                let messages = frame.get(FRAME..).unwrap_or_default();
                header::chain(messages).ok_or(Untrusted::Malformed)?;
                Ok(Some(frame))
            }
            (true, None) => Err(Untrusted::Malformed),
            (false, ciphers) => {
                let is_encrypting = ciphers.is_some();
                let messages = frame.get_mut(FRAME..).ok_or(Untrusted::Malformed)?;
                let trusted = self.verify(messages, is_encrypting)?;
                Ok((trusted == Trusted::Yes).then_some(frame))
            }
        }
    }

    fn decrypt(&self, ciphers: &Ciphers, frame: &mut [u8]) -> Result<(), Untrusted> {
        let (head, messages) = frame.split_at_mut_checked(HEAD).ok_or(Untrusted::Malformed)?;
        let transform = head.get(FRAME..).unwrap_or_default();
        let is_ours = u32_at(transform, 36) == u32::try_from(messages.len()).ok()
            && u16_at(transform, 42) == Some(1)
            && u64_at(transform, 44) == Some(self.session);
        let (true, Some(tag), Some(protected)) = (is_ours, transform.get(4..20), transform.get(20..)) else {
            return Err(Untrusted::Malformed);
        };
        let nonce = protected.get(..16).and_then(|nonce| nonce.try_into().ok());
        let (Some(nonce), Ok(tag)) = (nonce, tag.try_into()) else {
            return Err(Untrusted::Malformed);
        };
        let opened = ciphers.back.decrypt(nonce, protected, tag, messages);
        opened.ok_or(Untrusted::WrongSignature)
    }

    /// Sees that messages that aren't encrypted may be trusted.
    fn verify(&self, messages: &mut [u8], is_encrypting: bool) -> Result<Trusted, Untrusted> {
        let parts = header::chain(messages).ok_or(Untrusted::Malformed)?;
        let is_alone = parts.len() == 1;
        for (from, to) in parts {
            let message = messages.get_mut(from..to).ok_or(Untrusted::Malformed)?;
            let header = Header::read(message).ok_or(Untrusted::Malformed)?;
            if !header.is_response() {
                return Err(Untrusted::Malformed);
            }
            let gone = [status::USER_SESSION_DELETED, status::NETWORK_SESSION_EXPIRED];
            // Whoever could have written that could as well have cut the line.
            if gone.contains(&header.status) && (is_encrypting || !header.is_signed()) {
                return Err(Untrusted::Ended);
            }
            if is_encrypting {
                return Err(Untrusted::NotEncrypted);
            }
            if !header.is_signed() {
                // A server tells by itself, without a signature, that a lock on a file is wanted by somebody else. Nobody here has any.
                if is_alone && header.message_id == u64::MAX {
                    return Ok(Trusted::PassOver);
                }
                // "I am at it": nothing but the credits in it is believed.
                if is_alone && header.status == status::PENDING && header.is_async() {
                    return Ok(Trusted::Yes);
                }
                return Err(Untrusted::NotSigned);
            }
            self.is_signed_right(message)?;
        }
        Ok(Trusted::Yes)
    }

    /// Sees that one message has the server's signature.
    pub(super) fn is_signed_right(&self, message: &mut [u8]) -> Result<(), Untrusted> {
        let header = Header::read(message).ok_or(Untrusted::Malformed)?;
        if !header.is_signed() {
            return Err(Untrusted::NotSigned);
        }
        header::put_signature(message, &[0; 16]);
        let signature = self.signer.signature(message, Side::Server);
        match bool::from(signature.ct_eq(&header.signature)) {
            true => Ok(()),
            false => Err(Untrusted::WrongSignature),
        }
    }
}

#[derive(PartialEq, Eq)]
enum Trusted {
    Yes,
    PassOver,
}

/// Whose message it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// Writes the length of what is behind it.
fn put_length(frame: &mut [u8], at: usize) {
    let length = (frame.len().saturating_sub(at + FRAME) as u32).to_be_bytes();
    if let Some(place) = frame.get_mut(at..at + FRAME) {
        place.copy_from_slice(&length);
    }
}

impl Signer {
    /// Of a message whose place for it is empty.
    fn signature(&self, message: &[u8], side: Side) -> [u8; 16] {
        let mut signature = [0; 16];
        let mut put = |bytes: &[u8]| {
            for (place, byte) in signature.iter_mut().zip(bytes) {
                *place = *byte;
            }
        };
        match self {
            Self::Hmac(key) => put(hmac::sign(key, message).as_ref()),
            Self::Cmac(mac) => put(&Cmac::clone(mac).chain_update(message).finalize().into_bytes()),
            Self::Gmac(key) => {
                let header = Header::read(message);
                let mut nonce = [0; 12];
                let id = header.map_or(0, |header| header.message_id).to_le_bytes();
                let is_cancel = header.is_some_and(|header| header.command == command::CANCEL);
                let role = u8::from(side == Side::Server) | u8::from(is_cancel) << 1;
                for (place, byte) in nonce.iter_mut().zip([id.as_slice(), &[role]].concat()) {
                    *place = byte;
                }
                let nonce = aead::Nonce::assume_unique_for_key(nonce);
                // It fails for what is longer than any message.
                if let Ok(tag) = key.seal_in_place_separate_tag(nonce, aead::Aad::from(message), &mut []) {
                    put(tag.as_ref());
                }
            }
        }
        signature
    }
}

fn gcm(algorithm: &'static aead::Algorithm, key: &[u8]) -> Option<Box<aead::LessSafeKey>> {
    let key = aead::UnboundKey::new(algorithm, key).ok()?;
    Some(Box::new(aead::LessSafeKey::new(key)))
}

/// The twelve bytes of a nonce that GCM takes.
fn gcm_nonce(nonce: &[u8; 16]) -> Option<aead::Nonce> {
    aead::Nonce::try_assume_unique_for_key(nonce.get(..aead::NONCE_LEN)?).ok()
}

impl Cipher {
    fn new(encryption: Encryption, key: &[u8]) -> Option<Self> {
        Some(match encryption {
            Encryption::Aes128Gcm => Self::Gcm(gcm(&aead::AES_128_GCM, key)?),
            Encryption::Aes256Gcm => Self::Gcm(gcm(&aead::AES_256_GCM, key)?),
            Encryption::Aes128Ccm => Self::Ccm128(Box::new(Ccm::new_from_slice(key).ok()?)),
            Encryption::Aes256Ccm => Self::Ccm256(Box::new(Ccm::new_from_slice(key).ok()?)),
        })
    }

    fn encrypt(&self, nonce: &[u8; 16], protected: &[u8], bytes: &mut [u8]) -> Option<[u8; 16]> {
        let ccm = nonce.first_chunk::<11>()?.into();
        match self {
            Self::Gcm(key) => {
                let tag = key.seal_in_place_separate_tag(gcm_nonce(nonce)?, aead::Aad::from(protected), bytes);
                tag.ok()?.as_ref().try_into().ok()
            }
            Self::Ccm128(key) => Some(key.encrypt_in_place_detached(ccm, protected, bytes).ok()?.into()),
            Self::Ccm256(key) => Some(key.encrypt_in_place_detached(ccm, protected, bytes).ok()?.into()),
        }
    }

    fn decrypt(&self, nonce: &[u8; 16], protected: &[u8], tag: &[u8; 16], bytes: &mut [u8]) -> Option<()> {
        let ccm = nonce.first_chunk::<11>()?.into();
        match self {
            Self::Gcm(key) => {
                let tag = aead::Tag::from(*tag);
                let opened =
                    key.open_in_place_separate_tag(gcm_nonce(nonce)?, aead::Aad::from(protected), tag, bytes, 0..);
                opened.ok().map(drop)
            }
            Self::Ccm128(key) => key.decrypt_in_place_detached(ccm, protected, bytes, tag.into()).ok(),
            Self::Ccm256(key) => key.decrypt_in_place_detached(ccm, protected, bytes, tag.into()).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(command: u16, body: &[u8]) -> Vec<u8> {
        let mut message = header::request(command, 5, 1, 2, 0);
        message.extend(body);
        message
    }

    fn framed(messages: &[u8]) -> Vec<u8> {
        [[0; HEAD].as_slice(), messages].concat()
    }

    /// Both sides of a session: what one seals the other opens.
    fn sides(signing: Signing, encryption: Option<Encryption>) -> (Seal, Seal) {
        let (one, other) = ([1; 32], [2; 32]);
        let seal = |there: &[u8; 32], back: &[u8; 32]| {
            let seal = Seal::signing(77, signing, &[3; 16]).expect("16 bytes");
            match encryption {
                None => seal,
                Some(cipher) => {
                    let length = cipher.key_length();
                    seal.encrypting(cipher, &there[..length], &back[..length])
                        .expect("its length")
                }
            }
        };
        (seal(&one, &other), seal(&other, &one))
    }

    /// As the server would send it.
    fn answered(server: &mut Seal, messages: &[u8]) -> BytesMut {
        let mut frame = framed(messages);
        frame[HEAD + 16] |= 1;
        if server.encrypts() {
            server.seal(&mut frame).expect("sealed");
            return frame.as_slice().into();
        }
        let message = &mut frame[HEAD..];
        header::put_session(message, 77);
        header::mark(message, Marked::Signed);
        let signature = server.signer.signature(message, Side::Server);
        header::put_signature(message, &signature);
        put_length(&mut frame, TRANSFORM);
        frame[TRANSFORM..].into()
    }

    fn all() -> Vec<(Signing, Option<Encryption>)> {
        let signings = [Signing::HmacSha256, Signing::AesCmac, Signing::AesGmac];
        let ciphers = Encryption::ALL.map(|cipher| (Signing::AesCmac, Some(cipher)));
        signings
            .map(|signing| (signing, None))
            .into_iter()
            .chain(ciphers)
            .collect()
    }

    #[test]
    fn what_is_sealed_is_opened_and_no_byte_of_it_may_differ() {
        for (signing, encryption) in all() {
            let (client, mut server) = sides(signing, encryption);
            let said = request(command::IOCTL, b"some words that are secret");
            let frame = answered(&mut server, &said);
            let opened = client.open(frame.clone()).expect("trusted").expect("handed on");
            assert_eq!(opened[..4], (said.len() as u32).to_be_bytes());
            assert_eq!(opened[4 + 64..], said[64..]);
            let hides = !frame.windows(5).any(|bytes| bytes == b"words");
            assert_eq!(hides, encryption.is_some());
            for at in 4..frame.len() {
                let mut altered = frame.clone();
                altered[at] ^= 0x10;
                assert!(client.open(altered).is_err(), "{signing:?} {encryption:?}: {at}");
            }
            for length in 0..frame.len() {
                assert!(client.open(frame[..length].into()).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn each_message_of_a_chain_is_signed() {
        let (mut client, _) = sides(Signing::AesCmac, None);
        let mut first = request(command::IOCTL, &[0; 16]);
        first[20..24].copy_from_slice(&80_u32.to_le_bytes());
        let mut frame = framed(&[first, request(command::IOCTL, b"second")].concat());
        assert_eq!(client.seal(&mut frame), Ok(TRANSFORM));
        for (from, to) in header::chain(&frame[HEAD..]).unwrap() {
            let message = &mut frame[HEAD + from..HEAD + to];
            let header = Header::read(message).unwrap();
            assert!(header.is_signed() && header.session_id == 77);
            header::put_signature(message, &[0; 16]);
            assert_eq!(client.signer.signature(message, Side::Client), header.signature);
        }
    }

    #[test]
    fn two_frames_with_the_same_words_differ() {
        let (mut client, _) = sides(Signing::AesCmac, Some(Encryption::Aes128Gcm));
        let mut frames = [framed(&request(3, b"same")), framed(&request(3, b"same"))];
        for frame in &mut frames {
            assert_eq!(client.seal(frame), Ok(0));
        }
        assert_ne!(frames[0][HEAD..], frames[1][HEAD..]);
    }

    #[test]
    fn signing_in_is_not_the_connectors() {
        let (mut client, _) = sides(Signing::AesCmac, None);
        for command in [command::NEGOTIATE, command::SESSION_SETUP] {
            assert_eq!(
                client.seal(&mut framed(&request(command, b""))),
                Err(Unsent::NotGranted)
            );
        }
        assert_eq!(client.seal(&mut framed(b"GET / HTTP/1.1")), Err(Unsent::Malformed));
        assert_eq!(client.seal(&mut [0; 3]), Err(Unsent::Malformed));
    }

    #[test]
    fn what_may_come_without_a_signature() {
        let (client, _) = sides(Signing::AesCmac, None);
        let (encrypting, _) = sides(Signing::AesCmac, Some(Encryption::Aes128Gcm));
        let plain = |flags: u8, said: u32, id: u64| {
            let mut message = request(command::IOCTL, &[0; 16]);
            message[16] = flags;
            message[8..12].copy_from_slice(&said.to_le_bytes());
            message[24..32].copy_from_slice(&id.to_le_bytes());
            let mut frame = [[0; FRAME].as_slice(), &message].concat();
            put_length(&mut frame, 0);
            BytesMut::from(frame.as_slice())
        };
        assert!(client.open(plain(3, status::PENDING, 5)).unwrap().is_some());
        assert_eq!(client.open(plain(1, 0, u64::MAX)), Ok(None));
        for (frame, why) in [
            (plain(1, status::PENDING, 5), Untrusted::NotSigned),
            (plain(1, 0, 5), Untrusted::NotSigned),
            (plain(9, 0, 5), Untrusted::WrongSignature),
            (plain(2, status::PENDING, 5), Untrusted::Malformed),
            (plain(1, status::USER_SESSION_DELETED, 5), Untrusted::Ended),
        ] {
            assert_eq!(client.open(frame), Err(why));
        }
        for said in [status::PENDING, 0] {
            assert_eq!(encrypting.open(plain(3, said, 5)), Err(Untrusted::NotEncrypted));
        }
        assert_eq!(
            encrypting.open(plain(1, status::NETWORK_SESSION_EXPIRED, 5)),
            Err(Untrusted::Ended)
        );
    }

    proptest::proptest! {
        #[test]
        fn anything_at_all_is_refused_without_more(bytes: Vec<u8>, magic in 0..3_usize) {
            let start: &[u8] = [b"".as_slice(), b"\0\0\0\0\xfeSMB\x40\0", b"\0\0\0\0\xfdSMB"][magic];
            let frame = [start, &bytes].concat();
            for encryption in [None, Some(Encryption::Aes128Gcm), Some(Encryption::Aes256Ccm)] {
                let (mut client, _) = sides(Signing::AesGmac, encryption);
                proptest::prop_assert!(!matches!(client.open(frame.as_slice().into()), Ok(Some(_))));
                // Whatever a connector writes is sealed or refused.
                let _ = client.seal(&mut frame.clone());
                let _ = client.seal(&mut framed(&frame));
            }
        }
    }
}
