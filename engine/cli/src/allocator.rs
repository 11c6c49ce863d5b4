//! How glibc's malloc behaves, for the whole process.

/// Has all threads share one arena. Each of glibc's arenas keeps what its threads let go of, and the threads that wait for the disk and the network are a dozen; what a
/// thread uses again and again it has in a cache of its own, so they seldom meet. To be called before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "there is no safe way to set it; see SAFETY")]
pub fn share_one_arena() {
    // SAFETY: it sets a number inside malloc, under malloc's own lock, and takes no pointer. No thread but this one exists yet.
    // Where glibc doesn't know the setting it says so, and all is as it was.
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// Other allocators have other ways.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn share_one_arena() {}
