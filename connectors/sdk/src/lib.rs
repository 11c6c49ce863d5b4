//! What a connector's author uses: the interface's imports as Rust, requests that tell their failures apart, tokens, retries.
//!
//! It never decides what a service's answer means: that is each connector's own. Its pure parts compile on any machine, so that they are tested there.

#[doc(hidden)]
pub use wit_bindgen;

/// The interface's imports, generated from `wit/`.
#[allow(missing_docs)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.1",
        world: "imports",
        generate_all,
        pub_export_macro: true,
    });
}

pub mod errors;
pub mod http;
pub mod token;

pub use bindings::camroll::connector::{bodies, clock, files, log, random, secrets, session, staging, tcp, types};
pub use types::{Error, ErrorClass, Instant};
