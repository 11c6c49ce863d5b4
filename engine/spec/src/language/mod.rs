//! The types of a valid spec.

mod filter;
mod layout;
mod names;
mod pace;
mod schedule;
mod spec;

pub use filter::*;
pub use layout::*;
pub use names::*;
pub use pace::*;
pub use schedule::*;
pub use spec::*;
