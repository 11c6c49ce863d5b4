//! A server by SMB as a destination: bytes go to a temporary name, many requests at a time, and get their name by a rename that replaces nothing.
//!
//! It never sees a password or a key: the host signs in, signs and encrypts. It never makes the folder itself, and never overwrites what it wasn't told to replace.

pub mod answers;
pub mod failures;
pub mod listing;
pub mod names;
pub mod requests;

#[cfg(target_arch = "wasm32")]
mod browse;
#[cfg(target_arch = "wasm32")]
mod folders;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod naming;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod upload;
