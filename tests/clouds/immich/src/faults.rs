//! What a test has go wrong.

use std::collections::HashMap;

use parking_lot::Mutex;
use serde_json::Value;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// This status, with this text; the request isn't carried out.
    Status(u16, String),
    /// This status with Retry-After, seconds.
    Rest(u16, u32),
    /// Status 200 with this document; the request isn't carried out.
    Document(Value),
    /// Redirected to this address.
    Redirect(String),
    /// The connection breaks before anything is carried out.
    Cut,
    /// It is carried out, and the connection breaks before the answer.
    LoseTheAnswer,
    /// Another byte is kept than came.
    KeepOtherBytes,
    /// So many milliseconds pass before the answer.
    Slow(u64),
}

struct Rule {
    route: String,
    nth: Option<u64>,
    action: Action,
}

#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
    counts: Mutex<HashMap<String, u64>>,
}

impl Faults {
    pub(crate) fn add(&self, route: &str, nth: Option<u64>, action: Action) {
        self.rules.lock().push(Rule {
            route: route.to_owned(),
            nth,
            action,
        });
    }

    pub(crate) fn clear(&self) {
        self.rules.lock().clear();
        self.counts.lock().clear();
    }

    pub(crate) fn count(&self, route: &str) -> u64 {
        self.counts.lock().get(route).copied().unwrap_or(0)
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.lock().values().sum()
    }

    /// Counts a request, and says what goes wrong.
    pub(crate) fn pass(&self, route: &str) -> Option<Action> {
        let number = {
            let mut counts = self.counts.lock();
            let count = counts.entry(route.to_owned()).or_default();
            *count += 1;
            *count
        };
        let rules = self.rules.lock();
        let fits = |rule: &&Rule| rule.route == route && rule.nth.is_none_or(|nth| nth == number);
        rules.iter().find(fits).map(|rule| rule.action.clone())
    }
}
