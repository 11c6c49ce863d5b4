//! Nextcloud's and ownCloud's WebDAV on loopback, for tests: a user's files, chunked uploads of both kinds, digests, quota, locks, sign-in and maintenance.
//!
//! It never talks to a server and knows no real account. It keeps all bytes in memory. What it takes for granted is in README.md: which of it an independent client covered,
//! which was read in the servers' own source, and which is our reading.
#![forbid(unsafe_code)]

mod capabilities;
mod checksums;
mod chunks;
mod clock;
mod faults;
mod files;
mod paths;
mod product;
mod properties;
mod refusal;
mod server;
mod sign_in;
mod state;
mod tree;
mod uploads;
mod xml;

pub use camroll_cloud_faults::Gate;
pub use capabilities::NameRules;
pub use faults::Action;
pub use product::{Product, Storage};
pub use server::{Account, Nextcloud};
