//! Texts for people and logs without any secret that a connection knows, in whatever form one may have got there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::vault::Vault;

/// What stands in a secret's place.
const HIDDEN: &str = "(secret)";
/// Forms shorter than this stand in many a word; hiding them would hide all else.
const SHORTEST: usize = 4;
/// What is looked through of a text that is cut, for each character that stays.
const WINDOW: usize = 4;

/// RFC 3986's unreserved characters stay.
const COMPONENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// What JavaScript's encodeURIComponent leaves as well.
const SCRIPT: AsciiSet = COMPONENT
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

/// A text without any secret that the connection knows.
pub(crate) fn redact(vault: &Vault, text: &str) -> String {
    Forms::of(vault).hide(text)
}

/// The same with at most so many characters. It is cut last: the half of a secret before a cut wouldn't be known for one.
pub(crate) fn redact_to(vault: &Vault, text: &str, limit: usize) -> String {
    let forms = Forms::of(vault);
    let window = limit.saturating_mul(WINDOW).saturating_add(forms.longest());
    let hidden = match text.char_indices().nth(window) {
        None => forms.hide(text),
        Some((end, _)) => {
            let mut hidden = forms.hide(text.get(..end).unwrap_or_default());
            // The window's own end may have cut a secret.
            let whole = hidden.chars().count().saturating_sub(forms.longest());
            if let Some((end, _)) = hidden.char_indices().nth(whole) {
                hidden.truncate(end);
            }
            hidden
        }
    };
    hidden.chars().take(limit).collect()
}

/// How secrets may be written.
#[derive(Default)]
struct Forms {
    /// As they stand.
    whole: Vec<Zeroizing<String>>,
    /// In the midst of base64: what surrounds them there goes as well.
    base64: Vec<Zeroizing<String>>,
}

impl Forms {
    fn of(vault: &Vault) -> Self {
        let mut forms = Self::default();
        for secret in vault.secrets() {
            forms.take(secret.expose());
        }
        for list in [&mut forms.whole, &mut forms.base64] {
            list.retain(|form| form.len() >= SHORTEST);
            // A secret that holds another one goes whole.
            list.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
            list.dedup();
        }
        forms
    }

    fn take(&mut self, secret: &str) {
        let json = serde_json::Value::from(secret).to_string();
        let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        let hex = hex::encode(secret);
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let component = utf8_percent_encode(secret, &COMPONENT).to_string();
        let script = utf8_percent_encode(secret, &SCRIPT).to_string();
        let all = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        for encoded in [form, component, script, all] {
            self.whole.push(Zeroizing::new(with_small_escapes(&encoded)));
            self.whole.push(Zeroizing::new(encoded));
        }
        for written in [
            secret.to_owned(),
            json.to_owned(),
            json.replace('/', "\\/"),
            hex.to_uppercase(),
            hex,
        ] {
            self.whole.push(Zeroizing::new(written));
        }
        for core in base64_cores(secret.as_bytes()) {
            self.base64
                .push(Zeroizing::new(core.replace('+', "-").replace('/', "_")));
            self.base64.push(Zeroizing::new(core.replace('/', "\\/")));
            let encoded = utf8_percent_encode(&core, &COMPONENT).to_string();
            self.base64.push(Zeroizing::new(with_small_escapes(&encoded)));
            self.base64.push(Zeroizing::new(encoded));
            self.base64.push(core);
        }
    }

    fn longest(&self) -> usize {
        let lengths = self.whole.iter().chain(&self.base64).map(|form| form.len());
        lengths.max().unwrap_or(0)
    }

    fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.whole {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), HIDDEN);
            }
        }
        for form in &self.base64 {
            let mut from = 0;
            while let Some(found) = text.get(from..).and_then(|rest| rest.find(form.as_str())) {
                let (start, end) = (from + found, from + found + form.len());
                let before = text.get(..start).unwrap_or_default().trim_end_matches(is_base64).len();
                let rest = text.get(end..).unwrap_or_default();
                let after = end + rest.len() - rest.trim_start_matches(is_base64).len();
                text.replace_range(before..after, HIDDEN);
                from = before + HIDDEN.len();
            }
        }
        text
    }
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

/// What every base64 has in it that encodes something with these bytes in it, such as "user:password": a core for each of the three ways to fall on its borders.
fn base64_cores(bytes: &[u8]) -> impl Iterator<Item = Zeroizing<String>> {
    (0..3).filter_map(move |before: usize| {
        let mut shifted = Zeroizing::new(vec![0; before]);
        shifted.extend_from_slice(bytes);
        let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&shifted));
        // Characters whose six bits are all of these bytes.
        let (first, end) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        encoded.get(first..end).map(|core| Zeroizing::new(core.to_owned()))
    })
}

/// %2F as %2f.
fn with_small_escapes(encoded: &str) -> String {
    let mut since = usize::MAX;
    encoded
        .chars()
        .map(|c| {
            since = if c == '%' { 0 } else { since.saturating_add(1) };
            if (1..=2).contains(&since) {
                c.to_ascii_lowercase()
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
    use camroll_model::Secret;

    use super::*;
    use crate::vault::KeptCookie;
    use crate::vault::in_memory::InMemory;

    const SECRET: &str = "pä?>\"ss/wörd\\~+ 7f3a>>>???";

    fn vault() -> Vault {
        let given = BTreeMap::from([("password".to_owned(), Secret::new(SECRET.to_owned()))]);
        let vault = Vault::open(Arc::new(InMemory::default()), given).unwrap();
        let cookie = KeptCookie {
            name: "session".to_owned(),
            value: "cookie-9e2d".to_owned(),
            domain: "example.com".to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: true,
            expires: None,
        };
        vault.take_cookies(vec![cookie], 0);
        vault
    }

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let vault = vault();
        let form: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        for written in [
            SECRET.to_owned(),
            serde_json::to_string(SECRET).unwrap(),
            serde_json::to_string(SECRET).unwrap().replace('/', "\\/"),
            with_small_escapes(&form),
            form,
            utf8_percent_encode(SECRET, &COMPONENT).to_string(),
            utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string(),
            hex::encode(SECRET),
            hex::encode_upper(SECRET),
            "session=cookie-9e2d".to_owned(),
        ] {
            let hidden = redact(&vault, &format!("it failed with {written} at the end"));
            assert!(
                hidden.contains(HIDDEN) && !hidden.contains(&written),
                "{written}: {hidden}"
            );
            assert!(
                hidden.starts_with("it failed with ") && hidden.ends_with(" at the end"),
                "{hidden}"
            );
        }
        for user in ["", "u:", "us:", "use:", "user:", "someone@example.com:"] {
            let pair = format!("{user}{SECRET}");
            for written in [
                STANDARD.encode(&pair),
                URL_SAFE.encode(&pair),
                URL_SAFE_NO_PAD.encode(&pair),
                STANDARD.encode(format!("{pair}\n")),
                utf8_percent_encode(&STANDARD.encode(&pair), &COMPONENT).to_string(),
            ] {
                let hidden = redact(&vault, &format!("Basic {written} was refused"));
                assert!(
                    hidden.starts_with("Basic ") && hidden.ends_with(" was refused"),
                    "{written}: {hidden}"
                );
                assert!(hidden.contains(HIDDEN) && hidden.len() < 40, "{written}: {hidden}");
            }
        }
        assert_eq!(redact(&vault, "nothing in it"), "nothing in it");
    }

    #[test]
    fn a_secret_at_the_cut_is_hidden_whole() {
        let vault = vault();
        for before in 0..120 {
            let text = format!("{}{SECRET}{}", "x".repeat(before), "y".repeat(1000));
            let cut = redact_to(&vault, &text, 60);
            assert!(cut.chars().count() <= 60);
            assert!(!cut.contains("pä"), "{before}: {cut}");
        }
        // Many of them shrink: what the window's end cuts must not come forward.
        let cut = redact_to(&vault, &SECRET.repeat(1000), 60);
        assert!(!cut.contains("pä") && cut.starts_with(HIDDEN), "{cut}");
    }
}
