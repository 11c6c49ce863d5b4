use std::fmt;
use std::path::PathBuf;

/// Something that a person may want to know about the state that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The index was lost or broken and is rebuilt from the journal.
    IndexRebuilt {
        /// Why.
        why: String,
        /// Where the broken one is now; none where there was none.
        aside: Option<PathBuf>,
        /// Placements that the journal tells.
        placements: u64,
    },
    /// The journal ended in the middle of a record, as a power cut leaves it.
    TailCut {
        /// The segment's file.
        segment: PathBuf,
        /// Bytes that were cut.
        bytes: u64,
        /// Where they are kept.
        aside: PathBuf,
    },
    /// The journal lost records that the index still had; they were written to it again.
    JournalMended {
        /// How many.
        records: u64,
    },
    /// There was no key, and one was made.
    KeyMade {
        /// Its file.
        path: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexRebuilt { why, aside, placements } => {
                write!(
                    f,
                    "The index was rebuilt from the journal ({why}): {placements} placements are known. The source is listed again; nothing is sent twice."
                )?;
                match aside {
                    Some(aside) => write!(f, " The old index is in {}, and can be removed.", aside.display()),
                    None => Ok(()),
                }
            }
            Self::TailCut { segment, bytes, aside } => write!(
                f,
                "The journal {} ended in the middle of a record, as after a power cut. Its last {bytes} bytes were cut off and kept in {}.",
                segment.display(),
                aside.display()
            ),
            Self::JournalMended { records } => write!(
                f,
                "The journal had lost {records} records that the index still had; they were written to it again."
            ),
            Self::KeyMade { path } => write!(
                f,
                "A key was made in {}. What it encrypts (sign-ins) can be read by whoever can read that file; there is no OS keyring in use.",
                path.display()
            ),
        }
    }
}
