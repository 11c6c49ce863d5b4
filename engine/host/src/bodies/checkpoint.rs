use std::sync::Arc;

use camroll_model::{ConnectorError, Prefix};
use futures::future::BoxFuture;

/// Where an upload can go on after it was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What the connector gets back.
    pub state: Vec<u8>,
    /// All bytes before it are safe at the service.
    pub reached: u64,
    /// What those bytes were, as far as it was marked.
    pub prefix: Option<Prefix>,
}

/// Makes a checkpoint durable.
pub type Saver = Arc<dyn Fn(Checkpoint) -> BoxFuture<'static, Result<(), ConnectorError>> + Send + Sync>;
