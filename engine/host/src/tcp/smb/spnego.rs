//! SPNEGO around NTLM, RFC 4178: only what goes to and fro when NTLM is the one thing that is offered.

const NTLMSSP: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
const SPNEGO: &[u8] = b"\x06\x06\x2b\x06\x01\x05\x05\x02";

mod tag {
    pub const OCTETS: u8 = 0x04;
    pub const SEQUENCE: u8 = 0x30;
    pub const APPLICATION: u8 = 0x60;
    pub const FIRST: u8 = 0xa0;
    pub const SECOND: u8 = 0xa1;
    pub const THIRD: u8 = 0xa2;
    pub const FOURTH: u8 = 0xa3;
}

/// The first token, with NTLM's.
pub(super) fn offer(token: &[u8]) -> Vec<u8> {
    let kinds = wrap(tag::FIRST, &kinds());
    let token = wrap(tag::THIRD, &wrap(tag::OCTETS, token));
    let offer = wrap(tag::FIRST, &wrap(tag::SEQUENCE, &[kinds, token].concat()));
    wrap(tag::APPLICATION, &[SPNEGO, &offer].concat())
}

/// The kinds of sign-in that were offered, which the second token has a signature of.
pub(super) fn kinds() -> Vec<u8> {
    wrap(tag::SEQUENCE, NTLMSSP)
}

/// The second token, with NTLM's.
pub(super) fn answer(token: &[u8], signature: &[u8]) -> Vec<u8> {
    let token = wrap(tag::THIRD, &wrap(tag::OCTETS, token));
    let signature = wrap(tag::FOURTH, &wrap(tag::OCTETS, signature));
    wrap(tag::SECOND, &wrap(tag::SEQUENCE, &[token, signature].concat()))
}

/// NTLM's token in what the server says.
pub(super) fn token(said: &[u8]) -> Option<&[u8]> {
    let (inside, _) = unwrap(tag::SECOND, said)?;
    let (mut fields, _) = unwrap(tag::SEQUENCE, inside)?;
    loop {
        if let Some((field, _)) = unwrap(tag::THIRD, fields) {
            return unwrap(tag::OCTETS, field).map(|(token, _)| token);
        }
        let (_, rest) = unwrap(*fields.first()?, fields)?;
        fields = rest;
    }
}

fn wrap(tag: u8, inside: &[u8]) -> Vec<u8> {
    let length = inside.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let length = length.get(first..).unwrap_or_default();
    let mut all = vec![tag];
    if inside.len() > 127 {
        all.push(0x80 | length.len() as u8);
    }
    all.extend(length);
    all.extend(inside);
    all
}

/// What is inside of the first value, if it has that tag, and what is behind it.
fn unwrap(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    (*found == tag).then_some(())?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short if short < 0x80 => (usize::from(short), rest),
        long => {
            let count = usize::from(long & 0x7f);
            (1..=3).contains(&count).then_some(())?;
            let (length, rest) = rest.split_at_checked(count)?;
            (length.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_any_length_comes_out_as_it_went_in() {
        for length in [0, 1, 100, 127, 128, 255, 256, 3000, 70_000] {
            let token_in = vec![7; length];
            assert_eq!(
                token(&answer(&token_in, &[1; 16])),
                Some(token_in.as_slice()),
                "{length}"
            );
        }
        let state = wrap(tag::FIRST, b"\x0a\x01\x01");
        let kind = wrap(tag::SECOND, NTLMSSP);
        let inside = wrap(tag::THIRD, &wrap(tag::OCTETS, b"NTLM"));
        let all = wrap(tag::SECOND, &wrap(tag::SEQUENCE, &[state, kind, inside].concat()));
        assert_eq!(token(&all), Some(b"NTLM".as_slice()));
        for length in 0..all.len() {
            assert_eq!(token(&all[..length]), None);
        }
    }

    #[test]
    fn the_offer_is_the_one_that_others_write() {
        // As smbclient sends it, with another token.
        assert_eq!(
            hex::encode(offer(b"NTLM")),
            "602406062b0601050502a01a3018a00e300c060a2b06010401823702020aa2060404 4e544c4d".replace(' ', "")
        );
    }
}
