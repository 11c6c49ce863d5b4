//! What a test has go wrong, and what it holds back until it says so.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// This status with SabreDAV's document, and nothing done.
    Status(u16),
    /// This status with Retry-After, seconds.
    StatusRetryAfter(u16, u32),
    /// The connection breaks after so many bytes of the request's body, and nothing is done.
    Cut(u64),
    /// It is done, and the connection breaks before the answer.
    LoseTheAnswer,
    /// It is done, and a proxy in front of the server had no patience: 504.
    TimeOut,
    /// The byte at this offset of the request's body arrives as another one.
    Flip(u64),
}

struct Rule {
    on: String,
    nth: Option<u64>,
    action: Action,
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
        // The gate outlives the wait.
        let _ = arrived.wait_for(|count| *count > 0).await;
    }
}

#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
    gates: Mutex<Vec<(String, Option<u64>, Gate)>>,
    counts: Mutex<HashMap<String, u64>>,
}

impl Faults {
    pub(crate) fn add(&self, on: &str, nth: Option<u64>, action: Action) {
        self.rules.lock().push(Rule {
            on: on.to_owned(),
            nth,
            action,
        });
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

    /// Counts a request under each of its names, waits at gates, and says what goes wrong.
    pub(crate) async fn pass(&self, names: &[String]) -> Option<Action> {
        let numbered: Vec<(String, u64)> = {
            let mut counts = self.counts.lock();
            let number = |name: &String| {
                let count = counts.entry(name.clone()).or_default();
                *count += 1;
                (name.clone(), *count)
            };
            names.iter().map(number).collect()
        };
        let fits = |on: &str, nth: Option<u64>| {
            numbered
                .iter()
                .any(|(name, count)| name == on && nth.is_none_or(|nth| nth == *count))
        };
        let gates: Vec<Gate> = {
            let gates = self.gates.lock();
            let fitting = gates.iter().filter(|(on, nth, _)| fits(on, *nth));
            fitting.map(|(_, _, gate)| gate.clone()).collect()
        };
        for gate in gates {
            gate.arrived.send_modify(|count| *count += 1);
            let mut open = gate.open.subscribe();
            // A gate that is gone holds nothing.
            let _ = open.wait_for(|open| *open).await;
        }
        let rules = self.rules.lock();
        let rule = rules.iter().find(|rule| fits(&rule.on, rule.nth))?;
        Some(rule.action.clone())
    }
}
