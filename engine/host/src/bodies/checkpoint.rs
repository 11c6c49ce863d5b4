use std::sync::Arc;

use camroll_model::ConnectorError;
use futures::future::BoxFuture;

/// Where an upload can go on after it was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What the connector gets back.
    pub state: Vec<u8>,
    /// All bytes before it are safe at the service.
    pub reached: u64,
}

/// Makes a checkpoint durable.
pub type Saver = Arc<dyn Fn(Checkpoint) -> BoxFuture<'static, Result<(), ConnectorError>> + Send + Sync>;
