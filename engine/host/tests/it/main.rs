//! What a connector must not be able to do, tried by one that does: each is stopped under its own name, and the host goes on serving others.

mod auth;
mod files;
mod findings;
mod limits;
mod load;
mod network;
mod proxy;
mod remembered;
mod reused;
mod server;
mod support;
mod tls;
