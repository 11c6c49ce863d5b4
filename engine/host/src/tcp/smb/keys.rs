//! The keys of a session: [MS-SMB2] 3.1.4.2 and 3.2.5.3.

use ring::hmac;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

use super::negotiate::Dialect;

/// A running hash over all that was said before there was a key: whoever alters a word of it gets other keys than the other side.
#[derive(Clone)]
pub(super) struct Preauth([u8; 64]);

impl Preauth {
    pub(super) fn new() -> Self {
        Self([0; 64])
    }

    /// Takes a message in.
    pub(super) fn take(&mut self, message: &[u8]) {
        let hash = Sha512::new().chain_update(self.0).chain_update(message).finalize();
        self.0 = hash.into();
    }
}

/// What a key is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Signing,
    /// From the client to the server.
    There,
    /// From the server to the client.
    Back,
}

/// Derives a key of 16 or 32 bytes from the session's.
pub(super) fn derive<const N: usize>(
    session: &[u8; 16],
    dialect: Dialect,
    preauth: &Preauth,
    purpose: Purpose,
) -> Zeroizing<[u8; N]> {
    let (label, context): (&[u8], &[u8]) = match (dialect, purpose) {
        (Dialect::Smb311, Purpose::Signing) => (b"SMBSigningKey\0", &preauth.0),
        (Dialect::Smb311, Purpose::There) => (b"SMBC2SCipherKey\0", &preauth.0),
        (Dialect::Smb311, Purpose::Back) => (b"SMBS2CCipherKey\0", &preauth.0),
        (_, Purpose::Signing) => (b"SMB2AESCMAC\0", b"SmbSign\0"),
        (_, Purpose::There) => (b"SMB2AESCCM\0", b"ServerIn \0"),
        (_, Purpose::Back) => (b"SMB2AESCCM\0", b"ServerOut\0"),
    };
    counter(session, label, context)
}

/// SP 800-108 in counter mode with HMAC-SHA256; one round, since nothing longer than its 32 bytes is asked for.
fn counter<const N: usize>(key: &[u8], label: &[u8], context: &[u8]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 32) };
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    mac.update(&1_u32.to_be_bytes());
    mac.update(label);
    mac.update(&[0]);
    mac.update(context);
    mac.update(&(N as u32 * 8).to_be_bytes());
    let mut derived = Zeroizing::new([0; N]);
    for (place, byte) in derived.iter_mut().zip(mac.sign().as_ref()) {
        *place = *byte;
    }
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> [u8; 16] {
        let key = hex::decode("7CD451825D0450D235424E44BA6E78CC").expect("hex");
        key.try_into().expect("16 bytes")
    }

    /// From a trace of SMB 3.0 that Microsoft's developers published ("SMB 2 and SMB 3 security in Windows 10: the anatomy of signing and cryptographic keys").
    #[test]
    fn the_keys_of_a_published_trace() {
        let none = Preauth::new();
        let signing = derive::<16>(&session(), Dialect::Smb30, &none, Purpose::Signing);
        assert_eq!(
            hex::encode_upper(signing.as_slice()),
            "0B7E9C5CAC36C0F6EA9AB275298CEDCE"
        );
    }

    #[test]
    fn each_purpose_and_each_word_before_has_keys_of_its_own() {
        let mut other = Preauth::new();
        other.take(b"a word");
        let mut all = Vec::new();
        for preauth in [Preauth::new(), other] {
            for purpose in [Purpose::Signing, Purpose::There, Purpose::Back] {
                all.push(derive::<16>(&session(), Dialect::Smb311, &preauth, purpose).to_vec());
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
