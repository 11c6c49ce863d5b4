//! Values as people write them: sizes, rates, durations, dates; and the nearest right word to a wrong one.

mod date;
mod duration;
mod nearest;
mod rate;
mod size;

pub use date::*;
pub use duration::*;
pub use nearest::*;
pub use rate::*;
pub use size::*;
