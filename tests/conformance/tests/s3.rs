//! S3: a server that checks digests and conditions, the same with Object Lock, and one that looks at neither.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use camroll_conformance::{HTTP_REST, Service, conforms};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::{Fetched, fetched};
use serde_json::{Value, json};

/// Whether what comes into the bucket can be taken away.
#[derive(Clone, Copy)]
enum Lock {
    Off,
    On,
}

impl Lock {
    fn bucket(self) -> &'static str {
        match self {
            Self::Off => "photos",
            Self::On => "locked",
        }
    }
}

struct S3 {
    column: &'static str,
    server: Bucket,
    lock: Lock,
    small: fn() -> Result<Bucket, String>,
}

impl S3 {
    /// A bucket without a lock is there from the beginning.
    fn of(column: &'static str, server: Bucket, lock: Lock, small: fn() -> Result<Bucket, String>) -> Self {
        if let Lock::On = lock {
            let bucket = format!(":s3:{}", lock.bucket());
            server
                .rclone_says(&["mkdir", &bucket, "--s3-bucket-object-lock-enabled"])
                .expect("a bucket with Object Lock");
        }
        Self {
            column,
            server,
            lock,
            small,
        }
    }
}

impl Service for S3 {
    fn column(&self) -> &str {
        self.column
    }

    fn connector(&self) -> &str {
        "s3"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let address = address.unwrap_or(self.server.address());
        let mut settings = json!({
            "provider": "other",
            "endpoint": format!("http://{address}"),
            "bucket": self.lock.bucket(),
            "prefix": "Family photos/camroll",
            "access_key": "access-key",
            "secret_key": "secret-key",
        });
        if let Lock::On = self.lock {
            settings["lock"] = json!({"mode": "compliance", "for": "30d"});
        }
        settings
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.server.address())
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

    /// Uploads in parts that nobody ended.
    fn left_behind(&self) -> Option<Vec<String>> {
        let bucket = format!(":s3:{}", self.lock.bucket());
        let said = self
            .server
            .rclone_says(&["backend", "list-multipart-uploads", &bucket])?;
        let said: BTreeMap<String, Option<Vec<Value>>> = serde_json::from_str(&said).expect("rclone's JSON");
        let uploads = said.into_values().flatten().flatten();
        Some(uploads.map(|upload| upload.to_string()).collect())
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        let server = (self.small)()?;
        Ok(Box::new(Self::of(self.column, server, self.lock, self.small)))
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

async fn seaweedfs_with(column: &'static str, lock: Lock) {
    let (Some(weed), Some(rclone)) = (here("seaweedfs"), here("rclone")) else {
        return;
    };
    let small: fn() -> Result<Bucket, String> = || {
        let (weed, rclone) = here("seaweedfs").zip(here("rclone")).ok_or("it isn't there")?;
        Bucket::small_seaweedfs(&weed, &rclone)
    };
    let server = Bucket::seaweedfs(&weed, &rclone);
    conforms(&S3::of(column, server, lock, small)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs() {
    seaweedfs_with("s3: SeaweedFS", Lock::Off).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs_with_a_lock() {
    seaweedfs_with("s3: SeaweedFS, locked", Lock::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone() {
    let Some(rclone) = here("rclone") else { return };
    let small: fn() -> Result<Bucket, String> = || Bucket::small_rclone(&here("rclone").ok_or("it isn't there")?);
    let server = Bucket::rclone(&rclone);
    conforms(&S3::of("s3: rclone", server, Lock::Off, small)).await;
}
