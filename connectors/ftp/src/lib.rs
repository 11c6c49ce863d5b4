//! A server by FTP as a destination, with TLS or without: bytes go to a temporary name and get their own by a rename, once it was looked that nothing is there.
//!
//! It never sees the password, never makes the folder itself, never sends a file in the clear where TLS was asked for, and never believes a server that a file is there without looking.

pub mod commands;
pub mod failures;
pub mod features;
pub mod listing;
pub mod passive;
pub mod replies;
pub mod seen;
pub mod times;

#[cfg(target_arch = "wasm32")]
mod browse;
#[cfg(target_arch = "wasm32")]
mod data;
#[cfg(target_arch = "wasm32")]
mod folders;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod look;
#[cfg(target_arch = "wasm32")]
mod modified;
#[cfg(target_arch = "wasm32")]
mod naming;
#[cfg(target_arch = "wasm32")]
mod room;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod sign_in;
#[cfg(target_arch = "wasm32")]
mod upload;
