//! What is remembered of a sign-in, and the requests of the two services that keep it.

use std::cell::RefCell;

use camroll_connector::http::{request, Answer, Builder};
use camroll_connector::types::{Account, Error, Instant, Value as Attribute};
use camroll_connector::{clock, random, secrets, session};
use serde::Deserialize;
use serde_json::{json, Value};

use crate::failures;

/// The client id of Apple's own web client, which all its sign-ins carry.
pub const WIDGET_KEY: &str = "d39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d";
const USER_AGENT: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15";
const BUILD: &str = "clientBuildNumber=2534Project66&clientMasteringNumber=2534B22";

#[derive(Deserialize)]
struct Endpoints {
    auth: Option<String>,
    setup: Option<String>,
    home: Option<String>,
}

#[derive(Deserialize)]
struct Settings {
    apple_id: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    endpoints: Option<Endpoints>,
}

/// Where things are, for one connection.
#[derive(Clone, Default)]
pub struct Places {
    pub account: String,
    pub auth: String,
    pub setup: String,
    pub home: String,
}

thread_local! {
    static PLACES: RefCell<Places> = RefCell::default();
}

/// Takes the settings.
pub fn connect(settings: &str) -> Result<(), Error> {
    let settings: Settings = serde_json::from_str(settings).map_err(|error| {
        camroll_connector::errors::error(
            camroll_connector::ErrorClass::InvalidSetting,
            "apple/settings",
            error.to_string(),
        )
    })?;
    let china = settings.region.as_deref() == Some("china");
    let set = settings.endpoints.unwrap_or(Endpoints {
        auth: None,
        setup: None,
        home: None,
    });
    let or = |set: Option<String>, address: &str| {
        set.unwrap_or_else(|| address.to_owned())
            .trim_end_matches('/')
            .to_owned()
    };
    let top = if china { "com.cn" } else { "com" };
    let places = Places {
        // Apple lower-cases it as well; another case makes another proof.
        account: settings.apple_id.trim().to_lowercase(),
        auth: or(set.auth, "https://idmsa.apple.com/appleauth/auth"),
        setup: or(set.setup, &format!("https://setup.icloud.{top}/setup/ws/1")),
        home: or(set.home, &format!("https://www.icloud.{top}")),
    };
    PLACES.with(|known| *known.borrow_mut() = places);
    Ok(())
}

pub fn places() -> Places {
    PLACES.with(|places| places.borrow().clone())
}

pub fn now() -> i64 {
    clock::now().seconds
}

pub fn remembered(key: &str) -> Option<String> {
    session::get(key)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.is_empty())
}

pub fn remember(key: &str, text: &str) -> Result<(), Error> {
    session::set(key, text.as_bytes())
}

/// One client id for as long as the sign-in lives.
pub fn client_id() -> Result<String, Error> {
    if let Some(known) = remembered("client-id") {
        return Ok(known);
    }
    let bytes = random::bytes(16);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!(
        "auth-{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    );
    remember("client-id", &id)?;
    Ok(id)
}

fn page_of(url: &str) -> String {
    // Scheme and host: what a browser would send as the origin.
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// A request to the identity service. `verifying` is what comes after the password: those calls come from another page.
pub fn auth(method: &str, path: &str, verifying: Page) -> Result<Builder<'static>, Error> {
    let places = places();
    let client = client_id()?;
    let page = match verifying {
        Page::SignIn => page_of(&places.auth),
        Page::Home => places.home.clone(),
    };
    let mut request = request(method, format!("{}{path}", places.auth))
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
        .header("User-Agent", USER_AGENT)
        .header("Origin", page.clone())
        .header("Referer", format!("{page}/"))
        .header("X-Apple-OAuth-Client-Id", WIDGET_KEY)
        .header("X-Apple-Widget-Key", WIDGET_KEY)
        .header("X-Apple-OAuth-Client-Type", "firstPartyAuth")
        .header("X-Apple-OAuth-Redirect-URI", places.home.clone())
        .header("X-Apple-OAuth-Require-Grant-Code", "true")
        .header("X-Apple-OAuth-Response-Mode", "web_message")
        .header("X-Apple-OAuth-Response-Type", "code")
        .header("X-Apple-OAuth-State", client.clone())
        .header("X-Apple-Frame-Id", client);
    for (header, key) in [("scnt", "scnt"), ("X-Apple-ID-Session-Id", "session-id")] {
        if let Some(value) = remembered(key) {
            request = request.header(header, value);
        }
    }
    if verifying == Page::SignIn {
        if let Some(value) = remembered("auth-attributes") {
            request = request.header("X-Apple-Auth-Attributes", value);
        }
    }
    Ok(request)
}

/// Which page a request of the identity service comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Page {
    SignIn,
    Home,
}

/// Sends, and keeps what rotates with every answer.
pub fn exchange(request: Builder) -> Result<Answer, Error> {
    let answer = Answer::read(request.send()?)?;
    for (header, key) in [
        ("scnt", "scnt"),
        ("X-Apple-ID-Session-Id", "session-id"),
        ("X-Apple-Auth-Attributes", "auth-attributes"),
        ("X-Apple-ID-Account-Country", "country"),
    ] {
        if let Some(value) = answer.header(header) {
            remember(key, value)?;
        }
    }
    Ok(answer)
}

/// The address of a call of the setup service.
pub fn setup(path: &str) -> Result<Builder<'static>, Error> {
    let places = places();
    let mut url = format!("{}{path}?{BUILD}&clientId={}", places.setup, client_id()?);
    if let Some(dsid) = remembered("dsid") {
        url.push_str(&format!("&dsid={dsid}"));
    }
    Ok(request("POST", url)
        .header("Origin", places.home.clone())
        .header("Referer", format!("{}/", places.home))
        .header("Accept", "application/json")
        .header("User-Agent", USER_AGENT)
        .header("Content-Type", "application/json"))
}

/// The query that CloudKit calls carry.
pub fn query() -> String {
    format!(
        "remapEnums=true&getCurrentSyncToken=true&{BUILD}&clientId={}",
        remembered("client-id").unwrap_or_default()
    )
}

pub fn user_agent() -> &'static str {
    USER_AGENT
}

/// Whether the web session is good. None where it isn't.
pub fn validate() -> Result<Option<Account>, Error> {
    if session::cookies().is_empty() {
        return Ok(None);
    }
    let answer = exchange(setup("/validate")?.text("null"))?;
    opened(&answer, "validate")
}

/// Opens a web session from the tokens of an earlier sign-in. None where they are no longer good.
pub fn account_login() -> Result<Option<Account>, Error> {
    let Ok(session_token) = secrets::placeholder("session-token") else {
        return Ok(None);
    };
    let mut body = json!({"dsWebAuthToken": session_token, "extended_login": true});
    if let Ok(trust) = secrets::placeholder("trust-token") {
        body["trustToken"] = trust.into();
    }
    if let Some(country) = remembered("country") {
        body["accountCountryCode"] = country.into();
    }
    let answer = exchange(setup("/accountLogin")?.json(&body))?;
    opened(&answer, "accountLogin")
}

/// Reads an answer that describes the account; none where it says that the session isn't good.
fn opened(answer: &Answer, what: &str) -> Result<Option<Account>, Error> {
    let said = answer
        .header("X-Apple-I-Rscd")
        .and_then(|code| code.parse::<u16>().ok());
    let document = answer.json();
    match (answer.status, said) {
        (200, Some(401 | 403)) => return Ok(None),
        (200, _) => {}
        (429 | 503, _) => return Err(failures::throttled(answer.retry_after())),
        (500..=599, _) => return Err(answer.failure("apple", what)),
        _ => return Ok(None),
    }
    if let Some(other) = document.get("domainToUse").and_then(Value::as_str) {
        if !places().home.to_lowercase().ends_with(&other.to_lowercase()) {
            return Err(camroll_connector::errors::error(
                camroll_connector::ErrorClass::InvalidSetting,
                "apple/wrong-region",
                format!(
                    "This account's data is at {other}: set `region` to {}.",
                    if other.to_lowercase().ends_with("cn") {
                        "china"
                    } else {
                        "global"
                    }
                ),
            ));
        }
    }
    let info = &document["dsInfo"];
    let Some(dsid) = info["dsid"]
        .as_str()
        .map(str::to_owned)
        .or_else(|| info["dsid"].as_i64().map(|id| id.to_string()))
    else {
        return Ok(None);
    };
    if info["locked"] == true {
        return Err(failures::account_locked());
    }
    if document["termsUpdateNeeded"] == true {
        return Err(failures::terms());
    }
    let factor = info["hsaVersion"].as_i64() == Some(2)
        && (document["hsaChallengeRequired"] == true || document["hsaTrustedBrowser"] == false)
        && info["hasICloudQualifyingDevice"] != false;
    if factor {
        return Ok(None);
    }
    if info["isWebAccessAllowed"] == false {
        return Err(failures::web_access_off());
    }
    let Some(photos) = document["webservices"]["ckdatabasews"]["url"].as_str() else {
        return Err(failures::no_photos());
    };
    remember("dsid", &dsid)?;
    remember("photos", photos.trim_end_matches('/'))?;
    Ok(Some(Account {
        id: Some(dsid),
        name: info["appleId"].as_str().map_or_else(|| places().account, str::to_owned),
        expires: expiry(),
        attributes: vec![(
            "region".into(),
            Attribute::Text(info["countryCode"].as_str().unwrap_or_default().into()),
        )],
    }))
}

/// When Apple will ask for a code again: its trust cookie's end.
fn expiry() -> Option<Instant> {
    session::cookies()
        .into_iter()
        .find(|cookie| cookie.name == "X-APPLE-WEBAUTH-HSA-TRUST")
        .and_then(|cookie| cookie.expires)
}

/// Tells web access switched off from Advanced Data Protection; none where neither is the matter.
pub fn access_trouble() -> Result<Option<Error>, Error> {
    let answer = exchange(setup("/requestWebAccessState")?.text("{}"))?;
    let state = answer.json();
    if state["isWebAccessAllowed"] == false {
        return Ok(Some(failures::web_access_off()));
    }
    let consented = state["isDeviceConsentedForPCS"] == true;
    Ok((state["isICDRSDisabled"] == true && !consented).then(failures::adp_on))
}
