//! The sign-in: idmsa and setup, as far as a web client meets them.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::server::{Answer, Asked, Door, answer, random_hex};
use crate::srp::Handshake;

/// Who it is to Apple's services.
const PERSON: &str = "10000000001";

/// The account, and what the test has be the matter with it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The address.
    pub name: String,
    /// The password.
    pub password: String,
    /// The code that devices show and text messages bring.
    pub code: String,
    /// A right code is answered with 409, as since 2026, instead of 204.
    pub code_by_409: bool,
    /// A right password alone has the devices show a code, as before iOS 26.4.
    pub pushes_unasked: bool,
    /// Apple has locked it.
    pub locked: bool,
    /// Access iCloud Data on the Web is off.
    pub web_access_off: bool,
    /// Advanced Data Protection is on.
    pub adp: bool,
    /// New terms are to be accepted.
    pub terms: bool,
    /// Sign-ins that are let through; none: all.
    pub srp_ration: Option<u64>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            name: "demo@example.com".into(),
            password: "correct horse battery staple".into(),
            code: "314159".into(),
            code_by_409: true,
            pushes_unasked: false,
            locked: false,
            web_access_off: false,
            adp: false,
            terms: false,
            srp_ration: None,
        }
    }
}

/// What the identity service remembers.
#[derive(Default)]
pub(crate) struct Identity {
    handshakes: HashMap<String, Handshake>,
    /// Sessions whose password was proven; with whether the second factor was too.
    sessions: HashMap<String, Factor>,
    /// What X-Apple-Session-Token said, and what had been proven by then.
    pub(crate) session_tokens: HashMap<String, Factor>,
    pub(crate) trust_tokens: HashSet<String>,
    pub(crate) web_cookies: HashSet<String>,
    pub(crate) handshakes_done: u64,
    pushed: bool,
}

/// What was proven of who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    /// The password.
    Password,
    /// The password, and a code or a token of trust.
    Both,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn bytes(value: &Value, key: &str) -> Vec<u8> {
    STANDARD.decode(text(value, key)).unwrap_or_default()
}

fn refuse(status: u16, code: &str, message: &str) -> Answer {
    answer(
        status,
        &json!({"serviceErrors": [{"code": code, "message": message}], "service_errors": [{"code": code, "message": message}], "hasError": true}),
    )
}

impl Identity {
    /// idmsa: paths below /appleauth/auth.
    pub(crate) fn auth(&mut self, account: &Account, asked: &Asked) -> Answer {
        let body = asked.json();
        let session = asked.header("x-apple-id-session-id").to_owned();
        match (asked.method.as_str(), asked.path.trim_start_matches("/appleauth/auth")) {
            // Where a browser's frame begins; rclone goes this way, others don't.
            ("GET", "/authorize/signin") => answer(200, &json!({}))
                .with("scnt", &random_hex(16))
                .with("X-Apple-ID-Session-Id", &random_hex(16))
                .with("X-Apple-Auth-Attributes", &random_hex(16)),
            ("POST", "/federate") => answer(200, &json!({"federated": false})),
            ("POST", "/signin/init") => {
                self.handshakes_done += 1;
                if account.srp_ration.is_some_and(|ration| self.handshakes_done > ration) {
                    return answer(503, &json!({}));
                }
                let id = random_hex(16);
                let random = || {
                    let mut bytes = [0; 32];
                    // Without randomness the loop for fitting ones would not end.
                    getrandom::fill(&mut bytes).expect("the system's randomness");
                    bytes
                };
                let Some(handshake) = Handshake::begin(
                    text(&body, "accountName"),
                    &account.password,
                    &bytes(&body, "a"),
                    random,
                ) else {
                    return refuse(400, "-20100", "bad A");
                };
                let said = json!({"iteration": handshake.iterations, "salt": STANDARD.encode(handshake.salt), "protocol": "s2k", "b": STANDARD.encode(handshake.b), "c": format!("d-{id}:MSA")});
                self.handshakes.insert(format!("d-{id}:MSA"), handshake);
                answer(200, &said)
                    .with("scnt", &random_hex(16))
                    .with("X-Apple-ID-Session-Id", &id)
            }
            ("POST", "/signin/complete") => {
                let known = self.handshakes.remove(text(&body, "c"));
                let right = known.is_some_and(|handshake| {
                    handshake.account == account.name && handshake.accepts(&bytes(&body, "m1"), &bytes(&body, "m2"))
                });
                if !right {
                    return refuse(401, "-20101", "Your Apple Account or password was incorrect.");
                }
                if account.locked {
                    return refuse(
                        403,
                        "-20209",
                        "This Apple Account has been locked for security reasons.",
                    );
                }
                let session = if session.is_empty() { random_hex(16) } else { session };
                let trusted = body["trustTokens"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|token| token.as_str().is_some_and(|token| self.trust_tokens.contains(token)));
                let token = random_hex(32);
                if trusted {
                    self.sessions.insert(session.clone(), Factor::Both);
                    self.session_tokens.insert(token.clone(), Factor::Both);
                    return answer(200, &json!({}))
                        .with("X-Apple-ID-Account-Country", "GBR")
                        .with("X-Apple-Session-Token", &token)
                        .with("X-Apple-ID-Session-Id", &session);
                }
                self.sessions.insert(session.clone(), Factor::Password);
                self.session_tokens.insert(token.clone(), Factor::Password);
                self.pushed |= account.pushes_unasked;
                answer(409, &json!({"authType": "hsa2"}))
                    .with("X-Apple-ID-Account-Country", "GBR")
                    .with("X-Apple-Session-Token", &token)
                    .with("X-Apple-ID-Session-Id", &session)
                    .with("scnt", &random_hex(16))
            }
            ("GET", "") if self.sessions.contains_key(&session) => second_factors(asked),
            ("PUT", "/verify/trusteddevice/securitycode") if self.sessions.contains_key(&session) => {
                self.pushed = true;
                answer(202, &json!({}))
            }
            ("PUT", "/verify/phone") if self.sessions.contains_key(&session) => {
                self.pushed = true;
                answer(200, &json!({"trustedPhoneNumber": {"id": 1}}))
            }
            ("POST", "/verify/trusteddevice/securitycode" | "/verify/phone/securitycode")
                if self.sessions.contains_key(&session) =>
            {
                // A code only exists once it was asked for.
                if !self.pushed || text(&body["securityCode"], "code") != account.code {
                    return refuse(400, "-21669", "Incorrect verification code.");
                }
                self.sessions.insert(session, Factor::Both);
                if account.code_by_409 {
                    // Not trusted yet, but a token comes with it: to rclone it is the sign that the code was right.
                    let token = random_hex(32);
                    self.session_tokens.insert(token.clone(), Factor::Password);
                    answer(409, &json!({"securityCode": {"valid": true}})).with("X-Apple-Session-Token", &token)
                } else {
                    answer(204, &Value::Null)
                }
            }
            ("GET", "/2sv/trust") if self.sessions.get(&session) == Some(&Factor::Both) => {
                let (token, trust) = (random_hex(32), random_hex(32));
                self.session_tokens.insert(token.clone(), Factor::Both);
                self.trust_tokens.insert(trust.clone());
                answer(204, &Value::Null)
                    .with("X-Apple-Session-Token", &token)
                    .with("X-Apple-TwoSV-Trust-Token", &trust)
            }
            _ => answer(401, &json!({})),
        }
    }

    /// setup: paths below /setup/ws/1. `photos` is where the library is.
    pub(crate) fn setup(&mut self, account: &Account, asked: &Asked, door: Door, photos: &str) -> Answer {
        let body = asked.json();
        let signed_in = asked
            .cookie("X-APPLE-WEBAUTH-TOKEN")
            .is_some_and(|cookie| self.web_cookies.contains(&cookie));
        match asked.path.trim_start_matches("/setup/ws/1") {
            "/validate" if signed_in => answer(200, &document(account, photos, Factor::Both)),
            "/validate" => answer(
                421,
                &json!({"success": false, "error": "Missing X-APPLE-WEBAUTH-TOKEN cookie"}),
            ),
            "/accountLogin" if self.proven(&body) == Some(Factor::Password) => {
                answer(200, &document(account, photos, Factor::Password))
            }
            "/accountLogin" if self.proven(&body) == Some(Factor::Both) => {
                let cookie = random_hex(32);
                let (kept, domain) = match door {
                    // A value, and an expiry of 1970: meant to be kept. Apple does this to some cookies; clients on Python's jar would go on without it, so only ours meets it.
                    Door::Loopback => ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
                    Door::Front => ("; Max-Age=2592000; Domain=icloud.com", "; Domain=icloud.com"),
                };
                self.web_cookies.insert(cookie.clone());
                answer(200, &document(account, photos, Factor::Both))
                    .with("Set-Cookie", &format!("X-APPLE-WEBAUTH-TOKEN={cookie}; Path=/{kept}"))
                    .with(
                        "Set-Cookie",
                        &format!("X-APPLE-WEBAUTH-USER=\"v=1:s=0:d={PERSON}\"; Path=/{domain}"),
                    )
                    .with(
                        "Set-Cookie",
                        &format!(
                            "X-APPLE-WEBAUTH-HSA-TRUST={}; Path=/; Max-Age=2592000{domain}",
                            random_hex(8)
                        ),
                    )
            }
            "/accountLogin" => answer(421, &json!({"success": false, "error": "Invalid Session Token"})),
            "/requestWebAccessState" if signed_in => {
                let mut state = json!({"dsid": PERSON, "isWebAccessAllowed": !account.web_access_off});
                if account.adp {
                    state["isICDRSDisabled"] = true.into();
                    state["isDeviceConsentedForPCS"] = false.into();
                }
                answer(200, &state)
            }
            // The keys to encrypted fields. Without Advanced Data Protection they come at once.
            "/requestPCS" if signed_in && !account.adp => {
                let domain = if door == Door::Front { "; Domain=icloud.com" } else { "" };
                answer(200, &json!({"status": "success", "message": "Cookies attached."}))
                    .with(
                        "Set-Cookie",
                        &format!("X-APPLE-WEBAUTH-PCS-Photos={}; Path=/{domain}", random_hex(16)),
                    )
                    .with(
                        "Set-Cookie",
                        &format!("X-APPLE-WEBAUTH-PCS-Sharing={}; Path=/{domain}", random_hex(16)),
                    )
            }
            "/requestPCS" if signed_in => answer(
                200,
                &json!({"status": "pending", "message": "Requested the device to upload cookies."}),
            ),
            "/logout" => {
                self.web_cookies.clear();
                answer(200, &json!({"success": true}))
            }
            _ => answer(421, &json!({"success": false})),
        }
    }

    /// What the token of an accountLogin proves.
    fn proven(&self, body: &Value) -> Option<Factor> {
        self.session_tokens.get(text(body, "dsWebAuthToken")).copied()
    }
}

/// The account as setup tells it.
fn document(account: &Account, photos: &str, proven: Factor) -> Value {
    json!({
        "dsInfo": {"dsid": PERSON, "hsaVersion": 2, "hsaEnabled": true, "hasICloudQualifyingDevice": true, "locked": false,
            "appleId": account.name, "countryCode": "GBR", "iCDPEnabled": account.adp},
        "webservices": {"ckdatabasews": {"url": photos, "status": "active", "pcsRequired": true}},
        "hsaChallengeRequired": proven == Factor::Password, "hsaTrustedBrowser": proven == Factor::Both, "termsUpdateNeeded": account.terms,
    })
}

/// Ways to a code. Who doesn't ask for JSON gets the page of the sign-in with the same inside.
fn second_factors(asked: &Asked) -> Answer {
    let phones = json!([{"id": 1, "numberWithDialCode": "+44 ••••• ••••71", "obfuscatedNumber": "••••• ••••71", "lastTwoDigits": "71", "pushMode": "sms", "nonFTEU": false}]);
    if asked.header("accept").contains("json") {
        return answer(
            200,
            &json!({"authenticationType": "hsa2", "noTrustedDevices": false, "trustedPhoneNumbers": phones,
                "securityCode": {"length": 6, "tooManyCodesSent": false, "securityCodeLocked": false}}),
        );
    }
    let inside = json!({"direct": {"twoSV": {"phoneNumberVerification": {"trustedPhoneNumbers": phones}}}});
    Answer {
        status: 200,
        headers: vec![("Content-Type".into(), "text/html;charset=UTF-8".into())],
        body: format!(
            "<html><body><script type=\"application/json\" class=\"boot_args\">{inside}</script></body></html>"
        )
        .into(),
    }
}
