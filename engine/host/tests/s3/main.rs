//! The connector `s3` over the host's signatures against real servers: SeaweedFS, which is strict, and rclone, which isn't.

mod content;
mod faults;
mod lock;
mod parts;
mod place;
mod refused;
mod sent;
mod trials;
