//! Bytes that stay with the host: a pipe for each file, read once for all its destinations, with its digests on the way and its last block held back.

mod body;
mod checkpoint;
mod flow;
mod hashes;
mod outlet;
mod pipe;
mod prefixes;
mod spool;
mod throttle;

pub use body::Body;
pub use checkpoint::{Checkpoint, Saver};
pub use flow::Keep;
pub(crate) use hashes::Hashes;
pub(crate) use outlet::Range;
pub use outlet::{Evidence, Outlet, OutletOptions, Parked};
pub use pipe::{Gate, Intake, PipeOptions, Proven, digest_only, from_bytes, memory, pipe};
pub use spool::Spool;
pub use throttle::Throttle;
