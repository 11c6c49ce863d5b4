//! What each spec has settled at each of its destinations: a lane. A mark says how far the catalogue was looked at; what was looked at has a status; counters are
//! kept in the same transaction, so that a run with nothing to do reads a handful of keys.

mod lane;
mod status;
#[cfg(test)]
mod tests;
mod totals;

pub use lane::{DirtyEntry, DirtyPosition, Lane, LaneKey};
pub use status::{AssetStatus, LaneTotals, Scope, Settlement};
pub use totals::Totals;
