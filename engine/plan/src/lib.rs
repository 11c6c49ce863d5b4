//! What to do: which assets a spec takes, what of them a destination shall hold, under which names, and why.
//!
//! It is pure: no I/O, no clock, no randomness. The same spec, asset, placements and features give the same actions. It never plans to replace an original,
//! nor anything that camroll didn't put there.
#![forbid(unsafe_code)]

mod brake;
mod names;
mod paths;
mod plan;
mod scope;

pub use brake::{Brake, brake};
pub use names::{FoldedPath, fold};
pub use paths::id8;
pub use plan::{AssetPlan, Holder, Presence, Shelf, Skipped, Wish, fingerprint, plan_asset};
pub use scope::{OutReason, Scope, scope};
