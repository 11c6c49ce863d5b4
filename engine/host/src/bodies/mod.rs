//! Bytes that stay with the host: a file's content on its way from a source through its digests to a destination.
//!
//! A pipe has two ends. The `Intake` is what a source's `fetch` puts bytes into; the `Outlet` is what a destination's `stage` takes them from. In
//! between at most a window of them is held, and the last block stays until the bytes are proven and the engine's gate has opened.

mod block;
mod body;
mod digests;
mod intake;
mod outlet;

pub(crate) use block::BLOCK;
pub use body::{Body, Sink};
pub(crate) use body::{Lent, Open, Piece, moving};
pub use intake::{Gate, Intake, PipeOptions, Proven, digest_only, memory, pipe};
pub use outlet::{Outlet, from_bytes};
