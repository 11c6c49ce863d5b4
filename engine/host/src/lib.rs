//! The sandbox: loads connectors, implements the interface of wit/, enforces grants and limits.
//!
//! A connector is untrusted. It reaches what its manifest was granted and wastes only its own limits; whatever it does, its caller gets an error
//! with a code. This crate never decides what a sync wants, never reads a spec, and never lets a body's last block go before the body is proven.

mod bindings;
mod bodies;
mod cache;
mod computing;
mod connection;
mod connector;
mod convert;
mod engine;
mod error;
mod failpoint;
mod fault;
mod files;
mod findings;
mod imports;
mod limits;
mod load;
mod manifest;
mod net;
mod pointer;
mod redact;
mod tcp;
mod vault;

pub use bodies::{
    Checkpoint, Evidence, Gate, Intake, Keep, Outlet, OutletOptions, Parked, PipeOptions, Proven, Saver, Spool,
    Throttle, digest_only, from_bytes, memory, pipe,
};
pub use cache::CodeCacheDir;
pub use connection::{Connection, Disposal, Progress, Question, Reach};
pub use connector::{Component, ConnectRequest, Connector, Exports, Host, HostOptions, digest_of};
pub use error::{HostError, LoadError};
pub use limits::Limits;
pub use load::manifest_json;
pub use manifest::{Manifest, ManifestError};
pub use net::{Resolve, SystemResolver};
pub use vault::{SessionStore, StoreError};
