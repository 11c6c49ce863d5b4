use std::collections::BTreeMap;

use parking_lot::MutexGuard;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Index, value};
use crate::error::StateError;

/// Changes that come into the index all together or not at all. It reads its own changes. Dropped without `commit`, it changes nothing.
pub(crate) struct Transaction<'a> {
    index: &'a Index,
    _alone: MutexGuard<'a, ()>,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(index: &'a Index, alone: MutexGuard<'a, ()>) -> Self {
        Self {
            index,
            _alone: alone,
            changes: BTreeMap::new(),
        }
    }

    pub(crate) fn index(&self) -> &'a Index {
        self.index
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StateError> {
        match self.changes.get(key) {
            Some(Some(stored)) => {
                let bytes = self.index.trust(value::open(key, stored))?;
                self.index.decode(bytes).map(Some)
            }
            Some(None) => Ok(None),
            None => self.index.get(key),
        }
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<(), StateError> {
        let stored = value::close(&key, value)?;
        self.changes.insert(key, Some(stored));
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    /// Keys that begin with `prefix`, as they will be.
    pub(crate) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StateError> {
        let mut keys = Vec::new();
        self.index.each(prefix, |key, _| {
            if !self.changes.contains_key(key) {
                keys.push(key.to_vec());
            }
            Ok(())
        })?;
        let changed = self
            .changes
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix));
        keys.extend(changed.filter(|(_, value)| value.is_some()).map(|(key, _)| key.clone()));
        keys.sort_unstable();
        Ok(keys)
    }

    /// How many keys it changes.
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(crate) fn commit(self) -> Result<(), StateError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let mut batch = sled::Batch::default();
        let mut size = 0;
        for (key, value) in self.changes {
            size += key.len() as u64;
            match value {
                Some(value) => {
                    size += value.len() as u64;
                    batch.insert(key, value);
                }
                None => batch.remove(key),
            }
        }
        self.index.apply(batch, size)
    }
}
