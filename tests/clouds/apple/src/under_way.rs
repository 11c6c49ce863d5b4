//! How many downloads are under way at a time: asked for, and their bytes not all given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub(crate) struct UnderWay {
    now: AtomicU64,
    most: AtomicU64,
}

impl UnderWay {
    /// One more, as long as what this gives lives.
    pub(crate) fn begin(self: &Arc<Self>) -> One {
        let now = self.now.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(now, Ordering::AcqRel);
        One(Arc::clone(self))
    }

    pub(crate) fn most(&self) -> u64 {
        self.most.load(Ordering::Acquire)
    }
}

pub(crate) struct One(Arc<UnderWay>);

impl Drop for One {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::AcqRel);
    }
}
