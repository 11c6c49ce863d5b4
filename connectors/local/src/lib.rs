//! A folder as a destination: drafts that nobody sees, published in batches. The host does what makes that safe; this says what a folder can do.
//!
//! It never makes the folder itself, never replaces what the engine doesn't name, and never sees a byte of a file.

mod guest;
mod walk;
