//! What camroll remembers: an append-only journal that is the truth, a sled index that is a cache of it and may be lost, sign-ins under a key, and a lock.
//!
//! It never reads a clock and never talks to a network; times come from the caller. Nothing that it finds on disk makes it panic: what is torn is cut,
//! what is broken is moved aside and said.
#![forbid(unsafe_code)]

mod album_places;
mod albums;
mod annotations;
mod begun;
mod catalogue;
mod error;
mod failpoint;
mod gathering;
mod index;
mod journal;
mod lanes;
mod lock;
mod placements;
mod record;
mod sign_ins;
mod state;
mod uploads;

pub use album_places::{AlbumPlace, AlbumThere, MemberThere};
pub use albums::AlbumsHeard;
pub use annotations::{AnnotatedAt, Annotation};
pub use begun::Begun;
pub use catalogue::{Applied, Catalogued, Ordinal, Presence, Seq, SourceId};
pub use error::StateError;
pub use failpoint::{FAILPOINTS, failpoint};
pub use journal::Journal;
pub use lanes::{AssetStatus, DirtyEntry, Lane, LaneId, LaneTotals, SpecTotals, StatusScope, StatusState};
pub use placements::{Doubted, Moved, Placed, Published, Stands};
pub use record::{DestinationId, Intent, Loss, Record};
pub use sign_ins::{Cipher, SignIn, SignInGuard, SignIns};
pub use state::{Notice, Opened, RunNote, State};
pub use uploads::Upload;
