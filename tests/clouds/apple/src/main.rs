//! The simulator as a process of its own: `camroll-apple serve` prints where it is as one line of JSON and runs until its standard input closes;
//! `camroll-apple tell URL JSON` changes its library.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::PathBuf;

use camroll_cloud_apple::{Account, Apple, Content, NewItem, library_from};
use clap::Parser;
use http_body_util::BodyExt as _;
use tokio::io::AsyncReadExt as _;

/// Apple's iCloud Photos on loopback
#[derive(Parser)]
enum Command {
    /// Run until standard input closes
    Serve {
        /// A JSON file with the items to begin with
        #[arg(long)]
        library: Option<PathBuf>,
        /// Generated items
        #[arg(long, default_value_t = 0)]
        generate: u64,
        /// Their size, bytes
        #[arg(long, default_value_t = 130_000)]
        size: u64,
        /// Milliseconds before each answer
        #[arg(long, default_value_t = 0)]
        latency: u64,
        /// Also open a proxy that answers under Apple's own names, and write the certificate of its authority to this file
        #[arg(long, value_name = "FILE")]
        authority: Option<PathBuf>,
        /// As clients know it that don't ask for a code and take 204 for a right one
        #[arg(long)]
        older_sign_in: bool,
    },
    /// Change the library of one that runs
    Tell {
        /// Its control address
        url: String,
        /// What to do
        json: String,
    },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Command::parse() {
        Command::Serve {
            library,
            generate,
            size,
            latency,
            authority,
            older_sign_in,
        } => {
            let account = Account {
                code_by_409: !older_sign_in,
                pushes_unasked: older_sign_in,
                ..Account::default()
            };
            let mut apple = Apple::start(account.clone()).await?;
            apple.set_latency(latency);
            if let Some(path) = library {
                let folder = path.parent().map(PathBuf::from).unwrap_or_default();
                let mut items: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&path)?)?;
                for item in &mut items {
                    for key in ["file", "video", "alternate", "edited"] {
                        if let Some(name) = item[key].as_str() {
                            item[key] = folder.join(name).display().to_string().into();
                        }
                    }
                    let new = library_from(item)?;
                    apple.library(|library| library.add(new));
                }
            }
            let made: Vec<NewItem> = (0..generate)
                .map(|number| NewItem {
                    name: Some(format!("IMG_{number:05}.JPG")),
                    original: Some(Content::generated(number + 1, size)),
                    taken: Some(1_400_000_000_000 + number as i64 * 60_000),
                    ..NewItem::default()
                })
                .collect();
            apple.library(|library| {
                for item in made {
                    library.add(item);
                }
            });
            let mut proxy = None;
            if let Some(file) = authority {
                let front = apple.open_front().await.map_err(|error| error.to_string())?;
                std::fs::write(file, front.authority)?;
                proxy = Some(front.proxy);
            }
            let ready = serde_json::json!({"proxy": proxy, "endpoints": apple.endpoints(), "control": apple.control(), "apple_id": account.name, "password": account.password, "code": account.code});
            println!("{ready}");
            std::io::stdout().flush()?;
            let mut input = Vec::new();
            tokio::io::stdin().read_to_end(&mut input).await?;
        }
        Command::Tell { url, json } => {
            let uri: hyper::Uri = url.parse()?;
            let stream =
                tokio::net::TcpStream::connect(uri.authority().map(|authority| authority.as_str()).unwrap_or_default())
                    .await?;
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            let request = hyper::Request::post(uri.path())
                .header("Host", "localhost")
                .body(http_body_util::Full::new(bytes::Bytes::from(json)))?;
            let response = sender.send_request(request).await?;
            let fine = response.status().is_success();
            let body = response.into_body().collect().await?.to_bytes();
            println!("{}", String::from_utf8_lossy(&body));
            if !fine {
                std::process::exit(1);
            }
        }
    }
    Ok(())
}
