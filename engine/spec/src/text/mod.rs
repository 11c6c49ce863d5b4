//! Positions in files, and what is said about them.

mod diagnostic;
mod position;

pub use diagnostic::*;
pub use position::*;
