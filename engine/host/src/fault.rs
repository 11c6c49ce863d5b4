//! Errors of a disk that a test can't have for real, because nothing may be mounted where it runs. Only in debug builds.
//!
//! `CAMROLL_FAULT` is one of: `full=BYTES`, a disk with room for so many bytes; `read-only=N`, a folder that is read-only from the N-th draft on; `free=BYTES`, what the disk says is free.

use rustix::io::Errno;

#[cfg(debug_assertions)]
mod injected {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    pub(super) enum Fault {
        Full { room: u64, written: AtomicU64 },
        ReadOnly { from: u64, made: AtomicU64 },
        Free(u64),
    }

    pub(super) static FAULT: LazyLock<Option<Fault>> = LazyLock::new(|| {
        let wanted = std::env::var("CAMROLL_FAULT").ok()?;
        let (what, number) = wanted.split_once('=')?;
        let number = number.parse().ok()?;
        match what {
            "full" => Some(Fault::Full {
                room: number,
                written: AtomicU64::new(0),
            }),
            "read-only" => Some(Fault::ReadOnly {
                from: number,
                made: AtomicU64::new(0),
            }),
            "free" => Some(Fault::Free(number)),
            _ => None,
        }
    });

    pub(super) fn counted(count: &AtomicU64, by: u64) -> u64 {
        count.fetch_add(by, Ordering::SeqCst) + by
    }
}

/// What the disk is said to have free.
pub(crate) fn free() -> Option<u64> {
    #[cfg(debug_assertions)]
    if let Some(injected::Fault::Free(bytes)) = &*injected::FAULT {
        return Some(*bytes);
    }
    None
}

/// Before a draft is made.
pub(crate) fn create() -> Result<(), Errno> {
    #[cfg(debug_assertions)]
    if let Some(injected::Fault::ReadOnly { from, made }) = &*injected::FAULT
        && injected::counted(made, 1) >= *from
    {
        return Err(Errno::ROFS);
    }
    Ok(())
}

/// Before so many bytes are written.
pub(crate) fn write(length: usize) -> std::io::Result<()> {
    #[cfg(debug_assertions)]
    if let Some(injected::Fault::Full { room, written }) = &*injected::FAULT
        && injected::counted(written, length as u64) > *room
    {
        return Err(Errno::NOSPC.into());
    }
    let _ = length;
    Ok(())
}
