//! A connection: a connector with its settings and secrets, and every call that the engine makes of it.

use std::sync::Arc;

use camroll_model::{
    Account, AssetId, Attributes, Change, ConnectorError, Entries, Entry, ErrorClass, Identity, Instant, Library,
    LibraryId, Located, Orphan, Page, ResourceRef, StageFile, Staged, Stored, Target,
};
use parking_lot::Mutex;
use wasmtime::component::Resource;

use crate::bindings::camroll::connector::types;
use crate::bindings::exports::camroll::connector::authentication;
use crate::bodies::{Body, Intake, Outlet, Sink};
use crate::connector::Loaded;
use crate::convert::{self, as_many};
use crate::engine::{Running, Ticker};
use crate::files::{Folder, Reach};
use crate::imports::{CallKind, LogBudget};
use crate::instance::{Ended, Guests, Instance};
use crate::limits::Limits;
use crate::net::Net;
use crate::pool::{Home, Pool};
use crate::stop::{Stop, StopReason};
use crate::vault::Vault;

/// What all instances of a connection share.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) connector_id: String,
    /// JSON, with slots' names where secrets stand.
    pub(crate) settings: String,
    pub(crate) vault: Arc<Vault>,
    pub(crate) net: Arc<Net>,
    pub(crate) folder: Option<Arc<Folder>>,
    /// Bytes that an instance may have.
    pub(crate) memory: usize,
    pub(crate) limits: Limits,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) stop: Stop,
    pub(crate) log: Mutex<LogBudget>,
}

impl Shared {
    /// The text without any secret that the connection knows.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.vault.redact(text)
    }

    pub(crate) fn redact_error(&self, error: &mut ConnectorError) {
        error.code = self.redact(&error.code);
        error.message = self.redact(&error.message);
        for (key, value) in &mut error.details {
            *key = self.redact(key);
            *value = self.redact(value);
        }
    }
}

/// How far a sign-in came.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Signed in.
    Done(Account),
    /// A person must answer.
    Ask(Question),
}

/// What a sign-in asks a person. The interface's `authentication.question`.
#[derive(Clone, PartialEq)]
pub struct Question {
    /// code, choice, page, approval, consent, secret.
    pub kind: String,
    /// Sentences for a person.
    pub text: String,
    /// What can be chosen or answered instead: id and label.
    pub choices: Vec<(String, String)>,
    /// What the next call needs. May carry secrets: kept encrypted, never printed.
    pub step: Vec<u8>,
    /// When the answer comes too late.
    pub expires: Option<Instant>,
    /// "url", "slot", "digits", "again-after" (seconds).
    pub attributes: Attributes,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("kind", &self.kind)
            .field("text", &self.text)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}

/// What becomes of a thing that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// It goes to the service's bin.
    Trash,
    /// It is gone.
    Remove,
}

/// A connector with its settings and secrets. Cheap to clone; calls may run at the same time, each in an instance of its own.
///
/// Errors are the connector's own, or the host's, whose codes begin with `host/` and `files/`.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    loaded: Arc<Loaded>,
    shared: Arc<Shared>,
    pool: Pool,
    /// Held by `check`, `sign_in` and `sign_out`: one of them at a time.
    signing_in: tokio::sync::Mutex<()>,
}

/// An instance for the time of one call. Dropped without `end`, as when the caller gives the call up, the instance goes with it.
struct Seat<'a> {
    pool: &'a Pool,
    instance: Instance,
    home: Home,
    _running: Running,
}

impl Seat<'_> {
    fn guests(&self) -> Arc<Guests> {
        Arc::clone(&self.instance.guests)
    }

    /// Ends the call; the instance goes back to the others, unless it fell.
    fn end<T>(mut self, answered: wasmtime::Result<Result<T, types::Error>>) -> Result<T, ConnectorError> {
        let answer = self.instance.end(answered);
        match answer {
            Ok(answer) => {
                self.pool.give_back(self.instance, self.home);
                Ok(answer)
            }
            Err(Ended::Said(error)) => {
                self.pool.give_back(self.instance, self.home);
                Err(error)
            }
            Err(Ended::Fell(error)) => Err(error),
        }
    }
}

/// Calls one export: `call!(self, kind, reach, interface.function(arguments))`.
macro_rules! call {
    ($seat:ident, $interface:ident.$function:ident($($argument:expr),*)) => {{
        let guests = $seat.guests();
        match &guests.$interface {
            Some(guest) => {
                let answered = guest.$function(&mut $seat.instance.store, $($argument),*).await;
                $seat.end(answered)
            }
            None => {
                // Unused, and as good as before.
                let _ = $seat.end(Ok(Ok(())));
                Err(lacks(stringify!($interface)))
            }
        }
    }};
}

impl Connection {
    pub(crate) fn new(loaded: Arc<Loaded>, shared: Shared) -> Self {
        let pool = Pool::new(shared.limits.instances);
        Self(Arc::new(Inner {
            loaded,
            shared: Arc::new(shared),
            pool,
            signing_in: tokio::sync::Mutex::new(()),
        }))
    }

    /// The connector's id.
    pub fn connector_id(&self) -> &str {
        &self.0.shared.connector_id
    }

    /// The connection's name.
    pub fn name(&self) -> &str {
        &self.0.shared.name
    }

    /// What the connector can do.
    pub fn exports(&self) -> &crate::connector::Exports {
        &self.0.loaded.exports
    }

    /// Requests sent so far, redirects and repeats included.
    pub fn requests(&self) -> u64 {
        self.0.shared.net.requests()
    }

    /// Asks all calls to end, now and from now on: whatever blocks answers `cancelled`.
    pub fn stop(&self, reason: StopReason) {
        self.0.shared.stop.ask(reason);
    }

    async fn seat(&self, kind: CallKind, reach: Reach) -> Result<Seat<'_>, ConnectorError> {
        let (instance, home) = self.0.pool.any().await;
        self.sit(instance, home, kind, reach).await
    }

    async fn sit(
        &self,
        instance: Option<Instance>,
        home: Home,
        kind: CallKind,
        reach: Reach,
    ) -> Result<Seat<'_>, ConnectorError> {
        if self.0.shared.stop.is_asked() {
            return Err(self.0.shared.stop.stopped().await);
        }
        let mut instance = match instance {
            Some(instance) => instance,
            None => Instance::new(&self.0.loaded, &self.0.shared).await?,
        };
        instance.begin(kind, reach);
        Ok(Seat {
            pool: &self.0.pool,
            instance,
            home,
            _running: self.0.shared.ticker.running(),
        })
    }

    /// Whether settings and sign-in work. Called once a run.
    pub async fn check(&self) -> Result<Account, ConnectorError> {
        let _alone = self.0.signing_in.lock().await;
        let mut seat = self.seat(CallKind::SignIn, Reach::Library).await?;
        let guest = seat.guests();
        let answered = guest.connector.call_check(&mut seat.instance.store).await;
        convert::account(seat.end(answered)?)
    }

    /// Signs in, step by step: the first call has neither step nor answer, each next one the step of the question before.
    pub async fn sign_in(&self, step: Option<Vec<u8>>, answer: Option<String>) -> Result<Progress, ConnectorError> {
        let _alone = self.0.signing_in.lock().await;
        let mut seat = self.seat(CallKind::SignIn, Reach::Library).await?;
        let progress = call!(seat, authentication.call_sign_in(step.as_deref(), answer.as_deref()))?;
        Ok(match progress {
            authentication::Progress::Done(account) => Progress::Done(convert::account(account)?),
            authentication::Progress::Ask(question) => Progress::Ask(convert::question(question)?),
        })
    }

    /// Ends the session at the service, and forgets it here even if that fails.
    pub async fn sign_out(&self) -> Result<(), ConnectorError> {
        let _alone = self.0.signing_in.lock().await;
        let ended = async {
            let mut seat = self.seat(CallKind::SignOut, Reach::Library).await?;
            call!(seat, authentication.call_sign_out())
        }
        .await;
        self.0.pool.clear();
        self.0.shared.vault.forget()?;
        ended
    }

    /// All libraries of the account.
    pub async fn libraries(&self) -> Result<Vec<Library>, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        convert::libraries(call!(seat, source.call_libraries())?)
    }

    /// What changed since the cursor; without one, everything. Calls for one library go to one instance, one after the other.
    pub async fn changes(&self, library: &LibraryId, cursor: Option<Vec<u8>>) -> Result<Page, ConnectorError> {
        let (instance, home) = self.0.pool.of_library(library).await;
        let mut seat = self.sit(instance, home, CallKind::Other, Reach::Library).await?;
        convert::page(call!(seat, source.call_changes(library.as_str(), cursor.as_deref()))?)
    }

    /// One change for each asset, in order; 200 at most.
    pub async fn describe(&self, library: &LibraryId, ids: Vec<AssetId>) -> Result<Vec<Change>, ConnectorError> {
        let asked: Vec<String> = ids.into_iter().map(|id| id.0).collect();
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let changes = call!(seat, source.call_describe(library.as_str(), &asked))?;
        as_many("describe", asked.len(), changes)?
            .into_iter()
            .map(convert::change)
            .collect()
    }

    /// Where the bytes are, for up to 200 resources, in the order asked.
    pub async fn locate(
        &self,
        library: &LibraryId,
        items: Vec<ResourceRef>,
    ) -> Result<Vec<Result<Located, ConnectorError>>, ConnectorError> {
        let asked: Vec<_> = items.into_iter().map(convert::reference_out).collect();
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let located = call!(seat, source.call_locate(library.as_str(), &asked))?;
        as_many("locate", asked.len(), located)?
            .into_iter()
            .map(|each| self.each(each, convert::located))
            .collect()
    }

    /// Puts bytes into the intake, from where it is on, to the end. One call of the connector (two where it can't begin at an offset): after a
    /// transient failure the caller calls again. Doesn't finish the intake.
    pub async fn fetch(&self, locator: Vec<u8>, into: &mut Intake) -> Result<(), ConnectorError> {
        let offset = into.offset();
        match self.fetch_from(&locator, offset, Sink::of(into, 0)).await {
            Err(error) if error.class == ErrorClass::Unsupported && offset > 0 => {
                self.fetch_from(&locator, 0, Sink::of(into, into.offset())).await
            }
            fetched => fetched,
        }
    }

    async fn fetch_from(&self, locator: &[u8], offset: u64, sink: Sink) -> Result<(), ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let (sink, lent) = lend(&mut seat, sink)?;
        let guests = seat.guests();
        let Some(guest) = &guests.source else {
            return Err(lacks("source"));
        };
        let answered = guest.call_fetch(&mut seat.instance.store, locator, offset, lent).await;
        take_back(&mut seat, sink);
        seat.end(answered)
    }

    /// Who the destination is, and what it can do.
    pub async fn probe(&self) -> Result<Identity, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        convert::identity(call!(seat, destination.call_probe())?)
    }

    /// Brings the bytes. Paths below `.camroll/` are the engine's own: only for a file without an asset.
    pub async fn stage(&self, file: StageFile, body: Outlet) -> Result<Staged, ConnectorError> {
        let reach = match (&file.asset, Reach::of(&file.path)) {
            (None, Reach::Own) => Reach::Own,
            _ => Reach::Library,
        };
        let mut seat = self.seat(CallKind::Other, reach).await?;
        let (body, lent) = lend(&mut seat, Body::of_outlet(body))?;
        let guests = seat.guests();
        let Some(guest) = &guests.destination else {
            return Err(lacks("destination"));
        };
        let answered = guest
            .call_stage(&mut seat.instance.store, &convert::file_out(file), lent)
            .await;
        take_back(&mut seat, body);
        convert::staged(seat.end(answered)?)
    }

    /// Makes what was staged visible; one result for each, in the order given.
    pub async fn commit(&self, items: Vec<Vec<u8>>) -> Result<Vec<Result<Stored, ConnectorError>>, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let stored = call!(seat, destination.call_commit(&items))?;
        as_many("commit", items.len(), stored)?
            .into_iter()
            .map(|each| self.each(each, convert::stored))
            .collect()
    }

    /// Takes away what was staged and won't be committed; one result for each, in the order given.
    pub async fn abort(&self, items: Vec<Orphan>) -> Result<Vec<Result<(), ConnectorError>>, ConnectorError> {
        let asked: Vec<_> = items.into_iter().map(convert::orphan_out).collect();
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let aborted = call!(seat, destination.call_abort(&asked))?;
        as_many("abort", asked.len(), aborted)?
            .into_iter()
            .map(|each| self.each(each, Ok))
            .collect()
    }

    /// All below `prefix`, page by page.
    pub async fn list(&self, prefix: String, next: Option<Vec<u8>>) -> Result<Entries, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::of(&prefix)).await?;
        convert::entries(call!(seat, browsing.call_list(&prefix, next.as_deref()))?)
    }

    /// What is there; none if nothing is.
    pub async fn stat(&self, target: Target) -> Result<Option<Entry>, ConnectorError> {
        let reach = reach_of(&target);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        call!(seat, browsing.call_stat(&convert::target_out(target)))?
            .map(convert::entry)
            .transpose()
    }

    /// Puts the bytes that are there into the intake, from `offset` on, to the end. Doesn't finish the intake.
    pub async fn read(&self, target: Target, offset: u64, into: &mut Intake) -> Result<(), ConnectorError> {
        let reach = reach_of(&target);
        let target = convert::target_out(target);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        let (sink, lent) = lend(&mut seat, Sink::of(into, 0))?;
        let guests = seat.guests();
        let Some(guest) = &guests.browsing else {
            return Err(lacks("browsing"));
        };
        let answered = guest.call_read(&mut seat.instance.store, &target, offset, lent).await;
        take_back(&mut seat, sink);
        seat.end(answered)
    }

    /// Removes what is there, if it is what is expected.
    pub async fn remove(&self, expected: Entry, disposal: Disposal) -> Result<(), ConnectorError> {
        let reach = reach_of(&expected.target);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        call!(
            seat,
            editing.call_remove(&convert::entry_out(expected), disposal == Disposal::Trash)
        )
    }

    /// Gives it another path, if it is what is expected. `folder`: where folders have ids, the new one.
    pub async fn rename(&self, expected: Entry, path: String, folder: Option<Target>) -> Result<Entry, ConnectorError> {
        let reach = reach_of(&expected.target);
        let folder = folder.map(convert::target_out);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        convert::entry(call!(
            seat,
            editing.call_rename(&convert::entry_out(expected), &path, folder.as_ref())
        )?)
    }

    /// One answer of several.
    fn each<T, U>(
        &self,
        answer: Result<T, types::Error>,
        convert: impl FnOnce(T) -> Result<U, ConnectorError>,
    ) -> Result<Result<U, ConnectorError>, ConnectorError> {
        match answer {
            Ok(answer) => Ok(Ok(convert(answer)?)),
            Err(error) => {
                let mut error = convert::error(error);
                self.0.shared.redact_error(&mut error);
                Ok(Err(error))
            }
        }
    }
}

fn reach_of(target: &Target) -> Reach {
    target.path.as_deref().map_or(Reach::Library, Reach::of)
}

/// Puts something into the instance's table for the time of a call.
fn lend<T: Send + 'static>(seat: &mut Seat<'_>, thing: T) -> Result<(Resource<T>, Resource<T>), ConnectorError> {
    let own = seat.instance.store.data_mut().table.push(thing).map_err(|_| {
        ConnectorError::new(
            ErrorClass::Unexpected,
            "host/too-many-handles",
            "The connector holds as many bodies, requests and drafts as it may, from calls before this one.",
        )
    })?;
    let lent = Resource::new_borrow(own.rep());
    Ok((own, lent))
}

fn take_back<T: 'static>(seat: &mut Seat<'_>, own: Resource<T>) {
    // It is gone already where the instance fell.
    let _ = seat.instance.store.data_mut().table.delete(own);
}

fn lacks(interface: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/not-exported",
        format!("The connector doesn't have the interface `{interface}`."),
    )
}
