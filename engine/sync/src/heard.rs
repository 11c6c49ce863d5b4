//! Which libraries a spec's last whole hearing heard, and when: what may be said of all its assets without asking the source.

use camroll_model::SourceKey;
use camroll_state::State;
use serde::{Deserialize, Serialize};

use crate::context::HeardLibrary;
use crate::failure::Failure;

/// What a spec's last whole hearing heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HeardWhole {
    pub at: jiff::Timestamp,
    pub libraries: Vec<SourceKey>,
}

fn memo(spec: &str) -> String {
    format!("heard/{spec}")
}

/// Keeps that all of these libraries were heard to their ends.
pub(crate) fn keep(state: &State, spec: &str, libraries: &[HeardLibrary], at: jiff::Timestamp) -> Result<(), Failure> {
    let whole = HeardWhole {
        at,
        libraries: libraries.iter().map(|library| library.key.clone()).collect(),
    };
    let text = serde_json::to_string(&whole).unwrap_or_default();
    Ok(state.set_memo(&memo(spec), &text)?)
}

/// What was kept; none where the libraries were never heard whole, or the index was lost since.
pub(crate) fn kept(state: &State, spec: &str) -> Result<Option<HeardWhole>, Failure> {
    Ok(state
        .memo(&memo(spec))?
        .and_then(|text| serde_json::from_str(&text).ok()))
}
