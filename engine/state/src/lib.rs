//! What camroll remembers in a state folder: the journal (truth), the index (a cache of it, and the catalogue), sign-ins (encrypted), the lock.
//!
//! Nothing of a placement is in the index that isn't durable in the journal. It never talks to a network, never decides what shall be done, never reads
//! a clock: times are given to it. What may carry a secret (cursors, tokens of what is staged, sessions) is encrypted before it is written. All calls
//! block; none panics on what lies on the disk.
#![forbid(unsafe_code)]

mod catalogue;
mod dir;
mod error;
mod failpoint;
mod index;
mod journal;
mod key;
mod lanes;
mod lock;
mod memo;
mod notice;
mod open;
mod placements;
mod receipts;
mod replay;
mod runs;
mod sign_ins;
mod state;

pub use catalogue::{Applied, Catalogued, Presence, Seq, SnapshotEnd, SourceId, Unexplained};
pub use dir::StateDir;
pub use error::StateError;
pub use failpoint::{FAILPOINTS, failpoint};
pub use journal::{DestinationId, Intent, Journal, Position, Record, Why};
pub use key::KeySource;
pub use lanes::{AssetStatus, DirtyEntry, DirtyPosition, Lane, LaneKey, LaneTotals, Scope, Settlement, Totals};
pub use lock::Holder;
pub use memo::CachedLibraries;
pub use notice::Notice;
pub use open::Opened;
pub use placements::{Numbered, Placed, Removed};
pub use receipts::ReceiptLog;
pub use runs::LastRun;
pub use sign_ins::{SignIn, SignInKey, SignInLock, SignIns};
pub use state::State;
