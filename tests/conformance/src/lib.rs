//! What every destination has to do, asked of a connector through the host, against a server on loopback: a real one, or a simulator where none can be had.
//!
//! Somebody who adds a connector or a server writes a [`Service`] for it and a test that calls [`conforms`]. What must hold everywhere fails the test; what may differ
//! (whether a file's time can be set, whether two forms of a letter are two names) goes into the server's column of docs/connectors/conformance.md, which the test
//! compares; `UPDATE=1` writes it anew.
//!
//! It never looks into a connector: what it knows of a destination is what the engine knows.
#![forbid(unsafe_code)]

mod cells;
mod connect;
mod content;
mod features;
mod placing;
mod proxy;
mod service;
mod stager;
mod table;

pub use service::{HTTP_REST, Service};
pub use stager::stage_and_halt;

use std::time::Instant;

use crate::cells::{CELLS, Setting};

/// Asks all of it of one service and compares what comes out with the service's column of the table.
///
/// # Panics
/// If something that must hold doesn't, or the column is another one.
pub async fn conforms(service: &dyn Service) {
    let mut column = Vec::new();
    let mut failures = Vec::new();
    let has_paths = Setting::of(service, "").has_paths().await;
    for cell in CELLS {
        let setting = Setting::of(service, cell.id);
        let begun = Instant::now();
        let answer = match has_paths {
            true => (cell.ask)(&setting).await,
            false => cells::ids::ask(cell.id, &setting).await,
        };
        println!(
            "{}: {}: {:?}: {answer:?}",
            service.column(),
            cell.title,
            begun.elapsed()
        );
        match answer {
            Ok(outcome) => column.push((cell.title, outcome)),
            Err(what) => failures.push(format!("{}: {what}", cell.title)),
        }
    }
    assert!(failures.is_empty(), "{}:\n{}", service.column(), failures.join("\n"));
    table::agree(&table::CONFORMANCE, service.column(), &column);
    let said = features::told(&Setting::of(service, "").connection).await;
    table::agree(&table::FEATURES, service.column(), &said);
}
