//! iCloud Photos as a source: Apple's private web protocol, as its own site speaks it.
//!
//! It never writes to the library, never keeps a password, and never judges an asset by its master: several assets may share one.

pub mod albums;
pub mod assets;
pub mod failures;
pub mod fields;
pub mod plists;
pub mod srp;

#[cfg(target_arch = "wasm32")]
mod album_walk;
#[cfg(target_arch = "wasm32")]
mod cloudkit;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod listing;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod sign_in;
