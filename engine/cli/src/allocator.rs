//! How glibc's malloc behaves, for the whole process.

/// Larger than what bodies are moved in (hyper reads up to 408 KiB at a time): those blocks are used again and again. What is larger goes back to the system at once, instead of leaving a hole among them: with 1 MiB a run of a thousand
/// small files into a server took 10 MB more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 448 << 10;
/// So much that is free at the end of the heap goes back to the system: more than a file's blocks under way, which would elsewise be given back and got anew, page by page, again and again (a tenth
/// of all CPU time, by perf).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const FREE: libc::c_int = 1 << 20;

/// Has all threads share one arena. Each of glibc's arenas keeps what its threads let go of, and the threads that wait for the disk and the network are a dozen; what a
/// thread uses again and again it has in a cache of its own, so they seldom meet. To be called before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "there is no safe way to set it; see SAFETY")]
pub fn keep_little() {
    for (what, value) in [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, FREE),
    ] {
        // SAFETY: it sets a number inside malloc, under malloc's own lock, and takes no pointer. No thread but this one exists yet.
        // Where glibc doesn't know the setting it says so, and all is as it was.
        let _ = unsafe { libc::mallopt(what, value) };
    }
}

/// Other allocators have other ways.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_little() {}
