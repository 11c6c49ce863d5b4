//! What both sides agree on before anybody signs in: [MS-SMB2] 2.2.3 and 2.2.4.

use super::header::{self, LENGTH, command, status, u16_at, u32_at};
use super::seal::{Encryption, Signing};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dialect {
    Smb21,
    Smb30,
    Smb302,
    Smb311,
}

impl Dialect {
    const ALL: [Self; 4] = [Self::Smb21, Self::Smb30, Self::Smb302, Self::Smb311];

    fn number(self) -> u16 {
        match self {
            Self::Smb21 => 0x0210,
            Self::Smb30 => 0x0300,
            Self::Smb302 => 0x0302,
            Self::Smb311 => 0x0311,
        }
    }

    fn of(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.number() == number)
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Smb21 => "2.1",
            Self::Smb30 => "3.0",
            Self::Smb302 => "3.0.2",
            Self::Smb311 => "3.1.1",
        })
    }
}

/// Signatures are demanded of every message.
pub(super) const SIGNING_REQUIRED: u8 = 2;
/// Large messages, and encryption.
const CAPABILITIES: u32 = 0x04 | ENCRYPTION;
const ENCRYPTION: u32 = 0x40;

/// What more is agreed on by 3.1.1.
mod context {
    pub const PREAUTH: u16 = 1;
    pub const ENCRYPTION: u16 = 2;
    pub const SIGNING: u16 = 8;
}
const SHA_512: u16 = 1;

/// What is told of this side: the server tells it back under signature, for versions that don't hash what was said.
pub(super) struct Offer {
    pub id: [u8; 16],
    pub salt: [u8; 32],
}

impl Offer {
    /// The first message.
    pub(super) fn message(&self) -> Vec<u8> {
        let mut message = header::request(command::NEGOTIATE, 0, 1, 0, 0);
        message.extend(36_u16.to_le_bytes());
        message.extend((Dialect::ALL.len() as u16).to_le_bytes());
        message.extend(u16::from(SIGNING_REQUIRED).to_le_bytes());
        message.extend([0; 2]);
        message.extend(CAPABILITIES.to_le_bytes());
        message.extend(self.id);
        let contexts = self.contexts();
        let at = (LENGTH + 36 + 2 * Dialect::ALL.len()).next_multiple_of(8);
        message.extend((at as u32).to_le_bytes());
        message.extend((contexts.len() as u16).to_le_bytes());
        message.extend([0; 2]);
        message.extend(Self::dialects());
        for (kind, data) in contexts {
            message.resize(message.len().next_multiple_of(8), 0);
            message.extend(kind.to_le_bytes());
            message.extend((data.len() as u16).to_le_bytes());
            message.extend([0; 4]);
            message.extend(data);
        }
        message
    }

    /// What the server must have heard of it.
    pub(super) fn told(&self) -> Vec<u8> {
        let mut told = CAPABILITIES.to_le_bytes().to_vec();
        told.extend(self.id);
        told.extend(u16::from(SIGNING_REQUIRED).to_le_bytes());
        told.extend((Dialect::ALL.len() as u16).to_le_bytes());
        told.extend(Self::dialects());
        told
    }

    fn dialects() -> Vec<u8> {
        Dialect::ALL
            .iter()
            .flat_map(|dialect| dialect.number().to_le_bytes())
            .collect()
    }

    fn contexts(&self) -> Vec<(u16, Vec<u8>)> {
        let words = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let mut preauth = words(&[1, self.salt.len() as u16, SHA_512]);
        preauth.extend(self.salt);
        let list = |numbers: Vec<u16>| words(&[vec![numbers.len() as u16], numbers].concat());
        let ciphers = Encryption::ALL.iter().map(|cipher| cipher.number()).collect();
        let signings = Signing::OFFERED.iter().map(|signing| signing.number()).collect();
        vec![
            (context::PREAUTH, preauth),
            (context::ENCRYPTION, list(ciphers)),
            (context::SIGNING, list(signings)),
        ]
    }
}

/// What the server agreed to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Agreed {
    pub dialect: Dialect,
    pub signing: Signing,
    /// None: it can't.
    pub encryption: Option<Encryption>,
    /// What it would tell again under signature: what it can, who it is, how it signs, the version.
    pub told: [u8; 24],
}

/// Why there is no agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disagreed {
    /// The answer isn't one.
    Malformed,
    /// The server says no.
    Refused(u32),
    /// It chose what wasn't offered.
    NotOffered(u16),
}

impl Agreed {
    /// Reads the server's answer.
    pub(super) fn read(message: &[u8]) -> Result<Self, Disagreed> {
        let header = header::Header::read(message).ok_or(Disagreed::Malformed)?;
        if header.command != command::NEGOTIATE || !header.is_response() {
            return Err(Disagreed::Malformed);
        }
        if header.status != status::OK {
            return Err(Disagreed::Refused(header.status));
        }
        let number = u16_at(message, LENGTH + 4).ok_or(Disagreed::Malformed)?;
        let dialect = Dialect::of(number).ok_or(Disagreed::NotOffered(number))?;
        Self::of(message, dialect).ok_or(Disagreed::Malformed)
    }

    fn of(message: &[u8], dialect: Dialect) -> Option<Self> {
        let capabilities = u32_at(message, LENGTH + 24)?;
        let mut told = [0; 24];
        let parts = [
            message.get(LENGTH + 24..LENGTH + 28)?,
            message.get(LENGTH + 8..LENGTH + 24)?,
            message.get(LENGTH + 2..LENGTH + 6)?,
        ];
        for (place, byte) in told.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        let (signing, encryption) = match dialect {
            Dialect::Smb21 => (Signing::HmacSha256, None),
            Dialect::Smb30 | Dialect::Smb302 => {
                let encrypts = capabilities & ENCRYPTION != 0;
                (Signing::AesCmac, encrypts.then_some(Encryption::Aes128Ccm))
            }
            Dialect::Smb311 => by_contexts(message)?,
        };
        Some(Self {
            dialect,
            signing,
            encryption,
            told,
        })
    }
}

/// What 3.1.1 agrees on besides; none where it isn't as the protocol has it.
fn by_contexts(message: &[u8]) -> Option<(Signing, Option<Encryption>)> {
    let count = u16_at(message, LENGTH + 6)?;
    let mut at = u32_at(message, LENGTH + 60)? as usize;
    let mut hashed = false;
    let (mut signing, mut encryption) = (Signing::AesCmac, None);
    for _ in 0..count {
        let (kind, length) = (u16_at(message, at)?, u16_at(message, at.checked_add(2)?)? as usize);
        let data = message.get(at.checked_add(8)?..at.checked_add(8 + length)?)?;
        match kind {
            context::PREAUTH => hashed = u16_at(data, 0)? == 1 && u16_at(data, 4)? == SHA_512,
            // A zero says that there is none in common.
            context::ENCRYPTION => {
                encryption = match (u16_at(data, 0)?, u16_at(data, 2)?) {
                    (1, 0) => None,
                    (1, number) => Some(Encryption::of(number)?),
                    _ => return None,
                }
            }
            context::SIGNING => {
                (u16_at(data, 0)? == 1).then_some(())?;
                signing = Signing::offered(u16_at(data, 2)?)?;
            }
            _ => {}
        }
        at = at.checked_add(8 + length)?.checked_next_multiple_of(8)?;
    }
    hashed.then_some((signing, encryption))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(dialect: u16, capabilities: u32, contexts: &[(u16, &[u16])]) -> Vec<u8> {
        let mut message = header::request(command::NEGOTIATE, 0, 1, 0, 0);
        message[16] = 1;
        message.extend(65_u16.to_le_bytes());
        message.extend(3_u16.to_le_bytes());
        message.extend(dialect.to_le_bytes());
        message.extend((contexts.len() as u16).to_le_bytes());
        message.extend([9; 16]);
        message.extend(capabilities.to_le_bytes());
        message.extend([0; 28]);
        message.extend([0; 4]);
        message.extend(128_u32.to_le_bytes());
        for (kind, words) in contexts {
            message.resize(message.len().next_multiple_of(8), 0);
            message.extend(kind.to_le_bytes());
            message.extend((words.len() as u16 * 2).to_le_bytes());
            message.extend([0; 4]);
            message.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        message
    }

    type Contexts = &'static [(u16, &'static [u16])];

    const HASHED: (u16, &[u16]) = (context::PREAUTH, &[1, 0, SHA_512]);

    #[test]
    fn each_version_has_its_signature_and_its_cipher() {
        let all: [(u16, u32, Contexts, Signing, Option<Encryption>); 6] = [
            (0x0210, 0x7f, &[], Signing::HmacSha256, None),
            (0x0300, 0x44, &[], Signing::AesCmac, Some(Encryption::Aes128Ccm)),
            (0x0302, 0x04, &[], Signing::AesCmac, None),
            (0x0311, 0, &[HASHED], Signing::AesCmac, None),
            (
                0x0311,
                0,
                &[HASHED, (2, &[1, 2]), (8, &[1, 2]), (99, &[])],
                Signing::AesGmac,
                Some(Encryption::Aes128Gcm),
            ),
            (0x0311, 0, &[HASHED, (2, &[1, 0])], Signing::AesCmac, None),
        ];
        for (number, capabilities, contexts, signing, encryption) in all {
            let agreed = Agreed::read(&answer(number, capabilities, contexts)).expect("agreed");
            assert_eq!((agreed.signing, agreed.encryption), (signing, encryption));
            assert_eq!(agreed.told[4..20], [9; 16]);
        }
    }

    #[test]
    fn what_was_not_offered_is_not_agreed_on() {
        for number in [0x0202, 0x02ff, 0x0100, 0x0312] {
            let refused = Agreed::read(&answer(number, 0, &[])).unwrap_err();
            assert_eq!(refused, Disagreed::NotOffered(number));
        }
        let wrong: [Contexts; 6] = [
            &[],
            &[(context::PREAUTH, &[1, 0, 7])],
            &[HASHED, (2, &[1, 9])],
            &[HASHED, (2, &[2, 1, 2])],
            &[HASHED, (8, &[1, 0])],
            &[HASHED, (8, &[])],
        ];
        for contexts in wrong {
            assert_eq!(
                Agreed::read(&answer(0x0311, 0, contexts)),
                Err(Disagreed::Malformed),
                "{contexts:?}"
            );
        }
        let whole = answer(0x0311, 0, &[HASHED]);
        for length in 0..whole.len() {
            assert!(Agreed::read(&whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_is_offered_stands_where_it_is_said_to_stand() {
        let offer = Offer {
            id: [1; 16],
            salt: [2; 32],
        };
        let message = offer.message();
        let at = u32_at(&message, LENGTH + 28).unwrap() as usize;
        assert_eq!((at % 8, u16_at(&message, at)), (0, Some(context::PREAUTH)));
        assert_eq!(u16_at(&message, LENGTH + 36), Some(0x0210));
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(body: Vec<u8>, at in 0..300_u32) {
            let mut message = answer(0x0311, 0, &[HASHED]);
            message.extend(body);
            message[LENGTH + 60..LENGTH + 64].copy_from_slice(&at.to_le_bytes());
            let _ = Agreed::read(&message);
        }
    }
}
