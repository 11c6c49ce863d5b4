//! What a connector's author uses: the interface's imports as Rust, requests that tell their failures apart, tokens, retries, dates.
//!
//! It never decides what a service's answer means: that is each connector's own. Its pure parts compile on any machine, so that they are tested there;
//! what reaches for the host panics anywhere but in a component.
//!
//! A connector is a plain struct. It binds its own world with [`bind!`], implements the interfaces that this generates, and exports itself:
//!
//! ```ignore
//! camroll_connector::bind!("../../wit/0.1", "camroll:mine/guest", "
//!     package camroll:mine;
//!     world guest {
//!         include camroll:connector/imports@0.1.0;
//!         export camroll:connector/connector@0.1.0;
//!         export camroll:connector/source@0.1.0;
//!     }
//! ");
//! struct Mine;
//! #[cfg(target_arch = "wasm32")]
//! export!(Mine);
//! impl exports::camroll::connector::connector::Guest for Mine { … }
//! ```

#[doc(hidden)]
pub use wit_bindgen;

/// The interface's imports, generated from `wit/`.
#[allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::restriction,
    reason = "generated; wit/ documents it"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.1",
        world: "imports",
        generate_all,
        pub_export_macro: true,
    });
}

pub mod date;
pub mod encoding;
pub mod errors;
pub mod http;
pub mod retry;
pub mod token;

#[cfg(all(feature = "getrandom", target_arch = "wasm32"))]
mod entropy;

pub use bindings::camroll::connector::{bodies, clock, files, log, random, secrets, session, staging, types};
pub use types::{Error, ErrorClass, Instant};

/// Binds a connector's own world, written inline, to this crate's types: the folder of `wit/`, the world's name, the world.
#[macro_export]
macro_rules! bind {
    ($path:literal, $world:literal, $inline:literal) => {
        $crate::wit_bindgen::generate!({
            path: $path,
            inline: $inline,
            world: $world,
            runtime_path: "camroll_connector::wit_bindgen::rt",
            with: {
                "camroll:connector/types@0.1.0": camroll_connector::bindings::camroll::connector::types,
                "camroll:connector/log@0.1.0": camroll_connector::bindings::camroll::connector::log,
                "camroll:connector/clock@0.1.0": camroll_connector::bindings::camroll::connector::clock,
                "camroll:connector/random@0.1.0": camroll_connector::bindings::camroll::connector::random,
                "camroll:connector/bodies@0.1.0": camroll_connector::bindings::camroll::connector::bodies,
                "camroll:connector/secrets@0.1.0": camroll_connector::bindings::camroll::connector::secrets,
                "camroll:connector/session@0.1.0": camroll_connector::bindings::camroll::connector::session,
                "camroll:connector/http@0.1.0": camroll_connector::bindings::camroll::connector::http,
                "camroll:connector/tcp@0.1.0": camroll_connector::bindings::camroll::connector::tcp,
                "camroll:connector/files@0.1.0": camroll_connector::bindings::camroll::connector::files,
                "camroll:connector/staging@0.1.0": camroll_connector::bindings::camroll::connector::staging,
            },
        });
    };
}

/// A line of the engine's log at level info, under the connection's name.
pub fn say(message: &str) {
    log::write(log::Level::Info, message, &[]);
}
