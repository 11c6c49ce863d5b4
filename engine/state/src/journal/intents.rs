use std::collections::BTreeMap;

use super::record::{DestinationId, Fact, Intent, Record};

/// Intents that were neither placed nor dropped. A fold of the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OpenIntents(BTreeMap<(DestinationId, String), Intent>);

impl OpenIntents {
    /// Takes in what a fact says of them.
    pub(crate) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Record(Record::Intent(intent)) => {
                self.0.insert((intent.destination, intent.key.clone()), intent.clone());
            }
            Fact::Record(Record::Staged { destination, key, held }) => {
                // One that couldn't be decrypted is empty, and no token is.
                if let Some(intent) = self.0.get_mut(&(*destination, key.clone()))
                    && !held.is_empty()
                {
                    intent.held = Some(held.clone());
                }
            }
            Fact::Record(Record::Dropped { destination, key })
            | Fact::Placed {
                destination,
                intent: Some(key),
                ..
            } => {
                self.0.remove(&(*destination, key.clone()));
            }
            Fact::Placed { intent: None, .. }
            | Fact::Destination { .. }
            | Fact::Removed { .. }
            | Fact::Destructive { .. }
            | Fact::Memo { .. } => {}
        }
    }

    pub(crate) fn get(&self, destination: DestinationId, key: &str) -> Option<&Intent> {
        self.0.get(&(destination, key.to_owned()))
    }

    pub(crate) fn of(&self, destination: DestinationId) -> Vec<Intent> {
        self.0
            .values()
            .filter(|intent| intent.destination == destination)
            .cloned()
            .collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Intent> {
        self.0.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
