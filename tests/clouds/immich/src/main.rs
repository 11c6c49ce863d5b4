//! The simulator as a process of its own: prints where it is as one line of JSON and runs until its standard input closes.
#![forbid(unsafe_code)]

use std::io::Write as _;

use camroll_cloud_immich::{Immich, KEY, Release};
use clap::Parser;
use tokio::io::AsyncReadExt as _;

/// Immich on loopback
#[derive(Parser)]
struct Arguments {
    /// Which generation of servers
    #[arg(long, value_enum, default_value = "v3-2")]
    release: Release,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let immich = Immich::start(arguments.release).await?;
    println!("{}", serde_json::json!({"url": immich.url(), "api_key": KEY}));
    std::io::stdout().flush()?;
    let mut input = Vec::new();
    tokio::io::stdin().read_to_end(&mut input).await?;
    Ok(())
}
