//! The vocabulary that every other crate speaks: assets, resources, digests, placements, proof, actions, receipts, a connector's errors.
//!
//! It holds data and the few rules that belong to a word itself (an id is not a path, a digest has an algorithm). It never does I/O, never
//! reads a clock, never knows about YAML, wasm or a database.
#![forbid(unsafe_code)]

mod action;
mod album_path;
mod asset;
mod change;
mod connector_error;
mod destination;
mod digest;
mod instant;
mod placement;
mod receipt;
mod secret;

pub use action::*;
pub use album_path::*;
pub use asset::*;
pub use change::*;
pub use connector_error::*;
pub use destination::*;
pub use digest::*;
pub use instant::*;
pub use placement::*;
pub use receipt::*;
pub use secret::*;
