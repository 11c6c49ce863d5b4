//! One instance of a connector: connected once, called one call at a time, dropped when it misbehaves.

use camroll_model::{ConnectorError, ErrorClass};
use std::sync::Arc;
use wasmtime::component::InstancePre;
use wasmtime::{Store, Trap, UpdateDeadline};

use crate::bindings::exports::camroll::connector::{authentication, browsing, connector, destination, editing, source};
use crate::connection::Shared;
use crate::connector::Loaded;
use crate::convert;
use crate::engine::TICK;
use crate::error::LoadError;
use crate::files::Reach;
use crate::imports::{Call, CallKind, Inside};
use crate::limits::LimitHit;

/// Ticks that a guest may go on computing after its call was asked to stop.
const TICKS_AFTER_STOP: u64 = 20;

/// Where a component's exports are, found once.
pub(crate) struct Indices {
    connector: connector::GuestIndices,
    authentication: Option<authentication::GuestIndices>,
    source: Option<source::GuestIndices>,
    destination: Option<destination::GuestIndices>,
    browsing: Option<browsing::GuestIndices>,
    editing: Option<editing::GuestIndices>,
}

impl Indices {
    pub(crate) fn of(pre: &InstancePre<Inside>) -> Result<Self, LoadError> {
        Ok(Self {
            connector: connector::GuestIndices::new(pre).map_err(|error| LoadError::Exports {
                reason: format!("a connector must export camroll:connector/connector: {error:#}"),
            })?,
            authentication: authentication::GuestIndices::new(pre).ok(),
            source: source::GuestIndices::new(pre).ok(),
            destination: destination::GuestIndices::new(pre).ok(),
            browsing: browsing::GuestIndices::new(pre).ok(),
            editing: editing::GuestIndices::new(pre).ok(),
        })
    }
}

/// The exports of one instance.
pub(crate) struct Guests {
    pub(crate) connector: connector::Guest,
    pub(crate) authentication: Option<authentication::Guest>,
    pub(crate) source: Option<source::Guest>,
    pub(crate) destination: Option<destination::Guest>,
    pub(crate) browsing: Option<browsing::Guest>,
    pub(crate) editing: Option<editing::Guest>,
}

/// A running connector.
pub(crate) struct Instance {
    pub(crate) store: Store<Inside>,
    pub(crate) guests: Arc<Guests>,
}

impl Instance {
    /// Makes one and gives it its settings.
    pub(crate) async fn new(loaded: &Loaded, shared: &Arc<Shared>) -> Result<Self, ConnectorError> {
        let mut store = Store::new(loaded.pre.engine(), Inside::new(Arc::clone(shared)));
        store.limiter(|inside| &mut inside.limiter);
        store.set_hostcall_fuel(shared.limits.passed);
        store.set_epoch_deadline(1);
        let limit = shared.limits.guest_time;
        let ticks = u64::try_from(limit.as_millis() / TICK.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        store.epoch_deadline_callback(move |mut store| {
            let inside = store.data_mut();
            if std::mem::take(&mut inside.call.tick_was_ours) {
                return Ok(UpdateDeadline::Continue(1));
            }
            inside.call.guest_ticks += 1;
            let hit = if inside.call.guest_ticks > ticks {
                LimitHit::GuestTime { limit }
            } else if inside.shared.stop.is_asked() && inside.call.guest_ticks > TICKS_AFTER_STOP {
                LimitHit::Stopped
            } else {
                // Others get their turn on this thread.
                return Ok(UpdateDeadline::Yield(1));
            };
            Err(hit.into())
        });
        let running = shared.ticker.running();
        let made = instantiate(loaded, &mut store).await;
        let guests = match made {
            Ok(guests) => Arc::new(guests),
            Err(error) => return Err(fell(&error, &mut store)),
        };
        let mut instance = Self { store, guests };
        instance.begin(CallKind::Connect, Reach::Library);
        let connector = instance.guests.connector.clone();
        let connected = connector.call_connect(&mut instance.store, &shared.settings).await;
        drop(running);
        instance.end(connected)?;
        Ok(instance)
    }

    /// Before each call.
    pub(crate) fn begin(&mut self, kind: CallKind, reach: Reach) {
        self.store.data_mut().call = Call::new(kind, reach);
        self.store.data_mut().limiter.hit = None;
        self.store.set_epoch_deadline(1);
    }

    /// After each call: what it answered, or why it fell. An instance that fell must be dropped; `fell` tells.
    pub(crate) fn end<T>(
        &mut self,
        answered: wasmtime::Result<Result<T, crate::bindings::camroll::connector::types::Error>>,
    ) -> Result<T, Ended> {
        // What was lent to the call ends with it.
        self.store.data_mut().call.lent.drain(..).for_each(|lent| lent.abort());
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let mut error = convert::error(error);
                self.store.data().shared.redact_error(&mut error);
                Err(Ended::Said(error))
            }
            Err(error) => Err(Ended::Fell(fell(&error, &mut self.store))),
        }
    }
}

/// Why a call has no answer.
pub(crate) enum Ended {
    /// The connector said so, and can be called again.
    Said(ConnectorError),
    /// The instance was stopped, and is of no more use.
    Fell(ConnectorError),
}

impl From<Ended> for ConnectorError {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Said(error) | Ended::Fell(error) => error,
        }
    }
}

async fn instantiate(loaded: &Loaded, store: &mut Store<Inside>) -> wasmtime::Result<Guests> {
    let instance = loaded.pre.instantiate_async(&mut *store).await?;
    let indices = &loaded.indices;
    macro_rules! load {
        ($name:ident) => {
            indices
                .$name
                .as_ref()
                .map(|indices| indices.load(&mut *store, &instance))
                .transpose()?
        };
    }
    Ok(Guests {
        connector: indices.connector.load(&mut *store, &instance)?,
        authentication: load!(authentication),
        source: load!(source),
        destination: load!(destination),
        browsing: load!(browsing),
        editing: load!(editing),
    })
}

/// What stopped an instance, in words that say which limit it was.
fn fell(error: &wasmtime::Error, store: &mut Store<Inside>) -> ConnectorError {
    let inside = store.data_mut();
    let name = inside.shared.connector_id.clone();
    // A failed allocation ends in some trap or other: the limit that it met before says why.
    let hit = error.downcast_ref::<LimitHit>().copied().or(inside.limiter.hit.take());
    let (class, code, why) = match (hit, error.downcast_ref::<Trap>()) {
        (Some(LimitHit::Stopped), _) => (
            ErrorClass::Cancelled,
            LimitHit::Stopped.code(),
            LimitHit::Stopped.to_string(),
        ),
        (Some(hit), _) => (ErrorClass::Unexpected, hit.code(), hit.to_string()),
        (None, Some(Trap::StackOverflow)) => (
            ErrorClass::Unexpected,
            "host/stack-limit",
            "It called itself too deeply.".to_owned(),
        ),
        (None, Some(trap)) => (ErrorClass::Unexpected, "host/trap", format!("It ran into {trap}.")),
        // wasmtime keeps the type of this error to itself.
        (None, None) if format!("{error:#}").contains("fuel allocated for hostcalls") => (
            ErrorClass::Unexpected,
            "host/answer-too-large",
            format!("It passed more than {} bytes in one call.", inside.shared.limits.passed),
        ),
        (None, None) => (
            ErrorClass::Unexpected,
            "host/broke-interface",
            format!("It broke the rules of the interface: {}.", error.root_cause()),
        ),
    };
    tracing::debug!(target: "connector", connection = inside.shared.name, code, "the instance fell: {error:?}");
    let mut fallen = ConnectorError::new(class, code, format!("The connector {name} was stopped. {why}"));
    inside.shared.redact_error(&mut fallen);
    fallen
}
