//! Instances of one connection: as many as calls are under way, kept for the next ones.

use std::collections::HashMap;
use std::sync::Arc;

use camroll_model::LibraryId;
use parking_lot::Mutex;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::instance::Instance;

/// Instances that are kept while nobody calls them.
const IDLE_AT_MOST: usize = 16;

type Sticky = Arc<tokio::sync::Mutex<Option<Instance>>>;

/// The instances of one connection.
pub(crate) struct Pool {
    idle: Mutex<Vec<Instance>>,
    seats: Arc<Semaphore>,
    sticky: Mutex<HashMap<LibraryId, Sticky>>,
}

/// Where an instance goes back to.
pub(crate) enum Home {
    /// To the others.
    Idle(Option<OwnedSemaphorePermit>),
    /// It stays with its library, so that what it asked ahead is of use.
    Library(OwnedMutexGuard<Option<Instance>>),
}

impl Pool {
    pub(crate) fn new(instances: usize) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            seats: Arc::new(Semaphore::new(instances.max(1))),
            sticky: Mutex::new(HashMap::new()),
        }
    }

    /// Any instance; none if one must be made. Waits while all that a connection may have are called.
    pub(crate) async fn any(&self) -> (Option<Instance>, Home) {
        // None only if it were closed, which nobody does.
        let seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        (self.idle.lock().pop(), Home::Idle(seat))
    }

    /// The library's own. Waits while it is called.
    pub(crate) async fn of_library(&self, library: &LibraryId) -> (Option<Instance>, Home) {
        let own = Arc::clone(self.sticky.lock().entry(library.clone()).or_default());
        let mut own = own.lock_owned().await;
        let instance = own.take().or_else(|| self.idle.lock().pop());
        (instance, Home::Library(own))
    }

    pub(crate) fn give_back(&self, instance: Instance, home: Home) {
        match home {
            Home::Library(mut own) => *own = Some(instance),
            Home::Idle(_seat) => {
                let mut idle = self.idle.lock();
                if idle.len() < IDLE_AT_MOST {
                    idle.push(instance);
                }
            }
        }
    }

    /// Drops all that nobody calls.
    pub(crate) fn clear(&self) {
        self.idle.lock().clear();
        for own in self.sticky.lock().values() {
            if let Ok(mut own) = own.try_lock() {
                *own = None;
            }
        }
    }
}
