//! Buckets that speak S3: one connector for all providers, whose differences are data (`providers.rs`).
//!
//! It never sees a key (the host signs), never puts a version over a locked one, and never believes that an upload is there because nothing was said against it.

pub mod failures;
pub mod keys;
pub mod parts;
pub mod providers;
pub mod retention;
pub mod settings;
pub mod trial;
pub mod xml;

#[cfg(target_arch = "wasm32")]
mod bucket;
#[cfg(target_arch = "wasm32")]
mod condition;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod lock;
#[cfg(target_arch = "wasm32")]
mod objects;
#[cfg(target_arch = "wasm32")]
mod put;
#[cfg(target_arch = "wasm32")]
mod server;
#[cfg(target_arch = "wasm32")]
mod trailer;
#[cfg(target_arch = "wasm32")]
mod upload;
#[cfg(target_arch = "wasm32")]
mod wanted;
