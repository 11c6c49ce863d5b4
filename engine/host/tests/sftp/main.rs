//! The connector `sftp` over the host's SSH against real servers: OpenSSH, and rclone, whose server differs where servers may.

mod content;
mod far;
mod faults;
#[path = "../files/mod.rs"]
mod files;
mod place;
#[path = "../files/replacing.rs"]
mod replacing;
mod sign_in;
mod throughput;
