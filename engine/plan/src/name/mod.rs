//! Names at a destination: how it compares them, what it can hold, and how they are told apart.

mod fold;
mod legal;
mod spell;
mod tag;

pub use fold::{FoldedPath, fold};
pub(crate) use legal::{NameFault, check};
pub(crate) use spell::{Speller, plain_rules, units};
pub use tag::id8;
pub(crate) use tag::{Tag, TagLength, version_mark};
