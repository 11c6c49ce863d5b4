//! What a destination can ask for while `stage` is under way.

use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use wasmtime::component::Resource;

use crate::bindings::camroll::connector::staging::Host;
use crate::bindings::camroll::connector::types::Error;
use crate::bodies::{Body, Checkpoint};
use crate::convert::error_out;
use crate::imports::{Guest, unsupported};

/// Bytes of a checkpoint.
const LIMIT: usize = 64 << 10;

impl Host for Guest {
    async fn save(&mut self, state: Vec<u8>, reached: u64) -> wasmtime::Result<Result<(), Error>> {
        let Some(saver) = self.saver.clone() else {
            return Ok(Err(error_out(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/not-staging",
                "A checkpoint can be saved only while a file is being staged.",
            ))));
        };
        if state.len() > LIMIT {
            return Ok(Err(error_out(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/too-large",
                format!("A checkpoint has at most {LIMIT} bytes."),
            ))));
        }
        let shared = Arc::clone(&self.shared);
        let saved = shared
            .unless_stopped(saver(Checkpoint {
                state,
                reached,
                prefix: None,
            }))
            .await;
        Ok(saved.map_err(error_out))
    }

    async fn preview(&mut self, _: u32) -> wasmtime::Result<Result<Option<Resource<Body>>, Error>> {
        Ok(Err(error_out(unsupported("A preview"))))
    }
}
