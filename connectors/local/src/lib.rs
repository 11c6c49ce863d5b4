//! A folder as a destination: drafts that nobody sees, published in batches. The host does what makes it safe; this says what it can do.
//!
//! It never makes the folder itself and never follows a link.

#[cfg(target_arch = "wasm32")]
mod guest;
