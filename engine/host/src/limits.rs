//! What one connector may waste.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// Limits of each instance of a connector. An instance that hits one fails with that limit's own code; nothing else is touched by it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory of an instance whose manifest doesn't ask for more.
    pub memory: usize,
    /// Bytes of memory that a manifest may ask for.
    pub memory_at_most: usize,
    /// Elements of all tables together.
    pub table_elements: usize,
    /// Bytes that pass from the guest in one call, in either direction; names and list elements count with their size in memory.
    pub passed: usize,
    /// Handles (bodies, requests, drafts) that the guest may hold at a time.
    pub handles: usize,
    /// Time that the guest itself may compute in one exported call; waiting for the host doesn't count.
    pub guest_time: Duration,
    /// Time in which a body must move on.
    pub no_progress: Duration,
    /// Instances of a connection at a time.
    pub instances: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            memory_at_most: 512 << 20,
            table_elements: 100_000,
            passed: 8 << 20,
            handles: 1024,
            guest_time: Duration::from_secs(30),
            no_progress: Duration::from_secs(60),
            instances: 64,
        }
    }
}

/// The limit that stopped an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitHit {
    #[error("It wanted {wanted} bytes of memory; it may have {limit}.")]
    Memory { wanted: usize, limit: usize },
    #[error("It wanted tables of {wanted} elements; it may have {limit}.")]
    Table { wanted: usize, limit: usize },
    #[error("It computed for more than {} s in one call.", .limit.as_secs_f32())]
    GuestTime { limit: Duration },
    #[error("The call was asked to stop, and the connector went on computing.")]
    Stopped,
    #[error("It asked for {asked} random bytes at once; it may ask for {limit}.")]
    Random { asked: u32, limit: u32 },
}

impl LimitHit {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Memory { .. } => "host/memory-limit",
            Self::Table { .. } => "host/table-limit",
            Self::GuestTime { .. } => "host/time-limit",
            Self::Stopped => "host/stopped",
            Self::Random { .. } => "host/random-limit",
        }
    }
}

/// Asked by wasmtime before anything grows. Memory is counted over all memories of the instance.
pub(crate) struct Limiter {
    memory: usize,
    table_elements: usize,
    memory_used: usize,
    elements_used: usize,
    /// The first limit that was hit; the trap that follows in the guest doesn't know it.
    pub(crate) hit: Option<LimitHit>,
}

impl Limiter {
    pub(crate) fn new(memory: usize, table_elements: usize) -> Self {
        Self {
            memory,
            table_elements,
            memory_used: 0,
            elements_used: 0,
            hit: None,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory_used.saturating_sub(current).saturating_add(desired);
        if wanted > self.memory {
            self.hit.get_or_insert(LimitHit::Memory {
                wanted,
                limit: self.memory,
            });
            return Ok(false);
        }
        self.memory_used = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.elements_used.saturating_sub(current).saturating_add(desired);
        if wanted > self.table_elements {
            self.hit.get_or_insert(LimitHit::Table {
                wanted,
                limit: self.table_elements,
            });
            return Ok(false);
        }
        self.elements_used = wanted;
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        32
    }

    fn memories(&self) -> usize {
        8
    }
}
