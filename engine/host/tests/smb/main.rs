//! The connector `smb` over the host's session against a real server: Samba, of every age that it can be.

mod content;
mod faults;
#[path = "../files/mod.rs"]
mod files;
mod meddler;
mod place;
mod sign_in;
mod throughput;
