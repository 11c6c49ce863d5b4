//! SRP-6a as Apple's sign-in speaks it: RFC 5054's group of 2048 bits, SHA-256, no user name inside x.

use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// RFC 5054, appendix A, 2048 bits.
const N: &str = "AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773BCA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB694B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73";
const LENGTH: usize = 256;
/// More rounds than this are a hostile answer; 20,000 or so are usual.
const ITERATIONS: u32 = 1_000_000;

/// How the password becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Over the digest's bytes.
    S2k,
    /// Over the digest in hexadecimal.
    S2kFo,
}

impl Protocol {
    /// By Apple's name for it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "s2k" => Some(Self::S2k),
            "s2k_fo" => Some(Self::S2kFo),
            _ => None,
        }
    }
}

/// Why no proof can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrpError {
    /// The server's values aren't ones that a sane server sends.
    HostileAnswer,
    /// A value begins with a zero byte, which clients count differently: begin again with another secret.
    TryAgain,
}

/// What the server sent.
pub struct Challenge<'a> {
    pub account: &'a str,
    pub salt: &'a [u8],
    pub iterations: u32,
    pub protocol: Protocol,
    pub b: &'a [u8],
}

/// Both proofs; the server checks them.
#[derive(Debug, PartialEq, Eq)]
pub struct Proofs {
    pub m1: [u8; 32],
    pub m2: [u8; 32],
}

fn modulus() -> BigUint {
    // A constant that the tests hold against its digest.
    BigUint::parse_bytes(N.as_bytes(), 16).unwrap_or_default()
}

fn pad(number: &BigUint) -> [u8; LENGTH] {
    let bytes = number.to_bytes_be();
    let mut padded = [0; LENGTH];
    let length = bytes.len().min(LENGTH);
    padded[LENGTH - length..].copy_from_slice(&bytes[bytes.len() - length..]);
    padded
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// A = g^a, as it is sent.
pub fn public_value(a: &[u8; 32]) -> [u8; LENGTH] {
    pad(&BigUint::from(2u8).modpow(&BigUint::from_bytes_be(a), &modulus()))
}

fn key(password: &[u8], challenge: &Challenge) -> [u8; 32] {
    let digest = hash(&[password]);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let secret: &[u8] = match challenge.protocol {
        Protocol::S2k => &digest,
        Protocol::S2kFo => hex.as_bytes(),
    };
    pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(secret, challenge.salt, challenge.iterations)
}

/// The proofs for a challenge, from the secret whose public value was sent.
pub fn prove(password: &[u8], a: &[u8; 32], challenge: &Challenge) -> Result<Proofs, SrpError> {
    let n = modulus();
    let g = BigUint::from(2u8);
    let b = BigUint::from_bytes_be(challenge.b);
    let zero = BigUint::default();
    let sane = (1..=ITERATIONS).contains(&challenge.iterations)
        && (1..=64).contains(&challenge.salt.len())
        && challenge.b.len() <= LENGTH
        && &b % &n != zero;
    if !sane {
        return Err(SrpError::HostileAnswer);
    }
    let a_public = public_value(a);
    let b_padded = pad(&b);
    let u = BigUint::from_bytes_be(&hash(&[&a_public, &b_padded]));
    if u == zero {
        return Err(SrpError::HostileAnswer);
    }
    let x = BigUint::from_bytes_be(&hash(&[challenge.salt, &hash(&[b":", &key(password, challenge)])]));
    let k = BigUint::from_bytes_be(&hash(&[&n.to_bytes_be(), &pad(&g)]));
    // B - k*g^x, kept above zero.
    let base = (&b + &n * 2u8 - (k * g.modpow(&x, &n)) % &n) % &n;
    let s = pad(&base.modpow(&(BigUint::from_bytes_be(a) + u * x), &n));
    if a_public[0] == 0 || b_padded[0] == 0 || s[0] == 0 {
        return Err(SrpError::TryAgain);
    }
    let session = hash(&[&s]);
    let (hn, hg) = (hash(&[&n.to_bytes_be()]), hash(&[&pad(&g)]));
    let mut mixed = [0; 32];
    for (out, (left, right)) in mixed.iter_mut().zip(hn.iter().zip(&hg)) {
        *out = left ^ right;
    }
    let m1 = hash(&[
        &mixed,
        &hash(&[challenge.account.as_bytes()]),
        challenge.salt,
        &a_public,
        &b_padded,
        &session,
    ]);
    let m2 = hash(&[&a_public, &m1, &session]);
    Ok(Proofs { m1, m2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The server's side, to derive B from the vector's inputs.
    fn server_b(challenge: &Challenge) -> [u8; LENGTH] {
        let (n, g) = (modulus(), BigUint::from(2u8));
        let x = BigUint::from_bytes_be(&hash(&[
            challenge.salt,
            &hash(&[b":", &key(b"correct horse battery staple", challenge)]),
        ]));
        let k = BigUint::from_bytes_be(&hash(&[&n.to_bytes_be(), &pad(&g)]));
        let v = g.modpow(&x, &n);
        pad(&((k * v + g.modpow(&BigUint::from_bytes_be(&[0x22; 32]), &n)) % &n))
    }

    #[test]
    fn vectors() {
        let salt: Vec<u8> = (0..16).collect();
        let a = [0x11; 32];
        assert_eq!(
            hex(&hash(&[&public_value(&a)])),
            "6532302de45c50ade1f2fc01a87a82c52ed3ae8a0a87180ea54fe98fa18c382a"
        );
        let expected = [
            (
                Protocol::S2k,
                "8f7b6a2eaf76baa0371b51adddb10b84af3805037c5a2ff3232bf6733d686be6",
                "2b91f79009ef6eee3b4fcc1faf8aafb48358820da146baca4aa7d954afbdd56a",
                "557331a6f8a7fb50d3fe89eee99837ef5b6f811c8946a10b7513827a1d3b932e",
            ),
            (
                Protocol::S2kFo,
                "07f97cec2378de17595b4a56ecca10c199dd4105688a1edd89b99b307e3388a2",
                "2b5ad7873bc0c781fed8d11ec365b15227adf2229576e08b2fc0992dfba21857",
                "f149e139164d09fc9190ec993297d2345d6a0308ee6dd4b58d012a3f7466ab07",
            ),
        ];
        for (protocol, b_digest, m1, m2) in expected {
            let mut challenge = Challenge {
                account: "test@example.com",
                salt: &salt,
                iterations: 20064,
                protocol,
                b: &[],
            };
            let b = server_b(&challenge);
            assert_eq!(hex(&hash(&[&b])), b_digest);
            challenge.b = &b;
            let proofs = prove(b"correct horse battery staple", &a, &challenge).unwrap();
            assert_eq!((hex(&proofs.m1).as_str(), hex(&proofs.m2).as_str()), (m1, m2));
        }
    }

    #[test]
    fn hostile_answers_are_refused() {
        let challenge = |iterations, b| Challenge {
            account: "a",
            salt: &[1; 16],
            iterations,
            protocol: Protocol::S2k,
            b,
        };
        let n = modulus().to_bytes_be();
        for bad in [
            challenge(0, &[1][..]),
            challenge(2_000_000, &[1]),
            challenge(1, &[0]),
            challenge(1, &n),
            challenge(1, &[1; 300]),
        ] {
            assert_eq!(prove(b"p", &[1; 32], &bad), Err(SrpError::HostileAnswer));
        }
    }
}
