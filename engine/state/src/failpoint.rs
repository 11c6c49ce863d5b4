//! Places where a test may let the process die, as a power cut would.

/// The failpoints of this crate. Each comes before or after what it is named for is durable.
pub const FAILPOINTS: &[&str] = &[
    "journal/intent-before",
    "journal/intent-after",
    "journal/record-before",
    "journal/record-after",
    "index/record-after",
    "index/page-before",
    "index/page-after",
    "index/cursor-before",
    "index/cursor-after",
];

/// Aborts the process here when `CAMROLL_FAILPOINT` says "name" or "name=nth" (the first is 1). Only in builds with debug assertions.
#[cfg(debug_assertions)]
pub fn failpoint(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static ARMED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static SEEN: AtomicU64 = AtomicU64::new(0);

    let armed = ARMED.get_or_init(|| {
        let wanted = std::env::var("CAMROLL_FAILPOINT").ok()?;
        Some(match wanted.split_once('=') {
            Some((name, nth)) => (name.to_owned(), nth.parse().unwrap_or(1)),
            None => (wanted, 1),
        })
    });
    if let Some((armed, nth)) = armed
        && armed == name
        && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *nth
    {
        std::process::abort();
    }
}

/// Nothing, in builds without debug assertions.
#[cfg(not(debug_assertions))]
pub fn failpoint(_name: &str) {}
