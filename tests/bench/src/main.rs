//! camroll's benchmarks. Each compares with a peer in the same run, in alternating rounds, and prints medians with their spread: docs/BENCHMARKS.md says what they came to.
//!
//! It measures and never judges: a figure that is missed fails nothing here.
#![forbid(unsafe_code)]

mod apple;
mod camroll;
mod delay;
mod destinations;
mod figures;
mod first_sync;
mod icloudpd;
mod large_library;
mod memory;
mod process;
mod sandbox;
mod servers;
mod soak;

use std::path::PathBuf;

use clap::Parser;

use destinations::{ServerKind, Work};

/// Measures camroll; all of it without a name
#[derive(Parser)]
#[command(after_help = "Build it first: make bench does both.")]
struct Arguments {
    /// Only these: first-sync, large-library, sandbox, memory, destinations; and soak, which is run by its name alone
    names: Vec<String>,
    /// Rounds of each pair
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// What `destinations` brings there
    #[arg(long = "work", value_enum, value_delimiter = ',', default_values = ["small", "large"])]
    works: Vec<Work>,
    /// Which servers `destinations` brings it to
    #[arg(long = "server", value_enum, value_delimiter = ',', default_values = ["seaweedfs", "apache", "openssh"])]
    servers: Vec<ServerKind>,
    /// Where the release binaries are
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
    /// Where the independent clients are
    #[arg(long, default_value = "target/tools/clients")]
    clients: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let wanted = |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|known| known == name);
    let setting = process::Setting {
        binaries: arguments.binaries.canonicalize()?,
        clients: arguments.clients.canonicalize()?,
        rounds: arguments.rounds,
    };
    if wanted("first-sync") {
        first_sync::run(&setting)?;
    }
    if wanted("large-library") {
        large_library::run(&setting)?;
    }
    if wanted("sandbox") {
        sandbox::run(&setting)?;
    }
    if wanted("memory") {
        memory::run(&setting)?;
    }
    if wanted("destinations") {
        destinations::run(&setting, &arguments.works, &arguments.servers)?;
    }
    if arguments.names.iter().any(|name| name == "soak") {
        soak::run(&setting)?;
    }
    Ok(())
}
