//! One file a command.

pub mod completions;
pub mod connector;
pub mod explain;
pub mod init;
pub mod login;
pub mod logout;
pub mod plan;
pub mod schema;
pub mod state;
pub mod status;
pub mod sync;
pub mod validate;
pub mod verify;
