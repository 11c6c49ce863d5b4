//! Connectors as the language sees them: an id, roles, and the schema of their settings. No connector is ever run for this.

mod check;
mod connectors;
mod formats;
mod schema;

pub(crate) use check::{Settings, check};
pub use connectors::*;
