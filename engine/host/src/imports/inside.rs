//! The host's side of one instance: its handles, its limits, the call that is under way.

use std::future::Future;
use std::sync::Arc;

use camroll_model::ConnectorError;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use wasmtime::component::ResourceTable;

use crate::connection::Shared;
use crate::files::Reach;
use crate::limits::Limiter;

/// Requests started and not read to their end, of one instance.
const STARTED_AT_MOST: usize = 16;

/// Which export is being called, as far as rights hang on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// `connect`: no network.
    Connect,
    /// `check` and `sign-in`: may reveal slots and change the session.
    SignIn,
    /// `sign-out`: may change the session.
    SignOut,
    /// All others.
    Other,
}

/// One exported call.
pub(crate) struct Call {
    pub(crate) kind: CallKind,
    pub(crate) reach: Reach,
    /// Seconds waited by `clock.wait`.
    pub(crate) waited: u32,
    /// Ticks in which the guest itself ran.
    pub(crate) guest_ticks: u64,
    /// The tick that is seen next passed in the host and isn't the guest's.
    pub(crate) tick_was_ours: bool,
    /// Requests that send a body which was lent to this call.
    pub(crate) lent: Vec<AbortHandle>,
}

impl Call {
    pub(crate) fn new(kind: CallKind, reach: Reach) -> Self {
        Self {
            kind,
            reach,
            waited: 0,
            guest_ticks: 0,
            tick_was_ours: false,
            lent: Vec::new(),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.lent.iter().for_each(AbortHandle::abort);
    }
}

/// What the host keeps for one instance.
pub(crate) struct Inside {
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    pub(crate) shared: Arc<Shared>,
    pub(crate) call: Call,
    pub(crate) started: Arc<Semaphore>,
}

impl Inside {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(shared.limits.handles);
        Self {
            table,
            limiter: Limiter::new(shared.memory, shared.limits.table_elements),
            call: Call::new(CallKind::Connect, Reach::Library),
            started: Arc::new(Semaphore::new(STARTED_AT_MOST)),
            shared,
        }
    }

    /// Does the host's part of a call: ends with `cancelled` when the connection is stopped, and its time isn't the guest's.
    pub(crate) async fn ours<T>(
        &mut self,
        work: impl Future<Output = Result<T, ConnectorError>> + Send,
    ) -> Result<T, ConnectorError> {
        let began = self.shared.ticker.ticks();
        let done = tokio::select! {
            biased;
            done = work => done,
            stopped = self.shared.stop.stopped() => Err(stopped),
        };
        if self.shared.ticker.ticks() != began {
            self.call.tick_was_ours = true;
        }
        done
    }
}
