//! The interface's host side. Each file implements one interface of wit/ on `Inside`, the host's side of one instance; what they decide is in
//! `net`, `vault`, `files` and `bodies`.

mod bodies;
mod clock;
mod files;
mod http;
mod inside;
mod log;
mod random;
mod secrets;
mod session;
mod staging;
mod tcp;

use camroll_model::{ConnectorError, ErrorClass};
use wasmtime::component::ResourceTableError;

pub use http::{Outgoing, Pending};
pub(crate) use inside::{Call, CallKind, Inside};
pub(crate) use log::LogBudget;
pub use tcp::TcpConnection;

use crate::bindings::camroll::connector::types;
use crate::convert;

/// How an import fails: with an error that the guest gets, or by stopping the instance.
#[derive(Debug)]
pub enum Failure {
    /// The guest gets this.
    Said(ConnectorError),
    /// The guest broke the interface's rules and is stopped.
    Trap(wasmtime::Error),
}

impl From<ConnectorError> for Failure {
    fn from(error: ConnectorError) -> Self {
        Self::Said(error)
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => Self::Said(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/too-many-handles",
                "The connector holds more bodies, requests and drafts than it may at a time.",
            )),
            other => Self::Trap(other.into()),
        }
    }
}

impl types::Host for Inside {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<types::Error> {
        match failure {
            Failure::Said(error) => Ok(convert::error_out(error)),
            Failure::Trap(error) => Err(error),
        }
    }
}

/// Does something that blocks where it blocks nobody else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnectorError> + Send + 'static,
) -> Result<T, ConnectorError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(ConnectorError::new(
            ErrorClass::Unexpected,
            "host/panic",
            error.to_string(),
        ))
    })
}

/// The answer to what the interface has and this host hasn't built.
fn not_built(what: &str) -> Failure {
    Failure::Said(ConnectorError::new(
        ErrorClass::Unsupported,
        "host/not-built",
        format!("This camroll doesn't have {what} yet; a newer one may."),
    ))
}
