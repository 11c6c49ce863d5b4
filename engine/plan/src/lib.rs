//! What to do: (spec, catalogued asset, its albums, placements of that asset, features, who holds which path) → actions with reasons.
//!
//! It decides which assets are in scope, which of their files a destination shall hold and under which names, and what happens to files that
//! are there and no longer wanted. Same input, same output. It never does I/O, never reads a clock, never needs an async runtime or a
//! sandbox, and never plans to overwrite an original, nor to overwrite or remove a file that camroll didn't write or take over.
#![forbid(unsafe_code)]

mod brake;
mod files;
mod fingerprint;
mod moment;
mod name;
mod plan;
mod scope;
mod sidecar;

pub use brake::{Brake, brake};
pub use files::{Held, held};
pub use fingerprint::fingerprint;
pub use moment::file_time;
pub use name::{FoldedPath, fold, id8};
pub use plan::{
    AssetPlan, Holder, Kept, KeptWhy, Move, Note, NoteCode, Presence, RemovesNothing, Shelf, SkipCode, Skipped,
    Waiting, Wish, plan_asset, relayout, removes_nothing,
};
pub use scope::{OutReason, Scope, scope, unknown_albums};
pub use sidecar::{is_sidecar, sidecar, with_sidecar};
