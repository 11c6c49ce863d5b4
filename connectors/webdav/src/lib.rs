//! WebDAV as a destination: a temporary name first, the real one by a MOVE that replaces nothing.
//!
//! It never sends a byte to a name that people see, never trusts a conditional PUT (most servers ignore it), and never resumes by Content-Range (some servers
//! replace the file by the fragment). Only to a server that proved that it puts ranges together does it send a large file in them.

pub mod address;
pub mod chunks;
pub mod dates;
pub mod failures;
pub mod folders;
pub mod listing;
pub mod multistatus;
pub mod names;
pub mod presets;
pub mod properties;
pub mod ranges;
pub mod settings;
pub mod trial;

#[cfg(target_arch = "wasm32")]
mod browse;
#[cfg(target_arch = "wasm32")]
mod chunked;
#[cfg(target_arch = "wasm32")]
mod clocks;
#[cfg(target_arch = "wasm32")]
mod digests;
#[cfg(target_arch = "wasm32")]
mod edit;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod making;
#[cfg(target_arch = "wasm32")]
mod propfind;
#[cfg(target_arch = "wasm32")]
mod publish;
#[cfg(target_arch = "wasm32")]
mod ranged;
#[cfg(target_arch = "wasm32")]
mod upload;
#[cfg(target_arch = "wasm32")]
mod wire;
