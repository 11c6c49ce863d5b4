//! HTTP Digest (RFC 7616) with `qop=auth`: SHA-256 where the service offers it, else MD5.

use md5::Md5;
use reqwest::header::HeaderMap;
use sha2::{Digest as _, Sha256};

/// How the service wants its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    fn named(name: Option<&str>) -> Option<Self> {
        match name.map(str::to_ascii_uppercase).as_deref() {
            None | Some("MD5") => Some(Self::Md5),
            Some("SHA-256") => Some(Self::Sha256),
            Some(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text.as_bytes())),
            Self::Sha256 => hex::encode(Sha256::digest(text.as_bytes())),
        }
    }
}

/// What an origin asked for, and how often it was answered.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    algorithm: Algorithm,
    realm: String,
    pub nonce: String,
    opaque: Option<String>,
    /// The answer before this one was right, and too old.
    pub stale: bool,
    answered: u32,
}

/// Whom and what an answer is for.
pub(super) struct Asked<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub method: &'a str,
    /// Path and query, as they are sent.
    pub uri: &'a str,
    /// Never the same twice.
    pub cnonce: &'a str,
}

impl Challenge {
    /// The strongest challenge of an answer that can be met.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(reqwest::header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenges)
            .filter_map(|(scheme, fields)| scheme.eq_ignore_ascii_case("digest").then(|| Self::read(&fields))?)
            .max_by_key(|challenge| challenge.algorithm)
    }

    fn read(fields: &[(String, String)]) -> Option<Self> {
        let field = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.as_str())
        };
        let has_auth = field("qop")?.split(',').any(|qop| qop.trim() == "auth");
        has_auth.then_some(())?;
        Some(Self {
            algorithm: Algorithm::named(field("algorithm"))?,
            realm: field("realm")?.to_owned(),
            nonce: field("nonce")?.to_owned(),
            opaque: field("opaque").map(str::to_owned),
            stale: field("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            answered: 0,
        })
    }

    /// The value of Authorization. Each is counted: a service takes none twice.
    pub(super) fn answer(&mut self, asked: &Asked<'_>) -> String {
        self.answered += 1;
        let count = format!("{:08x}", self.answered);
        let Asked {
            user,
            password,
            method,
            uri,
            cnonce,
        } = asked;
        let hash = |text: &str| self.algorithm.hex(text);
        let who = zeroize::Zeroizing::new(format!("{user}:{}:{password}", self.realm));
        let who = zeroize::Zeroizing::new(hash(&who));
        let what = hash(&format!("{method}:{uri}"));
        let nonce = &self.nonce;
        let response = hash(&format!("{}:{nonce}:{count}:{cnonce}:auth:{what}", who.as_str()));
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, algorithm={}, qop=auth, nc={count}, cnonce={}, response=\"{response}\"",
            quoted(user),
            quoted(&self.realm),
            quoted(nonce),
            quoted(uri),
            self.algorithm.name(),
            quoted(cnonce)
        );
        if let Some(opaque) = &self.opaque {
            value.push_str(", opaque=");
            value.push_str(&quoted(opaque));
        }
        value
    }
}

pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A scheme and what stands behind it.
type Fields = (String, Vec<(String, String)>);

/// The challenges of one header, which may hold several: a name that no "=" follows begins the next one.
fn challenges(header: &str) -> Vec<Fields> {
    let mut found: Vec<Fields> = Vec::new();
    let mut rest = header.trim_start();
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        let (next, is_named) = match (value, found.last_mut()) {
            (Some(value), Some((_, fields))) => {
                let (value, after) = field_value(value);
                fields.push((name.to_owned(), value));
                (after, true)
            }
            _ => {
                if !name.is_empty() {
                    found.push((name.to_owned(), Vec::new()));
                }
                (after, !name.is_empty())
            }
        };
        let next = next.trim_start_matches([' ', '\t', ',']);
        if next.len() == rest.len() && !is_named {
            // Not a challenge.
            break;
        }
        rest = next;
    }
    found
}

/// A value, quoted or not, and what comes behind it.
fn field_value(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        return (value.to_owned(), after);
    };
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, inner.get(index + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616, 3.9.1: the service offers both, and this is what a client says to each.
    #[test]
    fn the_examples_of_the_standard() {
        let fields = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let asked = Asked {
            user: "Mufasa",
            password: "Circle of Life",
            method: "GET",
            uri: "/dir/index.html",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        };
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let mut headers = HeaderMap::new();
            let value = format!("Digest {fields}, algorithm={algorithm}");
            headers.append("www-authenticate", value.parse().unwrap());
            let mut challenge = Challenge::of(&headers).unwrap();
            let answer = challenge.answer(&asked);
            assert!(answer.contains(&format!("response=\"{response}\"")), "{answer}");
            assert!(answer.contains("nc=00000001"));
            let again = challenge.answer(&asked);
            assert!(again.contains("nc=00000002") && !again.contains(response), "{again}");
        }
    }

    #[test]
    fn the_strongest_of_several_is_met() {
        let mut headers = HeaderMap::new();
        for value in [
            "Basic realm=\"a, b\", Digest realm=\"r\\\"1\", nonce=n1, qop=auth, Digest realm=\"r2\", nonce=\"n2\", qop=\"auth\", algorithm=SHA-256, stale=TRUE",
            "Digest realm=\"r3\", nonce=\"n3\", qop=\"auth\", algorithm=SHA-512-256",
        ] {
            headers.append("www-authenticate", value.parse().unwrap());
        }
        let challenge = Challenge::of(&headers).unwrap();
        assert_eq!((challenge.nonce.as_str(), challenge.stale), ("n2", true));
        let first = &challenges(headers["www-authenticate"].to_str().unwrap())[1];
        assert_eq!(first.1[0], ("realm".to_owned(), "r\"1".to_owned()));
    }

    #[test]
    fn what_cant_be_met_isnt_answered() {
        for value in [
            "",
            ",,=",
            "Basic realm=x",
            "Digest realm=\"x",
            "Digest realm=x, nonce=y",
            "Digest realm=x, nonce=y, qop=auth-int",
            "=\"",
            "Digest a=\"\\",
        ] {
            let mut headers = HeaderMap::new();
            headers.append("www-authenticate", value.parse().unwrap());
            assert!(Challenge::of(&headers).is_none(), "{value}");
        }
    }
}
