//! The same as in camroll-state, for the places that lie in the host: dies where a test asks for it. Only in debug builds.
//!
//! `CAMROLL_HOLD=NAME=N:PIPE` stands still there instead: opens the named pipe, and goes on when the test that writes into it lets it go. What happens at a destination in that very moment can be had in no other way.

#[cfg(debug_assertions)]
mod wanted {
    use std::path::PathBuf;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    pub(super) struct Place {
        name: String,
        left: AtomicU64,
    }

    impl Place {
        fn named(text: &str) -> Option<Self> {
            let (name, nth) = text.split_once('=').unwrap_or((text, "1"));
            Some(Self {
                name: name.to_owned(),
                left: AtomicU64::new(nth.parse().ok()?),
            })
        }

        pub(super) fn is_reached(&self, name: &str) -> bool {
            self.name == name && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        }
    }

    pub(super) static DEATH: LazyLock<Option<Place>> =
        LazyLock::new(|| Place::named(&std::env::var("CAMROLL_FAILPOINT").ok()?));

    pub(super) static HOLD: LazyLock<Option<(Place, PathBuf)>> = LazyLock::new(|| {
        let wanted = std::env::var("CAMROLL_HOLD").ok()?;
        let (place, pipe) = wanted.split_once(':')?;
        Some((Place::named(place)?, pipe.into()))
    });
}

#[inline]
pub(crate) fn failpoint(name: &str) {
    #[cfg(debug_assertions)]
    {
        if wanted::DEATH.as_ref().is_some_and(|place| place.is_reached(name)) {
            std::process::abort();
        }
        if let Some((place, pipe)) = &*wanted::HOLD
            && place.is_reached(name)
        {
            // To its end, which is when the other side is closed. A pipe that can't be read holds nothing.
            let _ = std::fs::read(pipe);
        }
    }
    let _ = name;
}
