//! The connector `ftp` over the host's connections against real servers, which differ in nearly all that FTP leaves open, and against one that means harm.

mod content;
mod faults;
#[path = "../files/mod.rs"]
mod files;
mod hostile;
mod place;
#[path = "../files/replacing.rs"]
mod replacing;
mod sign_in;
mod trusting;
