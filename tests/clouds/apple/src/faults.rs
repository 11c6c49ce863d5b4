//! What a test has go wrong, and what it holds back until it says so.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// This status, with an empty document.
    Status(u16),
    /// This status with Retry-After, seconds.
    StatusRetryAfter(u16, u32),
    /// Status 200 and a CloudKit error of this code.
    Code(String),
    /// The connection breaks after so many bytes of the body.
    Reset(u64),
    /// The byte at this offset is another one.
    Flip(u64),
    /// Only so many bytes, said to be all.
    Short(u64),
    /// An HTML page with status 200.
    Html,
}

/// Which request it happens to.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Fault {
    /// The operation: "list", "changes", "lookup", "download", "download:IMG_0001.HEIC" …
    pub on: String,
    /// The n-th of them, from 1; none: each.
    pub nth: Option<u64>,
    /// What.
    pub action: Action,
}

/// Holds requests back until it is opened.
#[derive(Clone)]
pub struct Gate {
    open: watch::Sender<bool>,
    arrived: watch::Sender<u64>,
}

impl Gate {
    /// Lets what waits and what comes go on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Returns once a request waits.
    pub async fn arrived(&self) {
        let mut arrived = self.arrived.subscribe();
        let _ = arrived.wait_for(|count| *count > 0).await;
    }
}

#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Fault>>,
    gates: Mutex<Vec<(String, Option<u64>, Gate)>>,
    counts: Mutex<HashMap<String, u64>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.rules.lock().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.rules.lock().clear();
    }

    pub(crate) fn gate(&self, on: &str, nth: Option<u64>) -> Gate {
        let gate = Gate {
            open: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
        };
        self.gates.lock().push((on.to_owned(), nth, gate.clone()));
        gate
    }

    pub(crate) fn count(&self, operation: &str) -> u64 {
        self.counts.lock().get(operation).copied().unwrap_or(0)
    }

    pub(crate) fn counts(&self) -> HashMap<String, u64> {
        self.counts.lock().clone()
    }

    /// Counts a request under each of its names, waits at gates, and says what goes wrong.
    pub(crate) async fn pass(&self, names: &[String]) -> Option<Action> {
        let numbered: Vec<(String, u64)> = {
            let mut counts = self.counts.lock();
            names
                .iter()
                .map(|name| {
                    let count = counts.entry(name.clone()).or_default();
                    *count += 1;
                    (name.clone(), *count)
                })
                .collect()
        };
        let fits = |on: &str, nth: Option<u64>| {
            numbered
                .iter()
                .any(|(name, count)| name == on && nth.is_none_or(|nth| nth == *count))
        };
        let gates: Vec<Gate> = self
            .gates
            .lock()
            .iter()
            .filter(|(on, nth, _)| fits(on, *nth))
            .map(|(_, _, gate)| gate.clone())
            .collect();
        for gate in gates {
            gate.arrived.send_modify(|count| *count += 1);
            let mut open = gate.open.subscribe();
            let _ = open.wait_for(|open| *open).await;
        }
        self.rules
            .lock()
            .iter()
            .find(|rule| fits(&rule.on, rule.nth))
            .map(|rule| rule.action.clone())
    }
}
