use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camroll_model::DestinationKey;
use parking_lot::RwLock;

use crate::dir::StateDir;
use crate::error::StateError;
use crate::failpoint::failpoint;
use crate::index::Index;
use crate::journal::{DestinationId, Fact, Journal, Position};
use crate::key::Key;
use crate::lock::Lock;
use crate::placements::take_in;
use crate::replay::set_watermark;

/// A journal smaller than this isn't compacted, bytes.
const COMPACT_FROM: u64 = 64 << 20;

/// An open state. Cheap to clone; usable from many threads. The state is given back when the last clone, and the last lane of it, is dropped.
#[derive(Clone)]
pub struct State(Arc<Inner>);

pub(crate) struct Inner {
    // In the order in which they are closed.
    pub(crate) index: Index,
    pub(crate) journal: Journal,
    pub(crate) dir: StateDir,
    /// Encrypts cursors.
    pub(crate) cursors: Key,
    pub(crate) destinations: RwLock<BTreeMap<DestinationKey, DestinationId>>,
    /// Held for reading from a journal's record until it is in the index, for writing while the watermark is set.
    between: RwLock<()>,
    /// Where the watermark stands.
    watermark: RwLock<Option<Position>>,
    /// Whether the index was changed since the last checkpoint.
    touched: AtomicBool,
    _lock: Lock,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("State").field(&self.0.dir.path()).finish()
    }
}

impl State {
    pub(crate) fn new(index: Index, journal: Journal, dir: StateDir, cursors: Key, lock: Lock) -> Self {
        Self(Arc::new(Inner {
            index,
            journal,
            dir,
            cursors,
            destinations: RwLock::default(),
            between: RwLock::new(()),
            watermark: RwLock::new(None),
            touched: AtomicBool::new(false),
            _lock: lock,
        }))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Where intents are written.
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// Writes facts to the journal, durably, and then takes them into the index.
    pub(crate) fn write(&self, facts: &[Fact]) -> Result<(), StateError> {
        let _between = self.0.between.read();
        let appended = self.0.journal.append_facts(facts)?;
        self.0.journal.commit_to(appended.ticket)?;
        if facts
            .iter()
            .any(|fact| matches!(fact, Fact::Placed { .. } | Fact::Removed { .. }))
        {
            failpoint("journal/record-after");
        }
        let mut transaction = self.0.index.begin();
        for (position, fact) in appended.positions.iter().zip(facts) {
            take_in(&mut transaction, *position, fact)?;
        }
        transaction.commit()?;
        self.touched();
        Ok(())
    }

    /// The index isn't as the last checkpoint left it.
    pub(crate) fn touched(&self) {
        self.0.touched.store(true, Ordering::Release);
    }

    pub(crate) fn set_marked(&self, position: Option<Position>) {
        *self.0.watermark.write() = position;
    }

    /// Makes all durable: the journal first, then the index with its cursors, and how far the journal is in it. Compacts a journal that is mostly dead records.
    /// Where nothing changed it does nothing.
    pub fn checkpoint(&self) -> Result<(), StateError> {
        let inner = &self.0;
        let _between = inner.between.write();
        inner.journal.commit()?;
        let end = inner.journal.snapshot().end;
        if !inner.touched.load(Ordering::Acquire) && *inner.watermark.read() == Some(end) {
            return Ok(());
        }
        // Before the changes are looked at: what comes later is for the next checkpoint.
        inner.touched.store(false, Ordering::Release);
        let done = self.mark();
        if done.is_err() {
            self.touched();
        }
        done
    }

    fn mark(&self) -> Result<(), StateError> {
        let inner = &self.0;
        if self.is_bloated()? {
            inner.journal.compact()?;
        }
        failpoint("index/cursor-before");
        let snapshot = inner.journal.snapshot();
        set_watermark(&inner.index, &inner.journal, &snapshot)?;
        inner.index.flush()?;
        self.set_marked(Some(snapshot.end));
        failpoint("index/cursor-after");
        Ok(())
    }

    /// Whether dead records outweigh the live ones, and there are enough of them to matter.
    fn is_bloated(&self) -> Result<bool, StateError> {
        let snapshot = self.0.journal.snapshot();
        let mut live = snapshot.intents.len() as u64;
        let destinations: Vec<_> = self.0.destinations.read().values().copied().collect();
        for id in destinations {
            live += 1 + self.destination_record(id)?.placements;
        }
        Ok(snapshot.records > 2 * live && self.0.journal.size()? >= COMPACT_FROM)
    }

    /// Rewrites the journal without what is dead: the history of what is still placed, and destructive acts older than seven days.
    pub fn compact(&self) -> Result<(), StateError> {
        let _between = self.0.between.write();
        self.0.journal.compact()?;
        self.mark()
    }
}
