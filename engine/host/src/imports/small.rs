//! Log, clock, randomness, secrets, session: the small imports.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use camroll_model::{ConnectorError, ErrorClass, Secret};

use crate::bindings::camroll::connector::types::{self, Error, Instant};
use crate::bindings::camroll::connector::{clock, log, random, secrets, session};
use crate::convert::{error_out, instant_out};
use crate::imports::Guest;
use crate::redact::redact_to;
use crate::vault::KeptCookie;

/// Lines a second that a connector may log, once its first 200 are used up.
const LINES_A_SECOND: i64 = 10;
const LINES_AT_ONCE: i64 = 200;
const LINE_LIMIT: usize = 2000;
/// Waiting in one call of `wait`, and in all of an exported call, seconds.
const WAIT_ONCE: u32 = 60;
const WAIT_IN_ALL: u32 = 600;
const RANDOM_LIMIT: u32 = 65_536;
const KEY_LIMIT: usize = 256;
/// Bytes of a secret that a connector computes.
const SLOT_LIMIT: usize = 64 << 10;

impl types::Host for Guest {}

impl log::Host for Guest {
    async fn write(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let budget = &self.shared.log;
        let now = jiff::Timestamp::now().as_second();
        let before = budget.refilled.swap(now, Ordering::Relaxed);
        if before != 0 && now > before {
            let refill = (now - before).saturating_mul(LINES_A_SECOND);
            let _ = budget
                .lines
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |lines| {
                    Some((lines + refill).min(LINES_AT_ONCE))
                });
        }
        if budget.lines.fetch_sub(1, Ordering::Relaxed) <= 0 {
            budget.lines.fetch_add(1, Ordering::Relaxed);
            if budget.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!(
                    connection = self.shared.name,
                    code = "host/log-flood",
                    "the connector logs more than {LINES_A_SECOND} lines a second; the rest is dropped"
                );
            }
            return Ok(());
        }
        let mut line = message;
        for (key, value) in fields.into_iter().take(20) {
            line.push_str(&format!(" {key}={value}"));
        }
        let line: String = redact_to(&self.shared.vault, &line, LINE_LIMIT)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let connection = self.shared.name.as_str();
        match level {
            log::Level::Debug => tracing::debug!(connection, "{line}"),
            log::Level::Info => tracing::info!(connection, "{line}"),
            log::Level::Warn => tracing::warn!(connection, "{line}"),
        }
        Ok(())
    }
}

impl clock::Host for Guest {
    async fn now(&mut self) -> wasmtime::Result<Instant> {
        Ok(instant_out(jiff::Timestamp::now().into()))
    }

    async fn wait(&mut self, seconds: u32) -> wasmtime::Result<Result<(), Error>> {
        let seconds = seconds.min(WAIT_ONCE);
        self.waited = self.waited.saturating_add(seconds);
        if self.waited > WAIT_IN_ALL {
            let error = ConnectorError::new(
                ErrorClass::Unsupported,
                "host/waited-too-long",
                "A call may wait ten minutes in all.",
            );
            return Ok(Err(error_out(error)));
        }
        let waiting = async {
            tokio::time::sleep(std::time::Duration::from_secs(seconds.into())).await;
            Ok(())
        };
        let shared = Arc::clone(&self.shared);
        Ok(shared.unless_stopped(waiting).await.map_err(error_out))
    }
}

impl random::Host for Guest {
    async fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; count.min(RANDOM_LIMIT) as usize];
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
        Ok(bytes)
    }
}

impl secrets::Host for Guest {
    async fn placeholder(&mut self, slot: String) -> wasmtime::Result<Result<String, Error>> {
        let known = self.shared.manifest.slots.contains_key(&slot) && self.shared.vault.slot(&slot).is_some();
        Ok(if known {
            Ok(format!("{}{slot}", crate::net::PLACEHOLDER))
        } else {
            Err(error_out(empty(&slot)))
        })
    }

    async fn reveal(&mut self, slot: String) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let may =
            self.call.is_about_signing_in() && self.shared.manifest.slots.get(&slot).is_some_and(|rule| rule.reveal);
        if !may {
            let error = ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/not-revealed",
                format!(
                    "The secret {slot:?} isn't shown to the connector: only during check and sign-in, and only where its manifest says so."
                ),
            );
            return Ok(Err(error_out(error)));
        }
        Ok(self
            .shared
            .vault
            .slot(&slot)
            .map(|secret| secret.expose().as_bytes().to_vec())
            .ok_or_else(|| error_out(empty(&slot))))
    }

    async fn keep(&mut self, slot: String, value: String) -> wasmtime::Result<Result<(), Error>> {
        let value = Secret::new(value);
        Ok(match self.may_compute(&slot, &value) {
            Ok(()) => self.shared.vault.compute(slot, value).await.map_err(error_out),
            Err(error) => Err(error_out(error)),
        })
    }
}

impl Guest {
    /// A connector can't put its own word in the place of a person's secret, nor of what a service gave.
    fn may_compute(&self, slot: &str, value: &Secret) -> Result<(), ConnectorError> {
        let rule = self.shared.manifest.slots.get(slot);
        if !self.call.is_about_signing_in() || !rule.is_some_and(|rule| rule.computed) {
            return Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/not-computed",
                format!(
                    "The connector can't fill the secret {slot:?}: only during check and sign-in, and only where its manifest says that it computes it."
                ),
            ));
        }
        if value.expose().len() > SLOT_LIMIT {
            return Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/too-large",
                "A secret that a connector computes has 64 KiB at most.",
            ));
        }
        Ok(())
    }
}

fn empty(slot: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::NotFound,
        "host/empty-slot",
        format!("The secret {slot:?} isn't known."),
    )
}

impl session::Host for Guest {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.shared.vault.get(&key))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        let result = match self.may_change_session(&key) {
            Ok(()) => self.shared.vault.set(key, value).await,
            Err(error) => Err(error),
        };
        Ok(result.map_err(error_out))
    }

    async fn remove(&mut self, key: String) -> wasmtime::Result<Result<(), Error>> {
        let result = match self.may_change_session(&key) {
            Ok(()) => self.shared.vault.remove(&key).await,
            Err(error) => Err(error),
        };
        Ok(result.map_err(error_out))
    }

    async fn cookies(&mut self) -> wasmtime::Result<Vec<session::Cookie>> {
        let cookie = |cookie: KeptCookie| session::Cookie {
            name: cookie.name,
            domain: cookie.domain,
            expires: cookie.expires.map(|seconds| Instant {
                seconds,
                nanoseconds: 0,
            }),
        };
        Ok(self.shared.vault.cookies().into_iter().map(cookie).collect())
    }

    async fn clear_cookies(&mut self, domain: Option<String>) -> wasmtime::Result<()> {
        if self.may_change_session("").is_ok()
            && let Err(error) = self.shared.vault.clear_cookies(domain.as_deref()).await
        {
            tracing::warn!(connection = self.shared.name, "{error}");
        }
        Ok(())
    }
}

impl Guest {
    fn may_change_session(&self, key: &str) -> Result<(), ConnectorError> {
        if key.len() > KEY_LIMIT {
            return Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/too-large",
                "A key of the session has 256 bytes at most.",
            ));
        }
        if self.call.is_about_signing_in() {
            return Ok(());
        }
        Err(ConnectorError::new(
            ErrorClass::PermissionDenied,
            "host/session-read-only",
            "The session changes only in check, sign-in and sign-out.",
        ))
    }
}
