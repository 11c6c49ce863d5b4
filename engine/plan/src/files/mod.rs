//! Which files of an asset a destination shall hold, which are there, and how the others are called.

mod assign;
mod base;
mod held;
mod layout;
mod matching;
mod media;
mod wanted;

pub(crate) use assign::{Assigned, Ground, Member, PlaceKind, Unnamed, assign};
pub(crate) use base::{Base, sticky};
pub use held::{Held, held};
pub(crate) use layout::Facts;
pub(crate) use matching::{Match, matches};
pub(crate) use media::{agrees, is_media, is_raw};
pub(crate) use wanted::{is_wanted, missing, wanted};
