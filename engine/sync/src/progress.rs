/// What a run tells while it is under way, for a progress bar or a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Assets that the source told so far, and how many it says there are.
    Heard {
        /// So far.
        assets: u64,
        /// In all, as far as the source says.
        total: Option<u64>,
    },
    /// More files are to be sent.
    Planned {
        /// Files.
        files: u64,
        /// Their bytes, as far as known.
        bytes: u64,
    },
    /// A file's transfer began.
    Started {
        /// Where it shall be.
        path: String,
        /// Bytes.
        size: Option<u64>,
    },
    /// A file is published and recorded, or was found to be there.
    Placed {
        /// Where it is.
        path: String,
        /// Bytes.
        size: u64,
        /// Whether its bytes were sent.
        how: Arrival,
    },
    /// A file couldn't be sent; it is tried again by the next run.
    Failed {
        /// Where it should be.
        path: String,
        /// Why.
        message: String,
    },
    /// Something a person may want to know.
    Notice(String),
}

/// How a file came to be at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Its bytes were sent.
    Sent,
    /// Equal bytes were there.
    Found,
}

/// Takes what a run tells. Called from several tasks at once; must not block.
pub trait Progress: Send + Sync {
    /// Takes one event.
    fn tell(&self, event: Event);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _event: Event) {}
}
