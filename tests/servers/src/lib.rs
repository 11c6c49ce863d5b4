//! Real servers on loopback for the tests and the demo: one file each. They are fetched under `target/tools/servers` by `setup.sh` and started in a folder of their own,
//! on ports that are theirs alone; nothing of them is installed into the system, and they end with the value that stands for them.
//!
//! It never stands in for a server that can be had: doubles of those that can't live in `tests/clouds`.
#![forbid(unsafe_code)]

mod apache;
mod between;
pub mod buckets;
mod far;
mod fetched;
pub mod ftp;
mod keys;
mod meter;
mod openssh;
mod ports;
mod process;
mod rclone_sftp;
mod rclone_webdav;
mod samba;
mod small_disk;
pub mod webdav;
mod wsgidav;

pub use apache::Apache;
pub use between::{Act, Between};
pub use far::Far;
pub use fetched::{Fetched, fetched};
pub use keys::KeyPair;
pub use meter::Meter;
pub use openssh::OpenSsh;
pub use ports::free_port;
pub use process::Server;
pub use rclone_sftp::RcloneSftp;
pub use rclone_webdav::RcloneWebdav;
pub use samba::Samba;
pub use wsgidav::Wsgidav;
