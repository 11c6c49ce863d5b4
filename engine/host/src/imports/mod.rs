//! What a connector may call: each interface of wit/ that it imports, under the limits of its instance.

mod bodies;
mod files;
mod findings;
mod http;
mod later;
mod small;
mod staging;
mod tcp;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use camroll_model::{ConnectorError, ErrorClass};
use tokio::sync::watch;
use tokio::task::JoinSet;
use wasmtime::component::ResourceTable;

pub use self::bodies::Sink;
pub use self::http::Pending;
pub use self::later::Outgoing;
pub use self::tcp::TcpConnection;
use crate::bodies::Throttle;
use crate::computing::Computing;
use crate::files::Folder;
use crate::findings::{Claim, Findings};
use crate::limits::{Limiter, Limits};
use crate::manifest::Manifest;
use crate::net::Net;
use crate::tcp::Tcp;
use crate::vault::Vault;

/// What all instances of a connection share.
pub(crate) struct Shared {
    pub name: String,
    pub manifest: Arc<Manifest>,
    /// JSON, with slots' names where secrets stand.
    pub settings: String,
    pub vault: Arc<Vault>,
    pub net: Net,
    pub tcp: Tcp,
    pub folder: Option<Folder>,
    pub findings: Arc<Findings>,
    pub limits: Limits,
    /// Bounds what passes of files.
    pub throttle: Throttle,
    pub stop: watch::Sender<bool>,
    pub log: LogBudget,
}

impl Shared {
    /// Runs what may block, unless the connection is asked to stop.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, ConnectorError>>,
    ) -> Result<T, ConnectorError> {
        let mut stop = self.stop.subscribe();
        tokio::select! {
            biased;
            _ = stop.wait_for(|asked| *asked) => Err(ConnectorError::new(ErrorClass::Cancelled, "host/stopped", "The call was asked to stop.")),
            result = work => result,
        }
    }

    /// The same on a task of its own, which ends with this call. What reaches deep into TLS or SSH then uses the stack of a thread, which all calls share, and not that of the
    /// instance, which keeps what was ever touched of it.
    pub(crate) async fn apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ConnectorError>> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        // Whatever is left of it when this is dropped is aborted.
        let mut task = JoinSet::new();
        task.spawn(work);
        let result = async {
            let panicked = |what: String| Err(ConnectorError::new(ErrorClass::Unexpected, "host/panic", what));
            match task.join_next().await {
                Some(Ok(result)) => result,
                Some(Err(panic)) => panicked(panic.to_string()),
                None => panicked("There is no task.".to_owned()),
            }
        };
        self.unless_stopped(result).await
    }
}

/// How much a connector may still say.
pub(crate) struct LogBudget {
    pub lines: AtomicI64,
    pub refilled: AtomicI64,
    pub dropped: AtomicU64,
}

impl Default for LogBudget {
    fn default() -> Self {
        Self {
            lines: AtomicI64::new(200),
            refilled: AtomicI64::new(0),
            dropped: AtomicU64::new(0),
        }
    }
}

/// Which exported call is under way: some imports are only for some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Connect,
    Check,
    SignIn,
    Other,
}

impl Call {
    /// Whether secrets may be revealed and the session changed.
    pub(crate) fn is_about_signing_in(self) -> bool {
        matches!(self, Self::Check | Self::SignIn)
    }
}

/// What an instance's store holds.
pub(crate) struct Guest {
    pub shared: Arc<Shared>,
    pub table: ResourceTable,
    pub limiter: Limiter,
    pub call: Call,
    /// Seconds that the call has waited by `clock.wait`.
    pub waited: u32,
    /// Guest time that the call has used.
    pub computing: Computing,
    /// Pendings and unread answers.
    pub under_way: usize,
    /// Connections below HTTP that are open.
    pub connections: usize,
    /// Where checkpoints go while a file is being staged.
    pub saver: Option<crate::bodies::Saver>,
    /// What this call finds out for all instances.
    pub claims: Vec<Claim>,
}

impl Guest {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(shared.limits.handles);
        Self {
            limiter: Limiter::new(shared.limits),
            table,
            shared,
            call: Call::Connect,
            waited: 0,
            computing: Computing::default(),
            under_way: 0,
            connections: 0,
            saver: None,
            claims: Vec::new(),
        }
    }
}

pub(crate) fn unsupported(what: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/not-built",
        format!("{what} isn't built yet in this camroll."),
    )
}
