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

    fn asks_for_a_rest(&self) -> Option<&'static [u8]> {
        Some(HTTP_REST)
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
    })
    .await;
}
