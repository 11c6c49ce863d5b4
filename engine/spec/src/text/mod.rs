//! Positions in files, and what is said about them.

mod diagnostic;
mod position;
mod tree;

pub use diagnostic::*;
pub use position::*;
pub(crate) use tree::*;
