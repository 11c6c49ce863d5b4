//! `session`: what a connection remembers, and its cookies without their values.

use camroll_model::{ConnectorError, ErrorClass};

use super::{CallKind, Failure, Inside, blocking};
use crate::bindings::camroll::connector::session;
use crate::convert;

impl Inside {
    /// Only sign-in calls change the session: they run one at a time, all others side by side.
    fn check_may_change(&self) -> Result<(), ConnectorError> {
        match self.call.kind {
            CallKind::SignIn | CallKind::SignOut => Ok(()),
            CallKind::Connect | CallKind::Other => Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/session-read-only",
                "The session is only changed during `check`, `sign-in` and `sign-out`.",
            )),
        }
    }
}

impl session::Host for Inside {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.shared.vault.get(&key))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Failure> {
        self.check_may_change()?;
        let vault = self.shared.vault.clone();
        Ok(self.ours(blocking(move || vault.set(&key, value))).await?)
    }

    async fn remove(&mut self, key: String) -> Result<(), Failure> {
        self.check_may_change()?;
        let vault = self.shared.vault.clone();
        Ok(self.ours(blocking(move || vault.remove(&key))).await?)
    }

    async fn cookies(&mut self) -> wasmtime::Result<Vec<session::Cookie>> {
        let cookies = self.shared.vault.cookies();
        Ok(cookies
            .into_iter()
            .map(|cookie| session::Cookie {
                name: cookie.name,
                domain: cookie.domain,
                expires: cookie.expires.map(convert::instant_out),
            })
            .collect())
    }

    async fn clear_cookies(&mut self, domain: Option<String>) -> wasmtime::Result<()> {
        if let Err(error) = self.check_may_change() {
            // The interface has no error for it.
            tracing::warn!(
                connection = self.shared.name,
                code = error.code,
                "cookies were not cleared: {}",
                error.message
            );
            return Ok(());
        }
        let vault = self.shared.vault.clone();
        let cleared = self
            .ours(blocking(move || vault.clear_cookies(domain.as_deref())))
            .await;
        if let Err(error) = cleared {
            tracing::warn!(
                connection = self.shared.name,
                code = error.code,
                "cookies could not be cleared: {}",
                error.message
            );
        }
        Ok(())
    }
}
