//! The connector `webdav` against real servers: what it does with large files where they are far away.

#[path = "../files/mod.rs"]
#[allow(dead_code, reason = "shared with the tests of FTP, SFTP and SMB, which use the rest")]
mod files;
mod place;
mod ranges;
