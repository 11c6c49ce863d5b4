//! Named places where a test can have the process die. Only in debug builds.

/// Those that every file passes, in their order. `aside/after` is passed only where a move finds both of its names taken.
pub const FAILPOINTS: &[&str] = &[
    "page/before",
    "page/after",
    "stage/before",
    "intent/before",
    "intent/after",
    "draft/before",
    "draft/after",
    "stage/after",
    "commit/before",
    "publish/before",
    "publish/after",
    "commit/after",
    "record/before",
    "record/after",
    "cursor/before",
    "cursor/after",
];

/// Dies here if `CAMROLL_FAILPOINT` is this name, or this name and `=N` at the N-th time.
#[inline]
pub fn failpoint(name: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::LazyLock;
        use std::sync::atomic::{AtomicU64, Ordering};
        static WANTED: LazyLock<Option<(String, AtomicU64)>> = LazyLock::new(|| {
            let wanted = std::env::var("CAMROLL_FAILPOINT").ok()?;
            let (name, nth) = wanted.split_once('=').unwrap_or((&wanted, "1"));
            Some((name.to_owned(), AtomicU64::new(nth.parse().ok()?)))
        });
        if let Some((wanted, left)) = &*WANTED
            && wanted == name
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }
    let _ = name;
}
