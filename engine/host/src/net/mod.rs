//! HTTP as a connector gets it: only to granted origins, checked after DNS on every hop, with secrets put in and taken out on the way.

mod address;
mod answer;
mod auth;
mod clients;
mod content;
mod cookies;
mod grants;
mod headers;
mod path;
mod places;
mod redirect;
mod resolver;
mod send;
mod wire;

pub(crate) use clients::{tls, tls_1_2};
pub(crate) use content::{Encoding, RunningDigest, Segment};
pub(crate) use headers::is_refused as is_refused_header;
pub(crate) use places::PREFIX as PLACEHOLDER;
pub use resolver::{Resolve, SystemResolver};
pub(crate) use send::{Net, Request, Response, UnknownLength};
