//! How each spec's last run ended, for `status`.

use camroll_model::{Instant, Receipt};
use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::index::keys::{self, Family};
use crate::state::State;

/// A spec's last run.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    /// What it proved.
    pub receipt: Receipt,
    /// When it ended.
    pub ended: Instant,
}

#[derive(Serialize, Deserialize)]
struct RunRecord {
    /// JSON: the receipt's own format.
    receipt: Vec<u8>,
    ended: Instant,
}

impl State {
    /// The last run of a spec; none where there was none since the index was made.
    pub fn last_run(&self, spec: &str) -> Result<Option<LastRun>, StateError> {
        let index = &self.inner().index;
        let Some(record) = index.get::<RunRecord>(&keys::named(Family::LastRun, &[spec]))? else {
            return Ok(None);
        };
        match serde_json::from_slice(&record.receipt) {
            Ok(receipt) => Ok(Some(LastRun {
                receipt,
                ended: record.ended,
            })),
            Err(error) => Err(index.distrust(format!("a receipt can't be read: {error}"))),
        }
    }

    /// Keeps how a run of its spec ended.
    pub fn set_last_run(&self, run: &LastRun) -> Result<(), StateError> {
        let receipt = serde_json::to_vec(&run.receipt).map_err(|error| StateError::Encode {
            what: "a receipt",
            why: error.to_string(),
        })?;
        let mut transaction = self.inner().index.begin();
        let key = keys::named(Family::LastRun, &[&run.receipt.spec]);
        transaction.put(
            key,
            &RunRecord {
                receipt,
                ended: run.ended,
            },
        )?;
        transaction.commit()?;
        self.touched();
        Ok(())
    }
}
