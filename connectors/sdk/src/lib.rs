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

/// The bindings of a connector's own world: its exports anew, its imports those of this crate, so that what one file gets from the host another one can take.
///
/// Takes the world's name and its text (`wit_bindgen` reads no `$crate`, so the crate must be known as `camroll_connector`); `export!` and `exports` are then there.
#[macro_export]
macro_rules! world {
    ($world:tt, $text:tt) => {
        wit_bindgen::generate!({
            path: "../../wit/0.1",
            inline: $text,
            world: $world,
            with: {
                "camroll:connector/types@0.1.0": camroll_connector::bindings::camroll::connector::types,
                "camroll:connector/log@0.1.0": camroll_connector::bindings::camroll::connector::log,
                "camroll:connector/clock@0.1.0": camroll_connector::bindings::camroll::connector::clock,
                "camroll:connector/random@0.1.0": camroll_connector::bindings::camroll::connector::random,
                "camroll:connector/bodies@0.1.0": camroll_connector::bindings::camroll::connector::bodies,
                "camroll:connector/secrets@0.1.0": camroll_connector::bindings::camroll::connector::secrets,
                "camroll:connector/session@0.1.0": camroll_connector::bindings::camroll::connector::session,
                "camroll:connector/findings@0.1.0": camroll_connector::bindings::camroll::connector::findings,
                "camroll:connector/http@0.1.0": camroll_connector::bindings::camroll::connector::http,
                "camroll:connector/tcp@0.1.0": camroll_connector::bindings::camroll::connector::tcp,
                "camroll:connector/files@0.1.0": camroll_connector::bindings::camroll::connector::files,
                "camroll:connector/staging@0.1.0": camroll_connector::bindings::camroll::connector::staging,
            },
        });
    };
}

pub mod errors;
pub mod findings;
pub mod http;
pub mod paths;
pub mod refused;
pub mod replacing;
pub mod times;
pub mod token;

pub use bindings::camroll::connector::{bodies, clock, files, log, random, secrets, session, staging, tcp, types};
pub use types::{Error, ErrorClass, Instant};
