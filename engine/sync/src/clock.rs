//! What time it is: the system's word, or, in debug builds, as much later as a test says.

/// Now. A debug build adds the seconds that `CAMROLL_CLOCK_AHEAD` holds.
pub(crate) fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    #[cfg(debug_assertions)]
    if let Some(ahead) = std::env::var("CAMROLL_CLOCK_AHEAD")
        .ok()
        .and_then(|seconds| seconds.parse::<i32>().ok())
    {
        return now + jiff::SignedDuration::from_secs(ahead.into());
    }
    now
}
