//! Immich as a destination: asks by SHA-1 what is there, brings the rest, and joins what belongs together.
//!
//! It never changes a file that is there, never removes one whose bytes aren't the expected ones, and never takes the service's word for an upload: what the server says
//! of the bytes afterwards is read back.

pub mod answers;
pub mod changes;
pub mod dates;
pub mod entries;
pub mod failures;
pub mod form;
pub mod ids;
pub mod media_types;
pub mod permissions;
pub mod settings;
pub mod stacks;
pub mod version;

#[cfg(target_arch = "wasm32")]
mod albums;
#[cfg(target_arch = "wasm32")]
mod annotate;
#[cfg(target_arch = "wasm32")]
mod browse;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod join;
#[cfg(target_arch = "wasm32")]
mod upload;
#[cfg(target_arch = "wasm32")]
mod wire;
