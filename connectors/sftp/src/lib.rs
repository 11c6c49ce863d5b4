//! A server by SFTP as a destination: bytes go to a temporary name, many requests at a time, and get their name by a rename that replaces nothing.
//!
//! It never sees a key or a password, never makes the folder itself, and never overwrites what it wasn't told to replace.

pub mod failures;
pub mod listing;
pub mod packets;

#[cfg(target_arch = "wasm32")]
mod browse;
#[cfg(target_arch = "wasm32")]
mod folders;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod lanes;
#[cfg(target_arch = "wasm32")]
mod naming;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod syncing;
#[cfg(target_arch = "wasm32")]
mod upload;
