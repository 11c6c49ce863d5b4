//! NTLMv2, the answer to a challenge that shows a password without saying it: [MS-NLMP]. Neither NTLMv1 nor nobody's sign-in is spoken.

use hmac::{Hmac, Mac as _};
use md4::{Digest as _, Md4};
use md5::Md5;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};
use zeroize::Zeroizing;

use super::header::{u16_at, u32_at};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

const UNICODE: u32 = 0x0000_0001;
const REQUEST_TARGET: u32 = 0x0000_0004;
const SIGN: u32 = 0x0000_0010;
const SEAL: u32 = 0x0000_0020;
const NTLM: u32 = 0x0000_0200;
const ALWAYS_SIGN: u32 = 0x0000_8000;
const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
const TARGET_INFO: u32 = 0x0080_0000;
const KEYS_OF_128_BITS: u32 = 0x2000_0000;
const KEY_EXCHANGE: u32 = 0x4000_0000;

const OFFERED: u32 = UNICODE
    | REQUEST_TARGET
    | SIGN
    | SEAL
    | NTLM
    | ALWAYS_SIGN
    | EXTENDED_SESSION_SECURITY
    | TARGET_INFO
    | KEYS_OF_128_BITS
    | KEY_EXCHANGE;
/// Without these it isn't NTLMv2.
const NEEDED: u32 = UNICODE | EXTENDED_SESSION_SECURITY | KEYS_OF_128_BITS;

/// What a server tells of itself: some hundred bytes.
const TARGET_INFO_LIMIT: usize = 16 << 10;
/// Where the values stand behind the fields, the version and the code.
const PAYLOAD: usize = 88;
const CODE: usize = 72;

/// Pairs of what a server tells of itself.
mod pair {
    pub const END: u16 = 0;
    pub const FLAGS: u16 = 6;
    pub const TIME: u16 = 7;
}
/// The answer has a code over all three messages.
const HAS_CODE: u32 = 2;

type Key = Zeroizing<[u8; 16]>;

/// Who signs in.
pub(super) struct Who<'a> {
    pub user: &'a str,
    pub domain: &'a str,
    pub password: &'a str,
}

/// What must not be guessed, and the time for a server that tells none: 100 ns since 1601.
pub(super) struct Chance {
    pub challenge: [u8; 8],
    pub key: Key,
    pub now: u64,
}

/// The answer, and the key that both sides have by it.
pub(super) struct Answer {
    pub message: Vec<u8>,
    pub key: Key,
    /// Whether the key was exchanged, which makes signatures other ones.
    exchanged: bool,
}

impl Answer {
    /// NTLM's signature of the first thing that is signed with the key: [MS-NLMP] 3.4.4.2.
    pub(super) fn sign(&self, said: &[u8]) -> Vec<u8> {
        let number = [0; 4];
        let signing = self.purpose(b"session key to client-to-server signing key magic constant\0");
        let whole = code(&*signing, &[&number, said]);
        let mut short = whole.get(..8).unwrap_or_default().to_vec();
        if self.exchanged {
            let sealing = self.purpose(b"session key to client-to-server sealing key magic constant\0");
            let sealing: &[u8; 16] = &sealing;
            Rc4::<rc4::consts::U16>::new(sealing.into()).apply_keystream(&mut short);
        }
        [1_u32.to_le_bytes().as_slice(), &short, &number].concat()
    }

    fn purpose(&self, constant: &[u8]) -> Key {
        Zeroizing::new(
            Md5::new()
                .chain_update(self.key.as_slice())
                .chain_update(constant)
                .finalize()
                .into(),
        )
    }
}

/// Why a challenge can't be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It isn't a challenge.
    Malformed,
    /// It asks for less than NTLMv2.
    Weak,
}

/// The first message.
pub(super) fn negotiate() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend(1_u32.to_le_bytes());
    message.extend(OFFERED.to_le_bytes());
    // Neither domain nor workstation is told here.
    message.extend([0; 16]);
    message
}

/// The third message, to the server's challenge.
pub(super) fn authenticate(
    negotiate: &[u8],
    challenge: &[u8],
    who: &Who<'_>,
    chance: &Chance,
) -> Result<Answer, Refused> {
    let told = Challenge::read(challenge).ok_or(Refused::Malformed)?;
    if told.flags & NEEDED != NEEDED {
        return Err(Refused::Weak);
    }
    let pairs = pairs(told.target).ok_or(Refused::Malformed)?;
    let time = pairs.iter().find(|(kind, _)| *kind == pair::TIME);
    let time = time.and_then(|(_, value)| <[u8; 8]>::try_from(*value).ok());
    let temp = temp(
        time.unwrap_or(chance.now.to_le_bytes()),
        chance.challenge,
        &with_code(&pairs),
    );
    let hash = password_hash(who);
    let proof = code(&*hash, &[&told.challenge, &temp]);
    let base = code(&*hash, &[&*proof]);
    let flags = told.flags & OFFERED;
    let exchanged = flags & KEY_EXCHANGE != 0;
    let (key, sealed) = match exchanged {
        true => (chance.key.clone(), under(&base, &chance.key)),
        false => (base, Vec::new()),
    };
    let response = [proof.as_slice(), &temp].concat();
    let mut message = message(flags, who, &response, &sealed).ok_or(Refused::Malformed)?;
    let whole = code(&*key, &[negotiate, challenge, &message]);
    if let Some(place) = message.get_mut(CODE..PAYLOAD) {
        place.copy_from_slice(&*whole);
    }
    Ok(Answer {
        message,
        key,
        exchanged,
    })
}

struct Challenge<'a> {
    flags: u32,
    challenge: [u8; 8],
    target: &'a [u8],
}

impl<'a> Challenge<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let is_one = message.get(..8)? == SIGNATURE && u32_at(message, 8)? == 2;
        is_one.then_some(())?;
        let (length, at) = (u16_at(message, 40)? as usize, u32_at(message, 44)? as usize);
        (length <= TARGET_INFO_LIMIT).then_some(())?;
        Some(Self {
            flags: u32_at(message, 20)?,
            challenge: message.get(24..32)?.try_into().ok()?,
            target: message.get(at..at.checked_add(length)?)?,
        })
    }
}

/// What a server tells of itself; the end isn't one of them.
fn pairs(mut told: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut all = Vec::new();
    while !told.is_empty() {
        let (kind, length) = (u16_at(told, 0)?, u16_at(told, 2)? as usize);
        if kind == pair::END {
            break;
        }
        all.push((kind, told.get(4..4 + length)?));
        told = told.get(4 + length..)?;
    }
    Some(all)
}

/// The same told back, and that a code follows.
fn with_code(pairs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut flags = HAS_CODE;
    let mut told = Vec::new();
    let mut put = |kind: u16, value: &[u8]| {
        told.extend(kind.to_le_bytes());
        // No longer than what it was read from.
        told.extend((value.len() as u16).to_le_bytes());
        told.extend(value);
    };
    for (kind, value) in pairs {
        match *kind {
            pair::FLAGS => flags |= u32_at(value, 0).unwrap_or(0),
            kind => put(kind, value),
        }
    }
    put(pair::FLAGS, &flags.to_le_bytes());
    put(pair::END, &[]);
    told
}

fn temp(time: [u8; 8], challenge: [u8; 8], target: &[u8]) -> Vec<u8> {
    let mut temp = vec![1, 1, 0, 0, 0, 0, 0, 0];
    temp.extend(time);
    temp.extend(challenge);
    temp.extend([0; 4]);
    temp.extend(target);
    temp.extend([0; 4]);
    temp
}

/// NTOWFv2.
fn password_hash(who: &Who<'_>) -> Key {
    let password = Zeroizing::new(utf16(who.password));
    let first = Zeroizing::new(<[u8; 16]>::from(Md4::digest(&*password)));
    code(&*first, &[&utf16(&upper(who.user)), &utf16(who.domain)])
}

/// Letter by letter, as Windows does it: what has no single capital stays.
fn upper(user: &str) -> String {
    user.chars()
        .map(|letter| {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        })
        .collect()
}

/// Text as SMB has it.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    // With room, so that no copies of a password are left behind.
    let mut bytes = Vec::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        bytes.extend(unit.to_le_bytes());
    }
    bytes
}

/// HMAC-MD5.
fn code(key: &[u8], parts: &[&[u8]]) -> Key {
    // Keys of any length are fine.
    let Ok(mut mac) = <Hmac<Md5> as hmac::Mac>::new_from_slice(key) else {
        return Key::default();
    };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// RC4.
fn under(key: &Key, secret: &Key) -> Vec<u8> {
    let mut sealed = secret.to_vec();
    let key: &[u8; 16] = key;
    Rc4::<rc4::consts::U16>::new(key.into()).apply_keystream(&mut sealed);
    sealed
}

/// The message without its code; none if a value is too long.
fn message(flags: u32, who: &Who<'_>, response: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let (user, domain) = (utf16(who.user), utf16(who.domain));
    // The old response is told as nothing: LMv2 adds nothing to NTLMv2.
    let values: [&[u8]; 6] = [&[0; 24], response, &domain, &user, &[], key];
    let mut message = SIGNATURE.to_vec();
    message.extend(3_u32.to_le_bytes());
    let mut at = PAYLOAD;
    for value in values {
        let length = u16::try_from(value.len()).ok()?;
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(u32::try_from(at).ok()?.to_le_bytes());
        at += value.len();
    }
    message.extend(flags.to_le_bytes());
    message.resize(PAYLOAD, 0);
    message.extend(values.concat());
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Who<'_> = Who {
        user: "User",
        domain: "Domain",
        password: "Password",
    };

    /// [MS-NLMP] 4.2.4.
    #[test]
    fn it_computes_what_the_specification_computes() {
        let hash = password_hash(&WHO);
        assert_eq!(hex::encode(hash.as_slice()), "0c868a403bfd7a93a3001ef22ef02e3f");
        let target =
            hex::decode("02000c0044006f006d00610069006e0001000c00530065007200760065007200 00000000".replace(' ', ""))
                .expect("hex");
        let temp = temp([0; 8], [0xaa; 8], &target);
        let challenge = hex::decode("0123456789abcdef").expect("hex");
        let proof = code(&*hash, &[&challenge, &temp]);
        assert_eq!(hex::encode(proof.as_slice()), "68cd0ab851e51c96aabc927bebef6a1c");
        let base = code(&*hash, &[&*proof]);
        assert_eq!(hex::encode(base.as_slice()), "8de40ccadbc14a82f15cb0ad0de95ca3");
        let sealed = under(&base, &Zeroizing::new([0x55; 16]));
        assert_eq!(hex::encode(sealed), "c5dad2544fc9799094ce1ce90bc9d03e");
    }

    /// [MS-NLMP] 4.2.4.4, whose signature is of other words: the signing key is the one that stands there.
    #[test]
    fn the_keys_of_its_signatures_are_those_of_the_specification() {
        let answer = Answer {
            message: Vec::new(),
            key: Zeroizing::new([0x55; 16]),
            exchanged: true,
        };
        let signing = answer.purpose(b"session key to client-to-server signing key magic constant\0");
        assert_eq!(hex::encode(signing.as_slice()), "4788dc861b4782f35d43fd98fe1a2d39");
        let sealing = answer.purpose(b"session key to client-to-server sealing key magic constant\0");
        assert_eq!(hex::encode(sealing.as_slice()), "59f600973cc4960a25480a7c196e4c58");
        let signed = answer.sign(&utf16("Plaintext"));
        assert_eq!((signed.len(), signed[..4].to_vec()), (16, vec![1, 0, 0, 0]));
    }

    fn challenge(flags: u32, target: &[u8]) -> Vec<u8> {
        let mut message = SIGNATURE.to_vec();
        message.extend(2_u32.to_le_bytes());
        message.extend([0; 8]);
        message.extend(flags.to_le_bytes());
        message.extend([7; 8]);
        message.extend([0; 8]);
        message.extend((target.len() as u16).to_le_bytes());
        message.extend((target.len() as u16).to_le_bytes());
        message.extend(48_u32.to_le_bytes());
        message.extend(target);
        message
    }

    fn answered(challenge: &[u8]) -> Result<Answer, Refused> {
        let chance = Chance {
            challenge: [1; 8],
            key: Zeroizing::new([2; 16]),
            now: 3,
        };
        authenticate(&negotiate(), challenge, &WHO, &chance)
    }

    #[test]
    fn less_than_ntlmv2_is_not_answered() {
        let fine = answered(&challenge(OFFERED, &[0; 4])).expect("answered");
        assert_eq!(*fine.key, [2; 16]);
        let base = answered(&challenge(OFFERED & !KEY_EXCHANGE, &[0; 4])).expect("answered");
        assert_ne!(*base.key, [2; 16]);
        for missing in [UNICODE, EXTENDED_SESSION_SECURITY, KEYS_OF_128_BITS] {
            let refused = answered(&challenge(OFFERED & !missing, &[0; 4]));
            assert_eq!(refused.err(), Some(Refused::Weak));
        }
    }

    #[test]
    fn what_is_no_challenge_is_refused_and_never_more() {
        let whole = challenge(OFFERED, b"\x02\x00\x04\x00D\0O\0\x07\x00\x08\x0012345678\0\0\0\0");
        assert!(answered(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(answered(&whole[..length]).is_err(), "{length}");
        }
        assert!(answered(&challenge(OFFERED, b"\x02\x00\xff\x00D\0")).is_err());
    }

    #[test]
    fn capitals_are_those_of_windows() {
        assert_eq!(upper("jürgen.straße"), "JÜRGEN.STRAßE");
    }

    proptest::proptest! {
        #[test]
        fn any_challenge_is_answered_or_refused(target: Vec<u8>, flags: u32, cut in 0..200_usize) {
            let whole = challenge(flags | NEEDED, &target);
            let _ = answered(&whole);
            let _ = answered(whole.get(..cut).unwrap_or(&whole));
        }
    }
}
