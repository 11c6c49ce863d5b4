//! What a connection keeps between calls and runs: captured slots, the guest's session, cookies, learnt hosts. One blob, sealed by whoever stores it.

use std::collections::BTreeMap;

use camroll_model::{ConnectorError, ErrorClass, Secret};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a guest's session may hold, bytes.
const SESSION_LIMIT: usize = 1 << 20;

/// Why a session can't be kept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Where a connection's memory is kept, encrypted at rest.
pub trait SessionStore: Send + Sync {
    /// What was kept last.
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError>;
    /// Keeps it; durable when it returns.
    fn write(&self, bytes: &[u8]) -> Result<(), StoreError>;
}

/// A host that an answer named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Learnt {
    /// The rule's name.
    pub rule: String,
    /// "https://host:port".
    pub origin: String,
    /// Seconds since 1970.
    pub until: i64,
    /// Private addresses are fine there: the teacher was at one.
    pub private: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    slots: BTreeMap<String, String>,
    session: BTreeMap<String, Vec<u8>>,
    cookies: Vec<KeptCookie>,
    learnt: Vec<Learnt>,
}

/// A cookie with its place.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptCookie {
    pub name: String,
    pub value: String,
    /// Without a dot in front.
    pub domain: String,
    /// Only that very host, not those below it.
    pub host_only: bool,
    pub path: String,
    pub secure: bool,
    /// Seconds since 1970.
    pub expires: Option<i64>,
}

/// A connection's memory.
pub(crate) struct Vault {
    store: std::sync::Arc<dyn SessionStore>,
    /// From the spec; never kept.
    given: BTreeMap<String, Secret>,
    kept: Mutex<(Kept, Dirt)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dirt {
    Clean,
    Dirty,
}

impl Vault {
    pub(crate) fn open(
        store: std::sync::Arc<dyn SessionStore>,
        given: BTreeMap<String, Secret>,
    ) -> Result<Self, ConnectorError> {
        let vault = Self {
            store,
            given,
            kept: Mutex::new((Kept::default(), Dirt::Clean)),
        };
        vault.reload()?;
        Ok(vault)
    }

    /// Reads again what another process may have kept meanwhile.
    pub(crate) fn reload(&self) -> Result<(), ConnectorError> {
        let kept = match self.store.read().map_err(broken)? {
            None => Kept::default(),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                broken(StoreError(
                    "The kept sign-in isn't one that this camroll wrote. Sign in again.".to_owned(),
                ))
            })?,
        };
        *self.kept.lock() = (kept, Dirt::Clean);
        Ok(())
    }

    /// Changes what is kept, and keeps it at once.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> Result<T, ConnectorError> {
        let mut guard = self.kept.lock();
        let result = change(&mut guard.0);
        guard.0.version = 1;
        let bytes =
            Zeroizing::new(serde_json::to_vec(&guard.0).map_err(|error| broken(StoreError(error.to_string())))?);
        self.store.write(&bytes).map_err(broken)?;
        guard.1 = Dirt::Clean;
        Ok(result)
    }

    /// Keeps what changed since it was last kept: cookies.
    pub(crate) fn flush(&self) -> Result<(), ConnectorError> {
        if self.kept.lock().1 == Dirt::Clean {
            return Ok(());
        }
        self.change(|_| ())
    }

    /// The value of a slot.
    pub(crate) fn slot(&self, name: &str) -> Option<Secret> {
        if let Some(given) = self.given.get(name) {
            return Some(given.clone());
        }
        self.kept.lock().0.slots.get(name).cloned().map(Secret::new)
    }

    pub(crate) fn set_slots(&self, captured: Vec<(String, String)>) -> Result<(), ConnectorError> {
        let known = {
            let kept = self.kept.lock();
            captured
                .iter()
                .all(|(slot, value)| kept.0.slots.get(slot) == Some(value))
        };
        if known {
            return Ok(());
        }
        self.change(|kept| kept.slots.extend(captured))
    }

    /// Every secret that is known, for redaction.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let kept = self.kept.lock();
        let captured = kept.0.slots.values().cloned().map(Secret::new);
        self.given
            .values()
            .cloned()
            .chain(captured)
            .filter(|secret| secret.expose().len() >= 4)
            .collect()
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.lock().0.session.get(key).cloned()
    }

    pub(crate) fn set(&self, key: String, value: Vec<u8>) -> Result<(), ConnectorError> {
        {
            let kept = self.kept.lock();
            if kept.0.session.get(&key) == Some(&value) {
                return Ok(());
            }
            let others: usize = kept
                .0
                .session
                .iter()
                .filter(|(known, _)| **known != key)
                .map(|(known, value)| known.len() + value.len())
                .sum();
            if others + key.len() + value.len() > SESSION_LIMIT {
                return Err(ConnectorError::new(
                    ErrorClass::Quota,
                    "host/session-full",
                    format!("The connector keeps more than {SESSION_LIMIT} bytes in its session."),
                ));
            }
        }
        self.change(|kept| kept.session.insert(key, value)).map(|_| ())
    }

    pub(crate) fn remove(&self, key: &str) -> Result<(), ConnectorError> {
        if self.kept.lock().0.session.contains_key(key) {
            self.change(|kept| kept.session.remove(key))?;
        }
        Ok(())
    }

    pub(crate) fn cookies(&self) -> Vec<KeptCookie> {
        self.kept.lock().0.cookies.clone()
    }

    /// Takes cookies from an answer; kept with the next flush.
    pub(crate) fn take_cookies(&self, cookies: Vec<KeptCookie>, now: i64) {
        if cookies.is_empty() {
            return;
        }
        let mut guard = self.kept.lock();
        for cookie in cookies {
            guard.0.cookies.retain(|known| {
                (&known.name, &known.domain, &known.path) != (&cookie.name, &cookie.domain, &cookie.path)
            });
            let gone = cookie.value.is_empty() || cookie.expires.is_some_and(|expires| expires <= now);
            // A jar of a sane service has a few dozen.
            if !gone && guard.0.cookies.len() < 300 {
                guard.0.cookies.push(cookie);
            }
        }
        guard.1 = Dirt::Dirty;
    }

    pub(crate) fn clear_cookies(&self, domain: Option<&str>) -> Result<(), ConnectorError> {
        self.change(|kept| {
            kept.cookies
                .retain(|cookie| domain.is_some_and(|domain| cookie.domain != domain))
        })
    }

    pub(crate) fn learnt(&self) -> Vec<Learnt> {
        self.kept.lock().0.learnt.clone()
    }

    /// Remembers hosts; written only when that says something new for a day.
    pub(crate) fn learn(&self, learnt: Vec<Learnt>) -> Result<(), ConnectorError> {
        const DAY: i64 = 86_400;
        let news: Vec<Learnt> = {
            let kept = self.kept.lock();
            let known = |one: &Learnt| {
                kept.0.learnt.iter().any(|known| {
                    known.rule == one.rule
                        && known.origin == one.origin
                        && known.private == one.private
                        && known.until + DAY > one.until
                })
            };
            learnt.into_iter().filter(|one| !known(one)).collect()
        };
        if news.is_empty() {
            return Ok(());
        }
        self.change(|kept| {
            for one in news {
                kept.learnt
                    .retain(|known| (&known.rule, &known.origin) != (&one.rule, &one.origin));
                kept.learnt.push(one);
            }
            let surplus = kept.learnt.len().saturating_sub(500);
            kept.learnt.drain(..surplus);
        })
    }

    /// Empties all that was captured, kept and learnt.
    pub(crate) fn clear(&self) -> Result<(), ConnectorError> {
        self.change(|kept| *kept = Kept::default())
    }
}

fn broken(error: StoreError) -> ConnectorError {
    ConnectorError::new(ErrorClass::Unexpected, "host/session-store", error.0)
}

/// A store for unit tests.
#[cfg(test)]
pub(crate) mod in_memory {
    use super::*;

    #[derive(Default)]
    pub(crate) struct InMemory(pub Mutex<Vec<Vec<u8>>>);

    impl SessionStore for InMemory {
        fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
            Ok(self.0.lock().last().cloned().map(Zeroizing::new))
        }

        fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
            self.0.lock().push(bytes.to_vec());
            Ok(())
        }
    }
}
