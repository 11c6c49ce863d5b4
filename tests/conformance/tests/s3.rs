//! S3: a server that checks digests and conditions, and one that looks at neither.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use camroll_conformance::{HTTP_REST, Service, conforms};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::{Fetched, fetched};
use serde_json::{Value, json};

struct S3 {
    column: &'static str,
    bucket: Bucket,
    no_small: &'static str,
}

impl Service for S3 {
    fn column(&self) -> &str {
        self.column
    }

    fn connector(&self) -> &str {
        "s3"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let address = address.unwrap_or(self.bucket.address());
        json!({
            "provider": "other",
            "endpoint": format!("http://{address}"),
            "bucket": "photos",
            "prefix": "Family photos/camroll",
            "access_key": "access-key",
            "secret_key": "secret-key",
        })
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.bucket.address())
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("access-key".to_owned(), ACCESS_KEY.to_owned()),
            ("secret-key".to_owned(), SECRET_KEY.to_owned()),
        ])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        let mut secrets = self.secrets();
        secrets.insert("secret-key".to_owned(), "not this one".to_owned());
        Some(secrets)
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        Err(self.no_small.to_owned())
    }

    fn asks_for_a_rest(&self) -> &'static [&'static [u8]] {
        HTTP_REST
    }
}

/// The folder of a server, or a line that says why it isn't run.
fn here(name: &str) -> Option<PathBuf> {
    match fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs() {
    let (Some(weed), Some(rclone)) = (here("seaweedfs"), here("rclone")) else {
        return;
    };
    let bucket = Bucket::seaweedfs(&weed, &rclone);
    conforms(&S3 {
        column: "s3: SeaweedFS",
        bucket,
        // Tried by `weed shell`, s3.bucket.quota and s3.bucket.quota.enforce, of 4.48.
        no_small: "its quota makes the whole bucket read-only once it is passed, and then answers 500",
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone() {
    let Some(rclone) = here("rclone") else { return };
    let bucket = Bucket::rclone(&rclone);
    conforms(&S3 {
        column: "s3: rclone",
        bucket,
        no_small: "it has no quota",
    })
    .await;
}
