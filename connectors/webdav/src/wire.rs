//! One connection's requests: signed in as the server wants it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use camroll_connector::errors::unexpected;
use camroll_connector::http::{request, Answer, Builder, Pending};
use camroll_connector::types::Error;

use crate::browse::Read;
use crate::failures::failure;
use crate::folders::{Folders, Known};
use crate::settings::{fixed_address, Destination, Settings, SignIn};

/// Requests of an instance that the host lets be under way (wit/, `http.start`).
const UNDER_WAY: usize = 16;

/// What an instance holds. All of it can be lost.
pub struct Session {
    /// Where and what it is.
    pub destination: Destination,
    /// Folders that are there.
    pub folders: RefCell<Folders>,
    /// The folder that a listing is in.
    pub read: RefCell<Option<Read>>,
}

thread_local! {
    static SESSION: RefCell<Option<Rc<Session>>> = const { RefCell::new(None) };
}

/// Takes the settings.
pub fn connect(settings: &str) -> Result<(), Error> {
    let settings: Settings = serde_json::from_str(settings)
        .map_err(|error| unexpected("webdav/settings", format!("The settings can't be read: {error}.")))?;
    let destination = settings.destination(fixed_address)?;
    let mut folders = Folders::default();
    folders.insert(destination.place.base(), Known::There);
    SESSION.set(Some(Rc::new(Session {
        destination,
        folders: RefCell::new(folders),
        read: RefCell::default(),
    })));
    Ok(())
}

/// The connection of this instance.
pub fn session() -> Result<Rc<Session>, Error> {
    SESSION
        .with_borrow(Clone::clone)
        .ok_or_else(|| unexpected("webdav/settings", "The connection has no settings."))
}

/// The manifest's name of how a connection signs in; none where nobody does.
fn scheme(sign_in: SignIn) -> Option<&'static str> {
    match sign_in {
        SignIn::None => None,
        SignIn::Bearer => Some("bearer"),
        SignIn::Basic => Some("basic"),
        SignIn::Digest => Some("digest"),
    }
}

impl Session {
    /// Begins a request that moves no file.
    pub fn request<'a>(&self, method: &str, url: &str) -> Builder<'a> {
        self.begin(method, url).pace("metadata")
    }

    /// Begins one that does.
    pub fn content<'a>(&self, method: &str, url: &str) -> Builder<'a> {
        self.begin(method, url).pace("content")
    }

    fn begin<'a>(&self, method: &str, url: &str) -> Builder<'a> {
        let mut builder = request(method, url);
        if let Some(scheme) = scheme(self.destination.sign_in) {
            builder = builder.auth(scheme);
        }
        if self.destination.preset.referer {
            builder = builder.header("Referer", self.destination.place.base());
        }
        builder
    }

    /// Sends and reads.
    pub fn ask(&self, builder: Builder<'_>) -> Result<Answer, Error> {
        Answer::read(builder.send()?)
    }

    /// Sends all at once, as far as the host lets an instance, and reads each; in order. Once a sign-in was refused nothing more is sent: servers count what doesn't fit, and lock out.
    pub fn ask_all(&self, builders: Vec<Builder<'_>>) -> Vec<Result<Answer, Error>> {
        let read = |pending: Result<Pending, Error>| Answer::read(Pending::wait(pending?)?);
        let mut under_way = VecDeque::new();
        let mut answers: Vec<Result<Answer, Error>> = Vec::with_capacity(builders.len());
        let mut refused = None;
        for builder in builders {
            if under_way.len() == UNDER_WAY {
                let answer = under_way.pop_front().map(read);
                if let Some(Ok(answer)) = &answer {
                    if answer.status == 401 {
                        refused = Some(self.failed(answer, "sign-in"));
                    }
                }
                answers.extend(answer);
            }
            under_way.push_back(match &refused {
                Some(refused) => Err(refused.clone()),
                None => builder.start(),
            });
        }
        answers.extend(under_way.into_iter().map(read));
        answers
    }

    /// What a status means.
    pub fn failed(&self, answer: &Answer, what: &str) -> Error {
        failure(self.destination.preset, self.destination.sign_in, answer, what)
    }

    /// The address of a file.
    pub fn url(&self, path: &str) -> String {
        self.destination.place.url(path)
    }
}
