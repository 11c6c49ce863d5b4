//! From files to specs.

pub(crate) mod connection;
pub(crate) mod destination;
pub(crate) mod document;
mod expect;
mod faults;
pub(crate) mod fields;
mod files;
pub(crate) mod filters;
pub(crate) mod limits;
mod load;
pub(crate) mod pace;
pub(crate) mod schedule;
mod secret;
mod shown;

pub(crate) use faults::Faults;
pub use files::*;
pub use load::*;
pub(crate) use secret::read_secret;
pub use shown::*;
