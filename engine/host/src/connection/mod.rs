//! A connection: a connector with its settings and secrets. How a call gets an instance and gives it back is here; the calls themselves are in the
//! files beside, one for each side of the interface.

use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use parking_lot::Mutex;
use wasmtime::component::Resource;

pub use destination::Disposal;
pub use sign_in::{Progress, Question};

use crate::bindings::camroll::connector::types;
use crate::connector::Loaded;
use crate::convert;
use crate::engine::{Running, Ticker};
use crate::files::{Folder, Reach};
use crate::imports::{CallKind, LogBudget};
use crate::instance::{Ended, Guests, Instance};
use crate::limits::Limits;
use crate::net::Net;
use crate::pool::{Home, Pool};
use crate::stop::{Stop, StopReason};
use crate::vault::Vault;

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

mod destination;
mod sign_in;
mod source;

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
