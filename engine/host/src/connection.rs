//! A connection: a connector with its settings and secrets, and as many instances of it as there are calls at a time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use camroll_model::{
    Account, Album, Asset, AssetId, Change, ConnectorError, Entries, Entry, ErrorClass, Identity, Library, LibraryId,
    Located, Orphan, Page, ResourceRef, StageFile, Staged, Stored, Target,
};
use parking_lot::Mutex;
use wasmtime::component::{Instance as Component, Resource};
use wasmtime::{Store, UpdateDeadline};

use crate::bindings::camroll::connector::types::Error as WitError;
use crate::bindings::exports::camroll::connector::{albums, authentication, destination, source};
use crate::bodies::{Body, Intake, Outlet, memory};
use crate::computing::Computing;
use crate::connector::Loaded;
use crate::convert;
use crate::failpoint::failpoint;
use crate::files::sweep;
use crate::imports::{Call, Guest, Shared, Sink};

/// What one page may hold, by the interface.
const PAGE_LIMIT: usize = 1000;
const TOKEN_LIMIT: usize = 64 << 10;
/// Longest id of an album that is taken, bytes: it goes into the state.
const ALBUM_ID_LIMIT: usize = 1 << 10;

/// What a sign-in asks or says.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Signed in.
    Done(Account),
    /// Somebody has to answer.
    Ask(Question),
}

/// A question of a sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// code, choice, page, approval, consent, secret.
    pub kind: String,
    /// Sentences for a person.
    pub text: String,
    /// What can be chosen, or answered instead: id and label.
    pub choices: Vec<(String, String)>,
    /// What the next call needs. May carry secrets.
    pub step: Vec<u8>,
    /// When it is no longer asked.
    pub expires: Option<camroll_model::Instant>,
    /// "url", "slot", "digits", "again-after".
    pub attributes: camroll_model::Attributes,
}

/// Where a connection's calls go, and so what many of them at a time cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// They don't leave this machine.
    Nowhere,
    /// To a server by requests: many of them at a time cost no more than one.
    Requests,
    /// To a server by a connection each, with a handshake and a sign-in.
    Connections,
}

/// What happens to what is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// Into the service's bin.
    Trash,
    /// For good.
    Delete,
}

/// A connector with its settings and secrets. Cheap to clone; calls may run at the same time.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    loaded: Arc<Loaded>,
    shared: Arc<Shared>,
    idle: Mutex<Vec<Instance>>,
    /// Those that have read answers of hundreds of records: their memory never shrinks again, so no others are made to grow.
    grown: Mutex<Vec<Instance>>,
    /// All `changes` of a library go to one instance, so that it can ask ahead.
    listing: Mutex<HashMap<LibraryId, Instance>>,
}

/// A running instance; dropped when a call of it trapped.
struct Instance {
    store: Store<Guest>,
    component: Component,
}

/// What a call has an instance read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Little,
    /// Many records at a time.
    Much,
}

type Called<T> = wasmtime::Result<Result<T, WitError>>;

impl Connection {
    pub(crate) fn new(loaded: Arc<Loaded>, shared: Arc<Shared>) -> Self {
        Self(Arc::new(Inner {
            loaded,
            shared,
            idle: Mutex::default(),
            grown: Mutex::default(),
            listing: Mutex::default(),
        }))
    }

    /// The connector's id.
    pub fn connector_id(&self) -> &str {
        &self.0.loaded.manifest.id
    }

    /// The connection's name.
    pub fn name(&self) -> &str {
        &self.0.shared.name
    }

    /// Where its calls go.
    pub fn reach(&self) -> Reach {
        let manifest = &self.0.loaded.manifest;
        match (&manifest.tcp, manifest.origins.is_empty() && manifest.hosts.is_empty()) {
            (tcp, _) if !tcp.is_empty() => Reach::Connections,
            (_, false) => Reach::Requests,
            (_, true) => Reach::Nowhere,
        }
    }

    /// Requests that went out.
    pub fn requests(&self) -> u64 {
        self.0.shared.net.requests()
    }

    /// Asks all calls to end: what blocks answers `cancelled`.
    pub fn stop(&self) {
        self.0.shared.stop.send_replace(true);
    }

    /// Reads the kept sign-in again: another process may have renewed it.
    pub async fn reload(&self) -> Result<(), ConnectorError> {
        self.0.shared.vault.reload().await
    }

    /// Forgets what was captured, kept and learnt.
    pub async fn forget(&self) -> Result<(), ConnectorError> {
        self.0.shared.vault.clear().await
    }

    async fn instance(&self) -> Result<Instance, ConnectorError> {
        if let Some(instance) = self.0.idle.lock().pop() {
            return Ok(instance);
        }
        let loaded = &self.0.loaded;
        let mut store = Store::new(loaded.pre.engine(), Guest::new(Arc::clone(&self.0.shared)));
        store.limiter(|guest| &mut guest.limiter);
        store.set_hostcall_fuel(loaded.limits.call_bytes);
        store.call_hook(|mut context, hook| {
            context.data_mut().computing.at(hook);
            Ok(())
        });
        let allowed = loaded.limits.guest_time;
        store.epoch_deadline_callback(move |mut context| {
            let guest = context.data_mut();
            if guest.computing.spent() > allowed {
                guest.limiter.hit = Some("host/guest-time");
                return Err(wasmtime::Error::msg("the call used up its time"));
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store.set_epoch_deadline(1);
        let running = loaded.ticker.running();
        let component = match loaded.pre.instantiate_async(&mut store).await {
            Ok(component) => component,
            Err(error) => return Err(self.trapped(&store, &error)),
        };
        drop(running);
        let mut instance = Instance { store, component };
        let settings = self.0.shared.settings.clone();
        let connector = match loaded.indices.connector.load(&mut instance.store, &instance.component) {
            Ok(connector) => connector,
            Err(error) => return Err(self.trapped(&instance.store, &error)),
        };
        self.call(&mut instance, Call::Connect, async |store: &mut Store<Guest>| {
            connector.call_connect(store, &settings).await
        })
        .await?;
        Ok(instance)
    }

    /// Makes a call on an instance.
    async fn call<T>(
        &self,
        instance: &mut Instance,
        call: Call,
        work: impl AsyncFnOnce(&mut Store<Guest>) -> Called<T>,
    ) -> Result<T, ConnectorError> {
        let _running = self.0.loaded.ticker.running();
        let store = &mut instance.store;
        let guest = store.data_mut();
        guest.call = call;
        guest.waited = 0;
        guest.computing = Computing::default();
        store.set_epoch_deadline(1);
        let worked = work(store).await;
        // What it didn't tell by now it won't.
        store.data_mut().claims.clear();
        match worked {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.error_in(error)),
            Err(error) => Err(self.trapped(store, &error)),
        }
    }

    fn error_in(&self, error: WitError) -> ConnectorError {
        convert::error_in(error, &self.0.shared.vault)
    }

    /// What a trap means. The instance is gone; the engine and the other instances aren't.
    fn trapped(&self, store: &Store<Guest>, error: &wasmtime::Error) -> ConnectorError {
        let cause = error.root_cause().to_string();
        let id = &self.0.loaded.manifest.id;
        let (code, what) = match store.data().limiter.hit {
            Some("host/guest-time") => (
                "host/guest-time",
                format!("it computed for longer than {:?}", self.0.loaded.limits.guest_time),
            ),
            Some("host/memory-limit") => (
                "host/memory-limit",
                format!("it wanted more than {} bytes of memory", self.0.loaded.limits.memory),
            ),
            Some("host/table-limit") => (
                "host/table-limit",
                "it wanted larger tables than it may have".to_owned(),
            ),
            _ if cause.contains("fuel") => (
                "host/call-too-large",
                "it passed more in one call than it may".to_owned(),
            ),
            _ if cause.contains("table") && cause.contains("full") => {
                ("host/too-many", "it held more handles than it may".to_owned())
            }
            _ if cause.contains("stack") => ("host/stack", "it used up its stack".to_owned()),
            _ => (
                "host/trapped",
                format!("it failed inside: {}", cause.chars().take(300).collect::<String>()),
            ),
        };
        ConnectorError::new(
            ErrorClass::Unexpected,
            code,
            format!("The connector {id} was stopped: {what}."),
        )
    }

    fn give_back<T>(&self, instance: Instance, result: &Result<T, ConnectorError>) {
        self.give_back_to(&self.0.idle, instance, result);
    }

    fn give_back_to<T>(&self, idle: &Mutex<Vec<Instance>>, instance: Instance, result: &Result<T, ConnectorError>) {
        // A trapped instance must not be entered again.
        let trapped = result
            .as_ref()
            .is_err_and(|error| error.code.starts_with("host/") && is_trap(&error.code));
        if !trapped {
            idle.lock().push(instance);
        }
    }

    fn cannot(&self, interface: &str) -> ConnectorError {
        ConnectorError::new(
            ErrorClass::Unsupported,
            "host/not-exported",
            format!(
                "The connector {} doesn't export {interface}.",
                self.0.loaded.manifest.id
            ),
        )
    }

    /// The cheapest call that shows that settings and sign-in work.
    pub async fn check(&self) -> Result<Account, ConnectorError> {
        let mut instance = self.instance().await?;
        let loaded = Arc::clone(&self.0.loaded);
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::Check, async |store: &mut Store<Guest>| {
                let connector = loaded.indices.connector.load(&mut *store, &component)?;
                connector.call_check(store).await
            })
            .await
            .map(convert::account_in);
        self.give_back(instance, &result);
        self.0.shared.vault.keep().await?;
        result
    }

    /// A step of a sign-in.
    pub async fn sign_in(&self, step: Option<Vec<u8>>, answer: Option<String>) -> Result<Progress, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.authentication else {
            return Err(self.cannot("authentication"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::SignIn, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                guest.call_sign_in(store, step.as_deref(), answer.as_deref()).await
            })
            .await
            .and_then(|progress| match progress {
                authentication::Progress::Done(account) => Ok(Progress::Done(convert::account_in(account))),
                authentication::Progress::Ask(question) => {
                    if question.step.len() > TOKEN_LIMIT {
                        return Err(oversized("A step of a sign-in"));
                    }
                    Ok(Progress::Ask(Question {
                        kind: question.kind,
                        text: question.text,
                        choices: question
                            .choices
                            .into_iter()
                            .map(|choice| (choice.id, choice.label))
                            .collect(),
                        step: question.step,
                        expires: question.expires.map(convert::instant_in),
                        attributes: convert::attributes_in(question.attributes),
                    }))
                }
            });
        self.give_back(instance, &result);
        self.0.shared.vault.keep().await?;
        result
    }

    /// Ends the session at the service as far as it lets one, and forgets it here.
    pub async fn sign_out(&self) -> Result<(), ConnectorError> {
        let result = match &self.0.loaded.indices.authentication {
            None => Ok(()),
            Some(indices) => {
                let mut instance = self.instance().await?;
                let component = instance.component;
                let result = self
                    .call(&mut instance, Call::SignIn, async |store: &mut Store<Guest>| {
                        indices.load(&mut *store, &component)?.call_sign_out(store).await
                    })
                    .await;
                self.give_back(instance, &result);
                result
            }
        };
        self.forget().await?;
        result
    }

    async fn source<T>(
        &self,
        reads: Reads,
        work: impl AsyncFnOnce(&mut Store<Guest>, source::Guest) -> Called<T>,
    ) -> Result<T, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.source else {
            return Err(self.cannot("source"));
        };
        let grown = match reads {
            Reads::Much => self.0.grown.lock().pop(),
            Reads::Little => None,
        };
        let mut instance = match grown {
            Some(instance) => instance,
            None => self.instance().await?,
        };
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                work(store, guest).await
            })
            .await;
        match reads {
            Reads::Much => self.give_back_to(&self.0.grown, instance, &result),
            Reads::Little => self.give_back(instance, &result),
        }
        result
    }

    async fn destination<T>(
        &self,
        work: impl AsyncFnOnce(&mut Store<Guest>, destination::Guest) -> Called<T>,
    ) -> Result<T, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.destination else {
            return Err(self.cannot("destination"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                work(store, guest).await
            })
            .await;
        self.give_back(instance, &result);
        result
    }

    /// All libraries of the account.
    pub async fn libraries(&self) -> Result<Vec<Library>, ConnectorError> {
        let told = self
            .source(Reads::Little, async |store: &mut Store<Guest>, guest| {
                guest.call_libraries(store).await
            })
            .await?;
        Ok(told.into_iter().take(PAGE_LIMIT).map(convert::library_in).collect())
    }

    /// What changed in a library since a cursor; without one, everything.
    pub async fn changes(&self, library: &LibraryId, cursor: Option<Vec<u8>>) -> Result<Page, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.source else {
            return Err(self.cannot("source"));
        };
        let kept = self.0.listing.lock().remove(library);
        let mut instance = match kept {
            Some(instance) => instance,
            None => self.instance().await?,
        };
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                guest.call_changes(store, library.as_str(), cursor.as_deref()).await
            })
            .await;
        if result.as_ref().err().is_none_or(|error| !is_trap(&error.code)) {
            self.0.listing.lock().insert(library.clone(), instance);
        }
        let page = result?;
        if page.changes.len() > PAGE_LIMIT || page.cursor.len() > TOKEN_LIMIT {
            return Err(oversized("A page of changes"));
        }
        Ok(Page {
            changes: page
                .changes
                .into_iter()
                .map(|change| convert::change_in(change, &self.0.shared.vault))
                .collect(),
            cursor: page.cursor,
            more: page.more,
            done: page.done,
            total: page.total,
        })
    }

    /// Assets as they are now, in order.
    pub async fn describe(&self, library: &LibraryId, ids: Vec<AssetId>) -> Result<Vec<Change>, ConnectorError> {
        let ids: Vec<String> = ids.into_iter().map(|id| id.0).collect();
        let told = self
            .source(Reads::Much, async |store: &mut Store<Guest>, guest| {
                guest.call_describe(store, library.as_str(), &ids).await
            })
            .await?;
        Ok(told
            .into_iter()
            .map(|change| convert::change_in(change, &self.0.shared.vault))
            .collect())
    }

    /// Where bytes are, in the order asked.
    pub async fn locate(
        &self,
        library: &LibraryId,
        items: Vec<ResourceRef>,
    ) -> Result<Vec<Result<Located, ConnectorError>>, ConnectorError> {
        let items: Vec<source::ResourceRef> = items
            .into_iter()
            .map(|item| source::ResourceRef {
                asset: item.asset.0,
                resource: item.resource.0,
                version: item.version,
                pointer: item.pointer,
            })
            .collect();
        let told = self
            .source(Reads::Much, async |store: &mut Store<Guest>, guest| {
                guest.call_locate(store, library.as_str(), &items).await
            })
            .await?;
        Ok(told
            .into_iter()
            .map(|one| one.map(convert::located_in).map_err(|error| self.error_in(error)))
            .collect())
    }

    /// Fetches into the intake, from where it is. After a failure it may be called again.
    pub async fn fetch(&self, locator: Vec<u8>, into: &mut Intake) -> Result<(), ConnectorError> {
        let offset = into.offset();
        match self.fetch_from(&locator, offset, into).await {
            Err(error) if error.class == ErrorClass::Unsupported && offset > 0 && into.offset() == offset => {
                into.skip(offset);
                self.fetch_from(&locator, 0, into).await
            }
            result => result,
        }
    }

    async fn fetch_from(&self, locator: &[u8], offset: u64, into: &mut Intake) -> Result<(), ConnectorError> {
        self.with_sink(
            into,
            async |connection: &Self, sink: Arc<tokio::sync::Mutex<Intake>>| {
                connection
                    .source(Reads::Little, async |store: &mut Store<Guest>, guest| {
                        let own = store.data_mut().table.push(Sink(sink))?;
                        let lent = Resource::new_borrow(own.rep());
                        let result = guest.call_fetch(&mut *store, locator, offset, lent).await;
                        store.data_mut().table.delete(own)?;
                        result
                    })
                    .await
            },
        )
        .await
    }

    /// Lends an intake to a call, and takes it back.
    async fn with_sink(
        &self,
        into: &mut Intake,
        work: impl AsyncFnOnce(&Self, Arc<tokio::sync::Mutex<Intake>>) -> Result<(), ConnectorError>,
    ) -> Result<(), ConnectorError> {
        let lent = Arc::new(tokio::sync::Mutex::new(std::mem::replace(into, memory(0))));
        let result = work(self, Arc::clone(&lent)).await;
        match Arc::try_unwrap(lent) {
            Ok(intake) => *into = intake.into_inner(),
            Err(_) => {
                return Err(ConnectorError::new(
                    ErrorClass::Unexpected,
                    "host/trapped",
                    "The connector kept a sink beyond its call.",
                ));
            }
        }
        result
    }

    /// Who a destination is, and what it can do.
    pub async fn probe(&self) -> Result<Identity, ConnectorError> {
        let told = self
            .destination(async |store: &mut Store<Guest>, guest| guest.call_probe(store).await)
            .await?;
        Ok(convert::identity_in(told))
    }

    /// Brings a file's bytes where nobody sees them yet.
    pub async fn stage(&self, file: StageFile, mut body: Outlet) -> Result<Staged, ConnectorError> {
        let file = convert::file_out(file);
        let saver = body.saver.take();
        let throttle = self.0.shared.throttle.clone();
        failpoint("stage/before");
        let staged = self
            .destination(async |store: &mut Store<Guest>, guest| {
                let own = store.data_mut().table.push(Body::outlet(body, throttle))?;
                let lent = Resource::new_borrow(own.rep());
                store.data_mut().saver = saver;
                let result = guest.call_stage(&mut *store, &file, lent).await;
                store.data_mut().saver = None;
                store.data_mut().table.delete(own)?;
                result
            })
            .await?;
        failpoint("stage/after");
        match staged {
            destination::Staged::Held(token) if token.len() > TOKEN_LIMIT => Err(oversized("What stage gave")),
            destination::Staged::Held(token) => Ok(Staged::Held(token)),
            destination::Staged::Stored(stored) => Ok(Staged::Stored(Box::new(convert::stored_in(stored)))),
        }
    }

    /// Makes staged files visible; each ends on its own, in the order given.
    pub async fn commit(&self, items: Vec<Vec<u8>>) -> Result<Vec<Result<Stored, ConnectorError>>, ConnectorError> {
        failpoint("commit/before");
        let told = self
            .destination(async |store: &mut Store<Guest>, guest| guest.call_commit(store, &items).await)
            .await?;
        failpoint("commit/after");
        Ok(told
            .into_iter()
            .map(|one| one.map(convert::stored_in).map_err(|error| self.error_in(error)))
            .collect())
    }

    /// Takes away what was staged and won't be committed.
    pub async fn abort(&self, items: Vec<Orphan>) -> Result<Vec<Result<(), ConnectorError>>, ConnectorError> {
        let items: Vec<_> = items.into_iter().map(convert::orphan_out).collect();
        let told = self
            .destination(async |store: &mut Store<Guest>, guest| guest.call_abort(store, &items).await)
            .await?;
        Ok(told
            .into_iter()
            .map(|one| one.map_err(|error| self.error_in(error)))
            .collect())
    }

    /// Takes away drafts that a killed run left and that none of these is; nothing where the connector has no folder, or another run is at work in it. How many.
    pub async fn sweep_drafts(&self, kept: HashSet<String>) -> Result<u64, ConnectorError> {
        let Some(folder) = self.0.shared.folder.clone() else {
            return Ok(0);
        };
        tokio::task::spawn_blocking(move || sweep(&folder, &kept))
            .await
            .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "host/panic", panic.to_string()))?
    }

    /// What is below a prefix, a page at a time.
    pub async fn list(&self, prefix: String, next: Option<Vec<u8>>) -> Result<Entries, ConnectorError> {
        let told = self
            .browsing(async |store: &mut Store<Guest>, guest| guest.call_list(store, &prefix, next.as_deref()).await)
            .await?;
        Ok(convert::entries_in(told))
    }

    /// What is at a target; none where nothing is.
    pub async fn stat(&self, target: Target) -> Result<Option<Entry>, ConnectorError> {
        let target = convert::target_out(target);
        let told = self
            .browsing(async |store: &mut Store<Guest>, guest| guest.call_stat(store, &target).await)
            .await?;
        Ok(told.map(convert::entry_in))
    }

    /// Reads what is stored there into the intake.
    pub async fn read(&self, target: Target, offset: u64, into: &mut Intake) -> Result<(), ConnectorError> {
        let target = convert::target_out(target);
        self.with_sink(
            into,
            async |connection: &Self, sink: Arc<tokio::sync::Mutex<Intake>>| {
                connection
                    .browsing(async |store: &mut Store<Guest>, guest| {
                        let own = store.data_mut().table.push(Sink(sink))?;
                        let lent = Resource::new_borrow(own.rep());
                        let result = guest.call_read(&mut *store, &target, offset, lent).await;
                        store.data_mut().table.delete(own)?;
                        result
                    })
                    .await
            },
        )
        .await
    }

    async fn browsing<T>(
        &self,
        work: impl AsyncFnOnce(
            &mut Store<Guest>,
            crate::bindings::exports::camroll::connector::browsing::Guest,
        ) -> Called<T>,
    ) -> Result<T, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.browsing else {
            return Err(self.cannot("browsing"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                work(store, guest).await
            })
            .await;
        self.give_back(instance, &result);
        result
    }

    /// Takes away what is there, if it is what was expected.
    pub async fn remove(&self, expected: Entry, disposal: Disposal) -> Result<(), ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.editing else {
            return Err(self.cannot("editing"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let expected = convert::entry_out(expected);
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                guest.call_remove(store, &expected, disposal == Disposal::Trash).await
            })
            .await;
        self.give_back(instance, &result);
        result
    }

    /// Gives another path to what is there, if it is what was expected and nothing is at the new one.
    pub async fn rename(&self, expected: Entry, path: String) -> Result<Entry, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.editing else {
            return Err(self.cannot("editing"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let expected = convert::entry_out(expected);
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                guest.call_rename(store, &expected, &path, None).await
            })
            .await
            .map(convert::entry_in);
        self.give_back(instance, &result);
        result
    }

    /// Whether it can set what a service knows of a file beside its bytes.
    pub fn exports_annotating(&self) -> bool {
        self.0.loaded.indices.annotating.is_some()
    }

    /// Tells the service an asset's metadata (title, caption, favorite, keywords, dates, place) for what is there, if it is what was expected. What is there then.
    pub async fn annotate(&self, expected: Entry, asset: Arc<Asset>) -> Result<Entry, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.annotating else {
            return Err(self.cannot("annotating"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let expected = convert::entry_out(expected);
        let asset = convert::asset_out(Arc::unwrap_or_clone(asset));
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                guest.call_annotate(store, &expected, &asset).await
            })
            .await
            .map(convert::entry_in);
        self.give_back(instance, &result);
        result
    }

    /// Whether it can keep albums.
    pub fn exports_albums(&self) -> bool {
        self.0.loaded.indices.albums.is_some()
    }

    async fn albums<T>(
        &self,
        work: impl AsyncFnOnce(&mut Store<Guest>, albums::Guest) -> Called<T>,
    ) -> Result<T, ConnectorError> {
        let Some(indices) = &self.0.loaded.indices.albums else {
            return Err(self.cannot("albums"));
        };
        let mut instance = self.instance().await?;
        let component = instance.component;
        let result = self
            .call(&mut instance, Call::Other, async |store: &mut Store<Guest>| {
                let guest = indices.load(&mut *store, &component)?;
                work(store, guest).await
            })
            .await;
        self.give_back(instance, &result);
        result
    }

    /// The destination's id of an album of that name, made if there is none. `parent` is the destination's id of what holds it; `known` the album's own from before:
    /// it is renamed if it has another name now.
    pub async fn ensure_album(
        &self,
        album: Album,
        parent: Option<String>,
        known: Option<String>,
    ) -> Result<String, ConnectorError> {
        let album = convert::album_out(album);
        let id = self
            .albums(async |store: &mut Store<Guest>, guest| {
                guest
                    .call_ensure(store, &album, parent.as_deref(), known.as_deref())
                    .await
            })
            .await?;
        if id.is_empty() || id.len() > ALBUM_ID_LIMIT {
            return Err(oversized("The id of an album"));
        }
        Ok(id)
    }

    /// Puts files into an album and takes others out; being there already, or not being there, is no error. One result for each, those to add first.
    /// `NotFound` of the whole: the album is gone.
    pub async fn set_members(
        &self,
        album: String,
        add: Vec<Target>,
        remove: Vec<Target>,
    ) -> Result<Vec<Result<(), ConnectorError>>, ConnectorError> {
        let expected = add.len() + remove.len();
        let add: Vec<_> = add.into_iter().map(convert::target_out).collect();
        let remove: Vec<_> = remove.into_iter().map(convert::target_out).collect();
        let told = self
            .albums(async |store: &mut Store<Guest>, guest| guest.call_set_members(store, &album, &add, &remove).await)
            .await?;
        if told.len() != expected {
            return Err(ConnectorError::new(
                ErrorClass::Unexpected,
                "host/miscounted",
                format!(
                    "The connector {} answered for {} members of an album; it was asked about {expected}.",
                    self.0.loaded.manifest.id,
                    told.len()
                ),
            ));
        }
        Ok(told
            .into_iter()
            .map(|one| one.map_err(|error| self.error_in(error)))
            .collect())
    }
}

fn is_trap(code: &str) -> bool {
    matches!(
        code,
        "host/guest-time"
            | "host/memory-limit"
            | "host/table-limit"
            | "host/call-too-large"
            | "host/too-many"
            | "host/stack"
            | "host/trapped"
    )
}

fn oversized(what: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "host/answer-too-large",
        format!("{what} is larger than the interface allows."),
    )
}
