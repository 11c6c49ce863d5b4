//! SMB: Samba as it comes, encrypted, and one of the oldest version that is spoken, signed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use camroll_conformance::{Service, conforms};
use camroll_servers::{Fetched, Samba, fetched};
use serde_json::{Value, json};

struct Smb {
    column: &'static str,
    server: Samba,
}

impl Service for Smb {
    fn column(&self) -> &str {
        self.column
    }

    fn connector(&self) -> &str {
        "smb"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        json!({
            "host": "127.0.0.1",
            "port": address.map_or(self.server.port(), |address| address.port()),
            "share": Samba::SHARE,
            "user": self.server.user(),
            "password": "password",
        })
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(([127, 0, 0, 1], self.server.port()).into())
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("password".to_owned(), Samba::PASSWORD.to_owned())])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        Some(BTreeMap::from([("password".to_owned(), "not this one".to_owned())]))
    }

    fn files(&self) -> Option<PathBuf> {
        Some(self.server.files())
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        let tools = here().ok_or("it isn't there")?;
        Ok(Box::new(Smb {
            column: self.column,
            server: Samba::small(&tools)?,
        }))
    }
}

/// The folder of the server, or a line that says why it isn't run.
fn here() -> Option<PathBuf> {
    match fetched("samba") {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn samba() {
    let Some(tools) = here() else { return };
    let service = Smb {
        column: "smb: Samba",
        server: Samba::start(&tools),
    };
    conforms(&service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn samba_of_the_oldest_version() {
    let Some(tools) = here() else { return };
    let service = Smb {
        column: "smb: Samba as 2.1",
        server: Samba::with(&tools, &["server max protocol = SMB2_10"]),
    };
    conforms(&service).await;
}
