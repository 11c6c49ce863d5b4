//! What a test has go wrong at a simulated service, and what it holds back until it says so: which requests, counted under their names. What can go wrong is each service's own.
//!
//! It never makes anything go wrong itself.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Which requests something happens to, and what.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Fault<Action> {
    /// A name that requests have: "list", "download:IMG_0001.HEIC" …
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
        // The gate outlives the wait.
        let _ = arrived.wait_for(|count| *count > 0).await;
    }
}

/// The faults and gates of one service.
pub struct Faults<Action> {
    rules: Mutex<Vec<Fault<Action>>>,
    gates: Mutex<Vec<(String, Option<u64>, Gate)>>,
    counts: Mutex<HashMap<String, u64>>,
}

impl<Action> Default for Faults<Action> {
    fn default() -> Self {
        Self {
            rules: Mutex::default(),
            gates: Mutex::default(),
            counts: Mutex::default(),
        }
    }
}

impl<Action: Clone> Faults<Action> {
    /// One more; of those that fit a request, the first that was added happens.
    pub fn add(&self, fault: Fault<Action>) {
        self.rules.lock().push(fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// Holds back the n-th request of a name, or each.
    pub fn gate(&self, on: &str, nth: Option<u64>) -> Gate {
        let gate = Gate {
            open: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
        };
        self.gates.lock().push((on.to_owned(), nth, gate.clone()));
        gate
    }

    /// Requests of a name so far.
    pub fn count(&self, operation: &str) -> u64 {
        self.counts.lock().get(operation).copied().unwrap_or(0)
    }

    /// Requests so far, by name.
    pub fn counts(&self) -> HashMap<String, u64> {
        self.counts.lock().clone()
    }

    /// Counts a request under each of its names, waits at gates, and says what goes wrong.
    pub async fn pass(&self, names: &[String]) -> Option<Action> {
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
