//! What instances share of what they found out.

use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};

use crate::bindings::camroll::connector::findings;
use crate::bindings::camroll::connector::types::Error;
use crate::convert::error_out;
use crate::findings::Asked;
use crate::imports::Guest;

impl findings::Host for Guest {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.shared.findings.get(&key))
    }

    async fn ask(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        // Who finds something out isn't made to wait for another one, who may be waiting for this.
        if !self.claims.is_empty() {
            return Ok(Ok(self.shared.findings.get(&key)));
        }
        let shared = Arc::clone(&self.shared);
        let asked = shared
            .unless_stopped(async { Ok(shared.findings.ask(&key).await) })
            .await;
        Ok(match asked {
            Ok(Asked::Told(value)) => Ok(Some(value)),
            Ok(Asked::Yours(claim)) => {
                self.claims.push(claim);
                Ok(None)
            }
            Ok(Asked::Open) => Ok(None),
            Err(error) => Err(error_out(error)),
        })
    }

    async fn tell(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        let told = self.shared.findings.tell(&key, value);
        self.claims.retain(|claim| claim.key() != key);
        Ok(told.map_err(|_too_much| {
            error_out(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/too-large",
                "A connection has 64 findings at most, with keys of 256 bytes and values of 4 KiB.",
            ))
        }))
    }
}
