//! One file a command.

pub mod adopt;
pub mod completions;
pub mod connector;
pub mod copies;
pub mod doctor;
pub mod explain;
pub mod init;
pub mod login;
pub mod logout;
pub mod plan;
pub mod restore;
pub mod schema;
pub mod state;
pub mod status;
pub mod sync;
pub mod validate;
pub mod verify;
