//! One connection's requests, and what is learnt of its server.

use std::cell::RefCell;
use std::rc::Rc;

use camroll_connector::errors::unexpected;
use camroll_connector::findings::known;
use camroll_connector::http::{request, Answer, Builder};
use camroll_connector::types::Error;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::{document, Asset, User};
use crate::failures::{failure, not_immich};
use crate::ids::Id;
use crate::settings::Settings;
use crate::version::Version;

/// What an instance holds. All of it can be lost.
pub struct Session {
    api: String,
    user: RefCell<Option<User>>,
}

thread_local! {
    static SESSION: RefCell<Option<Rc<Session>>> = const { RefCell::new(None) };
}

/// Takes the settings.
pub fn connect(settings: &str) -> Result<(), Error> {
    let settings: Settings = serde_json::from_str(settings)
        .map_err(|error| unexpected("immich/settings", format!("The settings can't be read: {error}.")))?;
    SESSION.set(Some(Rc::new(Session {
        api: settings.api(),
        user: RefCell::default(),
    })));
    Ok(())
}

/// The connection of this instance.
pub fn session() -> Result<Rc<Session>, Error> {
    SESSION
        .with_borrow(Clone::clone)
        .ok_or_else(|| unexpected("immich/settings", "The connection has no settings."))
}

impl Session {
    /// Begins a request that moves no file. `path` is below the API's address.
    pub fn request<'a>(&self, method: &str, path: &str) -> Builder<'a> {
        self.begin(method, path).pace("metadata")
    }

    /// Begins one that does.
    pub fn content<'a>(&self, method: &str, path: &str) -> Builder<'a> {
        self.begin(method, path).pace("content")
    }

    fn begin<'a>(&self, method: &str, path: &str) -> Builder<'a> {
        request(method, format!("{}{path}", self.api))
            .auth("key")
            .header("Accept", "application/json")
    }

    /// Asks for a document.
    pub fn get<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<T, Error> {
        document(&success(self.request("GET", path), what)?, what)
    }

    /// Sends a document and reads one.
    pub fn send<T: DeserializeOwned>(&self, method: &str, path: &str, body: &Value, what: &str) -> Result<T, Error> {
        document(&self.tell(method, path, body, what)?, what)
    }

    /// Sends a document whose answer says nothing.
    pub fn tell(&self, method: &str, path: &str, body: &Value, what: &str) -> Result<Answer, Error> {
        let request = self.request(method, path);
        success(request.header("Content-Type", "application/json").json(body), what)
    }

    /// The server's version; asked once by the connection.
    pub fn version(&self) -> Result<Version, Error> {
        known("version", || self.ask_version())
    }

    fn ask_version(&self) -> Result<Version, Error> {
        let what = "asking for the version";
        let answer = Answer::read(self.request("GET", "/server/version").send()?)?;
        let version: Version = match answer.status {
            200 => document(&answer, what).map_err(|_| not_immich())?,
            // Every server since 1.118 has it.
            404 => return Err(not_immich()),
            _ => return Err(failure(&answer, what)),
        };
        version.supported()
    }

    /// The key's user; asked once an instance.
    pub fn user(&self) -> Result<User, Error> {
        if let Some(user) = self.user.borrow().as_ref() {
            return Ok(user.clone());
        }
        let user: User = self.get("/users/me", "asking who the key's user is")?;
        self.user.replace(Some(user.clone()));
        Ok(user)
    }

    /// Who the key's user is and what is used, as of now.
    pub fn user_now(&self) -> Result<User, Error> {
        self.user.replace(None);
        self.user()
    }

    /// An asset that is there and not in the bin; none otherwise.
    pub fn asset(&self, id: &Id) -> Result<Option<Asset>, Error> {
        Ok(self.asset_anywhere(id)?.filter(|asset| !asset.is_trashed))
    }

    /// An asset, in the bin or not.
    pub fn asset_anywhere(&self, id: &Id) -> Result<Option<Asset>, Error> {
        use camroll_connector::types::ErrorClass;
        match self.get::<Asset>(&format!("/assets/{}", id.as_str()), "looking at a file") {
            Ok(asset) => Ok(Some(asset)),
            Err(error) if error.class == ErrorClass::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// An answer that is a success.
pub fn success(request: Builder<'_>, what: &str) -> Result<Answer, Error> {
    let answer = Answer::read(request.send()?)?;
    match answer.status {
        200..=299 => Ok(answer),
        _ => Err(failure(&answer, what)),
    }
}
