//! What a connector may waste: only its own, and not much of it.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// Limits of one instance.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of linear memory.
    pub memory: usize,
    /// Elements of all tables.
    pub table_elements: usize,
    /// Handles of the interface's resources that live at a time.
    pub handles: usize,
    /// Bytes that a guest may pass in one call of the host.
    pub call_bytes: usize,
    /// Guest time of one exported call; waiting for the host doesn't count.
    pub guest_time: Duration,
    /// A body or an answer without a byte for so long is given up.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 20_000,
            handles: 256,
            // 4 MiB may pass in one call; lists and records cost more than their bytes.
            call_bytes: 8 << 20,
            guest_time: Duration::from_secs(20),
            idle: Duration::from_secs(60),
        }
    }
}

/// Refuses what goes beyond the limits, and remembers which one it was.
pub(crate) struct Limiter {
    limits: Limits,
    pub(crate) hit: Option<&'static str>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, hit: None }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.memory {
            self.hit = Some("host/memory-limit");
            return Ok(false);
        }
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.table_elements {
            self.hit = Some("host/table-limit");
            return Ok(false);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        32
    }

    fn tables(&self) -> usize {
        32
    }

    fn memories(&self) -> usize {
        4
    }
}
