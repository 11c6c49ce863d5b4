//! The YAML language of camroll specs: types, positions, validation, JSON Schema, secret references.
//!
//! It turns files into [`Spec`]s with every default filled in, or into [`Diagnostic`]s that say what, where and what to do, all of them at
//! once. It never opens a connection, never runs a connector, never needs an async runtime; a secret is only read by
//! [`resolve_secrets`], when a run needs it, and never printed.
#![forbid(unsafe_code)]

mod language;
mod read;
pub mod report;
mod schema;
mod secrets;
mod settings;
mod text;
mod values;

pub use language::*;
pub use read::{FileRole, Reading, ShownText, SourceFile, gather, load, read};
pub use schema::{receipt_schema, spec_schema};
pub use secrets::*;
pub use settings::{ConnectorInfo, ConnectorRole, Connectors, ManifestFault};
pub use text::{Diagnostic, Place, Position, Severity};
pub use values::{DateBound, Length, Size, WrittenDate, nearest};
