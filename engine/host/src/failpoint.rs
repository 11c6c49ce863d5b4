//! The same as in camroll-state, for the places that lie in the host: dies where a test asks for it. Only in debug builds.

#[inline]
pub(crate) fn failpoint(name: &str) {
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
