//! A folder of this machine.

use std::net::SocketAddr;
use std::path::PathBuf;

use camroll_conformance::{Service, conforms};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Folder(TempDir);

impl Service for Folder {
    fn column(&self) -> &str {
        "local"
    }

    fn connector(&self) -> &str {
        "local"
    }

    fn settings(&self, _: Option<SocketAddr>) -> Value {
        json!({ "path": self.0.path() })
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        Err("`tests/end-to-end/disk.rs`, on a small disk".to_owned())
    }

    fn files(&self) -> Option<PathBuf> {
        Some(self.0.path().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder() {
    conforms(&Folder(tempfile::tempdir().expect("a temporary folder"))).await;
}
