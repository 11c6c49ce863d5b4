//! The simulator as a process of its own: `camroll-nextcloud` prints where it is as one line of JSON and runs until its standard input closes.
#![forbid(unsafe_code)]

use std::io::Write as _;

use camroll_cloud_nextcloud::{Account, Nextcloud, Product, Storage};
use clap::{Parser, ValueEnum};
use tokio::io::AsyncReadExt as _;

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Nextcloud with its files on a disk
    Nextcloud,
    /// Nextcloud with its files in a bucket
    NextcloudObjects,
    /// ownCloud 10
    Owncloud,
}

/// Nextcloud's and ownCloud's WebDAV on loopback
#[derive(Parser)]
struct Command {
    /// Which server it is
    #[arg(long, value_enum, default_value = "nextcloud")]
    kind: Kind,
    /// Bytes that the files may have in all
    #[arg(long)]
    quota: Option<u64>,
    /// Milliseconds before each answer
    #[arg(long, default_value_t = 0)]
    latency: u64,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let command = Command::parse();
    let (product, storage) = match command.kind {
        Kind::Nextcloud => (Product::Nextcloud, Storage::Disk),
        Kind::NextcloudObjects => (Product::Nextcloud, Storage::Objects),
        Kind::Owncloud => (Product::OwnCloud, Storage::Disk),
    };
    let account = Account {
        quota: command.quota,
        ..Account::default()
    };
    let server = Nextcloud::start(product, storage, account.clone()).await?;
    server.set_latency(command.latency);
    let ready = serde_json::json!({"url": server.url(), "user": account.user, "password": account.password});
    println!("{ready}");
    std::io::stdout().flush()?;
    let mut input = Vec::new();
    tokio::io::stdin().read_to_end(&mut input).await?;
    Ok(())
}
