//! `secrets`: placeholders for slots, and the few values that a sign-in must compute with.

use camroll_model::{ConnectorError, ErrorClass};

use super::{CallKind, Failure, Inside};
use crate::bindings::camroll::connector::secrets;

impl secrets::Host for Inside {
    async fn placeholder(&mut self, slot: String) -> Result<String, Failure> {
        Ok(self.shared.vault.placeholder(&slot)?)
    }

    async fn reveal(&mut self, slot: String) -> Result<Vec<u8>, Failure> {
        if self.call.kind != CallKind::SignIn {
            return Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/not-revealed",
                "A secret's value is only given out during `check` and `sign-in`.",
            )
            .into());
        }
        Ok(self.shared.vault.reveal(&slot)?.to_vec())
    }
}
