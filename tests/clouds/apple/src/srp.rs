//! The server's side of SRP-6a, with the group and hashes of the client's (RFC 5054, 2048 bits, SHA-256).

use num_bigint::BigUint;
use sha2::{Digest as _, Sha256};

const N: &str = "AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773BCA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB694B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73";
const LENGTH: usize = 256;

/// What is kept of a sign-in between init and complete.
pub(crate) struct Handshake {
    pub account: String,
    pub salt: [u8; 16],
    pub iterations: u32,
    a: BigUint,
    b_secret: BigUint,
    verifier: BigUint,
    pub b: [u8; LENGTH],
}

fn n() -> BigUint {
    BigUint::parse_bytes(N.as_bytes(), 16).unwrap_or_default()
}

fn pad(number: &BigUint) -> [u8; LENGTH] {
    let bytes = number.to_bytes_be();
    let mut padded = [0; LENGTH];
    padded[LENGTH - bytes.len()..].copy_from_slice(&bytes);
    padded
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The digest inside x: of the key that the password becomes.
fn inner(password: &str, salt: &[u8; 16], iterations: u32) -> [u8; 32] {
    let key = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(&hash(&[password.as_bytes()]), salt, iterations);
    hash(&[b":", &key])
}

impl Handshake {
    /// Begins one: `a` is the client's public value, `random` gives new random bytes at each call.
    ///
    /// Python's library (`srp`, in icloudpd) carries the salt, A, B and S as numbers, and where it has no OpenSSL the digest inside x too: it hashes them
    /// without their leading zero bytes. rclone hashes them whole. They disagree about one sign-in in 50, and a run must not depend on such luck: of what the
    /// server chooses nothing begins with a zero byte here, and for A both ways are taken.
    pub(crate) fn begin(account: &str, password: &str, a: &[u8], mut random: impl FnMut() -> [u8; 32]) -> Option<Self> {
        let (n, g, iterations) = (n(), BigUint::from(2u8), 1000);
        let a = BigUint::from_bytes_be(a);
        if &a % &n == BigUint::default() || a >= n {
            return None;
        }
        let (salt, inner) = loop {
            let mut salt = [0; 16];
            salt.copy_from_slice(&random()[..16]);
            let inner = inner(password, &salt, iterations);
            if salt[0] != 0 && inner[0] != 0 {
                break (salt, inner);
            }
        };
        let verifier = g.modpow(&BigUint::from_bytes_be(&hash(&[&salt, &inner])), &n);
        let k = BigUint::from_bytes_be(&hash(&[&n.to_bytes_be(), &pad(&g)]));
        loop {
            let b_secret = BigUint::from_bytes_be(&random());
            let b = pad(&((&k * &verifier + g.modpow(&b_secret, &n)) % &n));
            let handshake = Self {
                account: account.to_owned(),
                salt,
                iterations,
                a: a.clone(),
                b_secret,
                verifier: verifier.clone(),
                b,
            };
            if b[0] != 0 && handshake.shared()[0] != 0 {
                return Some(handshake);
            }
        }
    }

    /// S, padded.
    fn shared(&self) -> [u8; LENGTH] {
        let n = n();
        let u = BigUint::from_bytes_be(&hash(&[&pad(&self.a), &self.b]));
        pad(&(&self.a * self.verifier.modpow(&u, &n) % &n).modpow(&self.b_secret, &n))
    }

    /// Whether the client's proofs are those of somebody who knows the password.
    pub(crate) fn accepts(&self, m1: &[u8], m2: &[u8]) -> bool {
        let (n, g) = (n(), BigUint::from(2u8));
        let session = hash(&[&self.shared()]);
        let (hn, hg) = (hash(&[&n.to_bytes_be()]), hash(&[&pad(&g)]));
        let mixed: Vec<u8> = hn.iter().zip(&hg).map(|(left, right)| left ^ right).collect();
        let account = hash(&[self.account.as_bytes()]);
        [pad(&self.a).to_vec(), self.a.to_bytes_be()].iter().any(|a| {
            let expected = hash(&[&mixed, &account, &self.salt, a, &self.b, &session]);
            m1 == expected && m2 == hash(&[a, &expected, &session])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse battery staple";

    fn salted(begin: u32) -> [u8; 16] {
        let mut salt = [7; 16];
        salt[..4].copy_from_slice(&begin.to_be_bytes());
        salt
    }

    fn random(salt: [u8; 16]) -> [u8; 32] {
        let mut bytes = [9; 32];
        bytes[..16].copy_from_slice(&salt);
        bytes
    }

    /// Each first value is one that Python's library and rclone hash differently.
    #[test]
    fn nothing_that_it_chooses_begins_with_a_zero_byte() {
        let zero_inside = (1 << 24..)
            .map(salted)
            .find(|salt| inner(PASSWORD, salt, 1000)[0] == 0)
            .expect("one in 256");
        let a = BigUint::from(2u8).modpow(&BigUint::from(12_345u32), &n()).to_bytes_be();
        for refused in [salted(5), zero_inside] {
            let mut given = 0u8;
            let handshake = Handshake::begin("demo@example.com", PASSWORD, &a, || {
                given += 1;
                if given == 1 { random(refused) } else { [given; 32] }
            })
            .expect("a sane A");
            assert_ne!(handshake.salt, refused);
            assert_ne!(handshake.salt[0], 0);
            assert_ne!(inner(PASSWORD, &handshake.salt, 1000)[0], 0);
            assert_ne!(handshake.b[0], 0);
            assert_ne!(handshake.shared()[0], 0);
        }
    }
}
