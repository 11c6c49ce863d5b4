//! The sign-in as a conversation: password's proof, a code from a device or a text message, this client trusted. Each step can be taken up by another process.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use camroll_connector::errors::unexpected;
use camroll_connector::types::{Account, Error, Value as Attribute};
use camroll_connector::{random, secrets, token};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::failures;
use crate::session::{access_trouble, account_login, auth, exchange, now, places, remember, remembered, Page};
use crate::srp::{prove, public_value, Challenge, Protocol, SrpError};

/// Apple turns sign-ins away after about ten in a while; an unattended run tries once a day.
const DAY: i64 = 86_400;

/// What the password's proof came to.
pub enum Proven {
    /// Signed in; no code is wanted.
    Done,
    /// A code is wanted.
    SecondFactor,
}

/// How far a conversation is.
#[derive(Clone, Serialize, Deserialize)]
pub struct Step {
    /// The phone that a text message was sent to; none: devices show the code.
    phone: Option<i64>,
    /// Phones that can get one: id and the last digits.
    phones: Vec<(i64, String)>,
}

/// What is asked of the person.
pub struct Asked {
    pub text: String,
    pub choices: Vec<(String, String)>,
    pub step: Vec<u8>,
    pub attributes: Vec<(String, Attribute)>,
}

/// What a step of the conversation came to.
pub enum Said {
    Done(Account),
    Ask(Asked),
}

/// Proves the password, if that wasn't tried today already.
pub fn unattended() -> Result<Proven, Error> {
    if let Some(last) = remembered("srp-at").and_then(|text| text.parse::<i64>().ok()) {
        let left = last + DAY - now();
        if (1..=DAY).contains(&left) {
            // Which of the two it was is remembered: the answer is the same today as it was then.
            match remembered("srp-said").as_deref() {
                Some("wrong-password") => return Err(failures::wrong_password()),
                Some("second-factor") => return Err(failures::second_factor()),
                Some("throttled") => return Err(failures::throttled(None)),
                // It never came to an answer, so it didn't count at Apple's either.
                _ => {}
            }
        }
    }
    remember("srp-said", "")?;
    remember("srp-at", &now().to_string())?;
    password_proof()
}

/// A secret and its public value, which doesn't begin with a zero byte: that would only have to be begun again.
fn secret() -> Result<([u8; 32], [u8; 256]), Error> {
    loop {
        let a: [u8; 32] = random::bytes(32)
            .try_into()
            .map_err(|_| unexpected("apple/random", "The host gave too few random bytes."))?;
        let public = public_value(&a);
        if public[0] != 0 {
            return Ok((a, public));
        }
    }
}

/// SRP: init, complete.
fn password_proof() -> Result<Proven, Error> {
    let password = secrets::reveal("password")?;
    if core::str::from_utf8(&password).is_ok_and(failures::is_app_specific) {
        return Err(failures::app_specific_password());
    }
    let account = places().account;
    let mut fresh_context = false;
    for _ in 0..4 {
        let (a, public) = secret()?;
        let body = json!({"a": STANDARD.encode(public), "accountName": account, "protocols": ["s2k", "s2k_fo"]});
        let answer = exchange(auth("POST", "/signin/init", Page::SignIn)?.json(&body))?;
        match answer.status {
            200 => {}
            // The session that was remembered is stale; without it Apple begins a new one.
            401 if !fresh_context => {
                fresh_context = true;
                for key in ["scnt", "session-id", "auth-attributes"] {
                    remember(key, "")?;
                }
                continue;
            }
            429 | 503 => {
                remember("srp-said", "throttled")?;
                return Err(failures::throttled(answer.retry_after()));
            }
            _ => return Err(answer.failure("apple", "signin/init")),
        }
        let said = answer.json();
        let decoded = |key: &str| said[key].as_str().and_then(|text| STANDARD.decode(text).ok());
        let (Some(salt), Some(b), Some(protocol)) = (
            decoded("salt"),
            decoded("b"),
            said["protocol"].as_str().and_then(Protocol::from_name),
        ) else {
            return Err(unexpected("apple/signin-shape", "Apple's answer to the sign-in isn't understood; it may have changed. See whether a newer camroll is out."));
        };
        let challenge = Challenge {
            account: &account,
            salt: &salt,
            iterations: said["iteration"]
                .as_u64()
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(0),
            protocol,
            b: &b,
        };
        match prove(&password, &a, &challenge) {
            Ok(proofs) => return complete(&account, &said["c"], &proofs.m1, &proofs.m2),
            Err(SrpError::TryAgain) => {}
            Err(SrpError::HostileAnswer) => {
                return Err(unexpected(
                    "apple/signin-hostile",
                    "The sign-in service sent values that Apple wouldn't. Nothing was sent to it.",
                ));
            }
        }
    }
    Err(unexpected(
        "apple/signin-unlucky",
        "The sign-in didn't come about; run it again.",
    ))
}

fn complete(account: &str, c: &Value, m1: &[u8], m2: &[u8]) -> Result<Proven, Error> {
    let trust: Vec<String> = secrets::placeholder("trust-token").into_iter().collect();
    let body = json!({"accountName": account, "c": c, "m1": STANDARD.encode(m1), "m2": STANDARD.encode(m2), "rememberMe": true, "trustTokens": trust});
    let answer = exchange(auth("POST", "/signin/complete?isRememberMeEnabled=true", Page::SignIn)?.json(&body))?;
    let said = answer.json();
    let codes = failures::service_codes(&said);
    let has = |code: &str| codes.iter().any(|known| known == code);
    if has("-20209") {
        return Err(failures::account_locked());
    }
    match answer.status {
        200 => Ok(Proven::Done),
        409 => {
            remember("srp-said", "second-factor")?;
            Ok(Proven::SecondFactor)
        }
        412 => {
            let repaired = exchange(auth("POST", "/repair/complete", Page::SignIn)?.text("{}"))?;
            if repaired.status < 300 {
                Ok(Proven::Done)
            } else {
                Err(failures::terms())
            }
        }
        401 | 403 => {
            remember("srp-said", "wrong-password")?;
            Err(failures::wrong_password())
        }
        429 | 503 => Err(failures::throttled(answer.retry_after())),
        _ => Err(answer.failure("apple", "signin/complete")),
    }
}

/// Begins a conversation: a person is there, so the ration doesn't hold.
pub fn begin() -> Result<Said, Error> {
    remember("srp-at", &now().to_string())?;
    match password_proof()? {
        Proven::Done => finish(),
        Proven::SecondFactor => {
            let answer = exchange(auth("GET", "", Page::Home)?)?;
            let state = answer.json();
            let state = if state["phoneNumberVerification"].is_object() {
                &state["phoneNumberVerification"]
            } else {
                &state
            };
            if state["fsaChallenge"].is_object() {
                return Err(failures::security_key());
            }
            let phones = state["trustedPhoneNumbers"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|phone| {
                    Some((
                        phone["id"].as_i64()?,
                        phone["numberWithDialCode"]
                            .as_str()
                            .or(phone["obfuscatedNumber"].as_str())?
                            .to_owned(),
                    ))
                })
                .take(10)
                .collect();
            let step = Step { phone: None, phones };
            if state["noTrustedDevices"] == true {
                if let Some((id, _)) = step.phones.first().cloned() {
                    return text_message(step, id);
                }
            }
            push(&step)?;
            Ok(ask(&step, "Your Apple devices show a code: enter its six digits."))
        }
    }
}

/// Goes on with an answer.
pub fn answer(step: &[u8], answer: &str) -> Result<Said, Error> {
    let step: Step = token::read(step)?;
    let answer = answer.trim();
    if let Some(id) = answer.strip_prefix("sms:").and_then(|id| id.parse::<i64>().ok()) {
        return text_message(step, id);
    }
    if answer == "sms" {
        return match step.phones.first().cloned() {
            Some((id, _)) => text_message(step, id),
            None => Ok(ask(
                &step,
                "There is no phone that Apple could send a message to. Enter the code that your devices show.",
            )),
        };
    }
    if answer == "resend" {
        let step = Step { phone: None, ..step };
        push(&step)?;
        return Ok(ask(
            &step,
            "Apple was asked to show a new code on your devices. Older ones are no longer good.",
        ));
    }
    let code: String = answer.chars().filter(char::is_ascii_digit).collect();
    if code.len() != 6 {
        return Ok(ask(&step, "That isn't a code: it has six digits."));
    }
    match verify(&step, &code)? {
        Verdict::Accepted => {}
        Verdict::Wrong => {
            return Ok(ask(
                &step,
                "Apple says that this code is wrong. Enter the newest one; older ones are no longer good.",
            ))
        }
        Verdict::TooMany => {
            return Err(camroll_connector::errors::rate_limited(
                "apple/too-many-codes",
                "Apple has seen too many codes and takes none for now. Wait an hour, then run `camroll login` again.",
                Some(3600),
            ))
        }
        Verdict::Unclear => {
            if !trust()? {
                return Ok(ask(&step, "Apple didn't take the code. Enter the newest one."));
            }
            return finish();
        }
    }
    trust()?;
    finish()
}

enum Verdict {
    Accepted,
    Wrong,
    TooMany,
    Unclear,
}

/// Sends the code. Since 2026 a right one may be answered with 409: what counts is the body, then the token, then whether the client becomes trusted.
fn verify(step: &Step, code: &str) -> Result<Verdict, Error> {
    let (path, body) = match step.phone {
        None => (
            "/verify/trusteddevice/securitycode",
            json!({"securityCode": {"code": code}}),
        ),
        Some(id) => (
            "/verify/phone/securitycode",
            json!({"phoneNumber": {"id": id}, "securityCode": {"code": code}, "mode": "sms"}),
        ),
    };
    let answer = exchange(auth("POST", path, Page::Home)?.json(&body))?;
    let said = answer.json();
    let state = &said["securityCode"];
    let codes = failures::service_codes(&said);
    if state["tooManyCodesValidated"] == true || state["securityCodeLocked"] == true {
        return Ok(Verdict::TooMany);
    }
    if state["valid"] == true
        || answer.header("X-Apple-Session-Token").is_some()
        || matches!(answer.status, 200 | 204) && codes.is_empty() && said["hasError"] != true
    {
        return Ok(Verdict::Accepted);
    }
    if codes.iter().any(|known| known == "-21669") || state["valid"] == false || said["hasError"] == true {
        return Ok(Verdict::Wrong);
    }
    match answer.status {
        429 | 503 => Err(failures::throttled(answer.retry_after())),
        _ => Ok(Verdict::Unclear),
    }
}

/// Makes this client a trusted one. Whether Apple gave the token for it.
fn trust() -> Result<bool, Error> {
    let answer = exchange(auth("GET", "/2sv/trust", Page::Home)?)?;
    Ok(answer.header("X-Apple-TwoSV-Trust-Token").is_some())
}

fn finish() -> Result<Said, Error> {
    remember("srp-at", "")?;
    match account_login()? {
        Some(account) => match access_trouble()? {
            Some(trouble) => Err(trouble),
            None => Ok(Said::Done(account)),
        },
        None => Err(unexpected(
            "apple/not-opened",
            "Apple took the sign-in and opened no session. Sign in once at icloud.com, then run `camroll login` again.",
        )),
    }
}

/// Asks Apple to show a code on the devices: a PUT, since iOS 26.4, and only when a person is about to enter one.
fn push(_step: &Step) -> Result<(), Error> {
    let answer = exchange(auth("PUT", "/verify/trusteddevice/securitycode", Page::Home)?)?;
    match answer.status {
        429 | 503 => Err(failures::throttled(answer.retry_after())),
        _ => Ok(()),
    }
}

fn text_message(step: Step, id: i64) -> Result<Said, Error> {
    let body = json!({"phoneNumber": {"id": id, "nonFTEU": false}, "mode": "sms"});
    let answer = exchange(auth("PUT", "/verify/phone", Page::Home)?.json(&body))?;
    if answer.status >= 400 && answer.status != 409 {
        return Err(answer.failure("apple", "verify/phone"));
    }
    let number = step
        .phones
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, number)| number.clone())
        .unwrap_or_default();
    let step = Step {
        phone: Some(id),
        ..step
    };
    Ok(ask(
        &step,
        &format!("Apple sent a text message to {number}: enter its six digits."),
    ))
}

fn ask(step: &Step, text: &str) -> Said {
    let mut choices: Vec<(String, String)> = step
        .phones
        .iter()
        .map(|(id, number)| (format!("sms:{id}"), format!("Send a text message to {number}")))
        .collect();
    choices.push(("resend".into(), "Show a new code on my devices".into()));
    Said::Ask(Asked {
        text: text.into(),
        choices,
        step: token::write(step),
        attributes: vec![("digits".into(), Attribute::Integer(6))],
    })
}
