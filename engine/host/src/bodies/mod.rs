//! Bytes that stay with the host: a pipe for each file, with its digests on the way and its last block held back.

mod body;
mod hashes;
mod pipe;

pub use body::Body;
pub use pipe::{Gate, Intake, Outlet, PipeOptions, Proven, digest_only, from_bytes, memory, pipe};
