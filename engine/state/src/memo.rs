//! Small things that the engine notes, and the libraries that an account had when it was last asked.

use camroll_model::{Instant, Library};
use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::index::keys::{self, Family};
use crate::journal::Fact;
use crate::placements::MemoRecord;
use crate::state::State;

/// Longest name and longest text of a memo, bytes.
const NAME_LIMIT: usize = 1 << 10;
const TEXT_LIMIT: usize = 64 << 10;

/// An account's libraries as they were told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CachedLibraries {
    /// All of the account.
    pub libraries: Vec<Library>,
    /// When they were asked for.
    pub asked: Instant,
}

impl State {
    /// What the engine noted under that name. Survives the loss of the index. Never for secrets: it isn't encrypted.
    pub fn memo(&self, name: &str) -> Result<Option<String>, StateError> {
        let record = self
            .inner()
            .index
            .get::<MemoRecord>(&keys::named(Family::Memo, &[name]))?;
        Ok(record.map(|record| record.text))
    }

    /// Notes a text under a name, durable in the journal. Noting the same again writes nothing.
    pub fn set_memo(&self, name: &str, text: &str) -> Result<(), StateError> {
        for (what, size, limit) in [
            ("the name of a memo", name.len(), NAME_LIMIT),
            ("a memo", text.len(), TEXT_LIMIT),
        ] {
            if size > limit {
                return Err(StateError::TooLarge { what, size, limit });
            }
        }
        if self.memo(name)?.as_deref() == Some(text) {
            return Ok(());
        }
        self.write(&[Fact::Memo {
            name: name.to_owned(),
            text: Some(text.to_owned()),
        }])
    }

    /// Forgets what was noted.
    pub fn forget_memo(&self, name: &str) -> Result<(), StateError> {
        match self.memo(name)? {
            Some(_) => self.write(&[Fact::Memo {
                name: name.to_owned(),
                text: None,
            }]),
            None => Ok(()),
        }
    }

    /// The libraries that an account had when it was last asked.
    pub fn libraries(&self, connector: &str, account: &str) -> Result<Option<CachedLibraries>, StateError> {
        self.inner()
            .index
            .get(&keys::named(Family::Libraries, &[connector, account]))
    }

    /// Keeps the libraries of an account.
    pub fn set_libraries(&self, connector: &str, account: &str, told: &CachedLibraries) -> Result<(), StateError> {
        let mut transaction = self.inner().index.begin();
        transaction.put(keys::named(Family::Libraries, &[connector, account]), told)?;
        transaction.commit()?;
        self.touched();
        Ok(())
    }
}
