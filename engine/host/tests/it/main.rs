//! The host with real components: `make connectors` builds them from tests/connectors.
#![allow(missing_docs, reason = "tests")]

mod bytes;
mod calls;
mod files;
mod http;
mod limits;
mod load;
mod server;
mod support;
