//! Stages one file as `camroll_conformance::stage_and_halt` does, until somebody kills it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let Err(why) = camroll_conformance::stage_and_halt().await;
    eprintln!("{why}");
    ExitCode::FAILURE
}
