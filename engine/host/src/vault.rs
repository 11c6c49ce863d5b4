//! What a connection keeps between calls and runs: captured slots, the guest's session, cookies, learnt hosts. One blob, sealed by whoever stores it.

use std::collections::BTreeMap;
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass, Secret};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::manifest::SaidBy;

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

/// Which addresses a host may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reach {
    /// Of the public internet.
    #[default]
    Public,
    /// Of this machine and private networks as well.
    Private,
}

/// The address at the start of a chain of teaching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Root {
    /// The origin's name in the manifest.
    pub name: String,
    /// The address itself.
    pub address: String,
    /// Who said it.
    pub said_by: SaidBy,
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
    /// Which addresses it may have.
    #[serde(default)]
    pub reach: Reach,
    /// Who taught it in the end; none in what an older camroll kept, which holds no longer.
    #[serde(default)]
    pub root: Option<Root>,
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

/// A connection's memory. Changes are made in memory at once; `keep` makes them durable, off the threads that serve others.
pub(crate) struct Vault {
    store: Arc<dyn SessionStore>,
    /// From the spec; never kept.
    given: BTreeMap<String, Secret>,
    kept: Mutex<Changing>,
    /// The change that was written last. Whoever writes holds it to the end, even if nobody waits for that any more: writes never overtake each other.
    written: Arc<tokio::sync::Mutex<u64>>,
}

#[derive(Default)]
struct Changing {
    kept: Kept,
    /// Counts changes.
    change: u64,
}

impl Vault {
    pub(crate) fn open(store: Arc<dyn SessionStore>, given: BTreeMap<String, Secret>) -> Result<Self, ConnectorError> {
        let kept = read(store.as_ref())?;
        Ok(Self {
            store,
            given,
            kept: Mutex::new(Changing { kept, change: 0 }),
            written: Arc::default(),
        })
    }

    /// Reads again what another process may have kept meanwhile.
    pub(crate) async fn reload(&self) -> Result<(), ConnectorError> {
        let mut written = Arc::clone(&self.written).lock_owned().await;
        let store = Arc::clone(&self.store);
        let kept = tokio::task::spawn_blocking(move || read(store.as_ref()))
            .await
            .map_err(cut_off)??;
        let mut guard = self.kept.lock();
        guard.kept = kept;
        *written = guard.change;
        Ok(())
    }

    /// Makes every change so far durable. Many callers at a time share one write.
    pub(crate) async fn keep(&self) -> Result<(), ConnectorError> {
        let wanted = self.kept.lock().change;
        let mut written = Arc::clone(&self.written).lock_owned().await;
        if *written >= wanted {
            return Ok(());
        }
        let (bytes, change) = {
            let mut guard = self.kept.lock();
            guard.kept.version = 1;
            let bytes = serde_json::to_vec(&guard.kept).map_err(|error| broken(StoreError(error.to_string())))?;
            (Zeroizing::new(bytes), guard.change)
        };
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || {
            store.write(&bytes).map_err(broken)?;
            *written = change;
            Ok(())
        })
        .await
        .map_err(cut_off)?
    }

    /// Changes what is kept, in memory.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut guard = self.kept.lock();
        guard.change += 1;
        change(&mut guard.kept)
    }

    /// The value of a slot.
    pub(crate) fn slot(&self, name: &str) -> Option<Secret> {
        if let Some(given) = self.given.get(name) {
            return Some(given.clone());
        }
        self.kept.lock().kept.slots.get(name).cloned().map(Secret::new)
    }

    /// Takes captured secrets.
    pub(crate) fn take_slots(&self, captured: Vec<(String, String)>) {
        let known = {
            let guard = self.kept.lock();
            captured
                .iter()
                .all(|(slot, value)| guard.kept.slots.get(slot) == Some(value))
        };
        if !known {
            self.change(|kept| kept.slots.extend(captured));
        }
    }

    /// Takes a secret that the guest computed; durable when it returns. An empty one empties its slot.
    pub(crate) async fn compute(&self, slot: String, value: Secret) -> Result<(), ConnectorError> {
        if value.expose().is_empty() {
            self.change(|kept| kept.slots.remove(&slot));
        } else {
            self.take_slots(vec![(slot, value.expose().to_owned())]);
        }
        self.keep().await
    }

    /// Every secret that is known, for redaction.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        // Shorter cookies are choices such as a language, and words of any text.
        const COOKIE: usize = 8;
        let guard = self.kept.lock();
        let captured = guard.kept.slots.values();
        let cookies = guard.kept.cookies.iter().map(|cookie| &cookie.value);
        let kept = captured.chain(cookies.filter(|value| value.len() >= COOKIE));
        self.given
            .values()
            .cloned()
            .chain(kept.cloned().map(Secret::new))
            .filter(|secret| secret.expose().len() >= 4)
            .collect()
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.lock().kept.session.get(key).cloned()
    }

    /// Remembers something of the guest's; durable when it returns.
    pub(crate) async fn set(&self, key: String, value: Vec<u8>) -> Result<(), ConnectorError> {
        self.remember(key, value)?;
        self.keep().await
    }

    fn remember(&self, key: String, value: Vec<u8>) -> Result<(), ConnectorError> {
        let mut guard = self.kept.lock();
        if guard.kept.session.get(&key) == Some(&value) {
            return Ok(());
        }
        let others: usize = guard
            .kept
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
        guard.kept.session.insert(key, value);
        guard.change += 1;
        Ok(())
    }

    /// Forgets something of the guest's; durable when it returns.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), ConnectorError> {
        let is_there = self.kept.lock().kept.session.contains_key(key);
        if is_there {
            self.change(|kept| kept.session.remove(key));
        }
        self.keep().await
    }

    pub(crate) fn cookies(&self) -> Vec<KeptCookie> {
        self.kept.lock().kept.cookies.clone()
    }

    /// Takes cookies from an answer.
    pub(crate) fn take_cookies(&self, cookies: Vec<KeptCookie>, now: i64) {
        let mut guard = self.kept.lock();
        for cookie in cookies {
            let known = guard
                .kept
                .cookies
                .iter()
                .position(|known| known.is_at_the_place_of(&cookie));
            let gone = cookie.value.is_empty() || cookie.expires.is_some_and(|expires| expires <= now);
            match known {
                None if gone => {}
                Some(index) if gone => {
                    guard.kept.cookies.remove(index);
                    guard.change += 1;
                }
                Some(index) => {
                    let Some(known) = guard.kept.cookies.get_mut(index) else {
                        continue;
                    };
                    let says_news = known.differs_from(&cookie);
                    *known = cookie;
                    guard.change += u64::from(says_news);
                }
                // A jar of a sane service has a few dozen.
                None if guard.kept.cookies.len() < 300 => {
                    guard.kept.cookies.push(cookie);
                    guard.change += 1;
                }
                None => {}
            }
        }
    }

    /// Empties the jar, or what is in it for a domain.
    pub(crate) async fn clear_cookies(&self, domain: Option<&str>) -> Result<(), ConnectorError> {
        self.change(|kept| {
            kept.cookies
                .retain(|cookie| domain.is_some_and(|domain| cookie.domain != domain));
        });
        self.keep().await
    }

    /// What was learnt of an origin and still holds.
    pub(crate) fn learnt_at(&self, origin: &str, now: i64) -> Vec<Learnt> {
        let guard = self.kept.lock();
        let holds = |learnt: &&Learnt| learnt.origin == origin && learnt.until > now;
        guard.kept.learnt.iter().filter(holds).cloned().collect()
    }

    /// Remembers hosts, and forgets those that no longer hold; a change only where that says something new for a day.
    pub(crate) fn learn(&self, learnt: Vec<Learnt>, holds: impl Fn(&Learnt) -> bool) {
        const DAY: i64 = 86_400;
        let mut guard = self.kept.lock();
        for one in learnt {
            let known = guard.kept.learnt.iter().any(|known| {
                let same = (&known.rule, &known.origin, known.reach, &known.root)
                    == (&one.rule, &one.origin, one.reach, &one.root);
                same && known.until + DAY > one.until
            });
            if known {
                continue;
            }
            guard
                .kept
                .learnt
                .retain(|known| holds(known) && (&known.rule, &known.origin) != (&one.rule, &one.origin));
            guard.kept.learnt.push(one);
            guard.change += 1;
        }
        let surplus = guard.kept.learnt.len().saturating_sub(500);
        guard.kept.learnt.drain(..surplus);
    }

    /// Empties all that was captured, kept and learnt.
    pub(crate) async fn clear(&self) -> Result<(), ConnectorError> {
        self.change(|kept| *kept = Kept::default());
        self.keep().await
    }
}

impl KeptCookie {
    fn is_at_the_place_of(&self, other: &Self) -> bool {
        (&self.name, &self.domain, &self.path) == (&other.name, &other.domain, &other.path)
    }

    /// Whether the other one is worth a write. One that only lives a little longer, as many answers say, isn't.
    fn differs_from(&self, other: &Self) -> bool {
        const LITTLE: u64 = 3600;
        let lives_as_long = match (self.expires, other.expires) {
            (Some(one), Some(two)) => one.abs_diff(two) < LITTLE,
            (one, two) => one == two,
        };
        !lives_as_long || (&self.value, self.host_only, self.secure) != (&other.value, other.host_only, other.secure)
    }
}

fn read(store: &dyn SessionStore) -> Result<Kept, ConnectorError> {
    match store.read().map_err(broken)? {
        None => Ok(Kept::default()),
        Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
            broken(StoreError(
                "The kept sign-in isn't one that this camroll wrote. Sign in again.".to_owned(),
            ))
        }),
    }
}

fn cut_off(error: tokio::task::JoinError) -> ConnectorError {
    broken(StoreError(error.to_string()))
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

#[cfg(test)]
mod tests;
