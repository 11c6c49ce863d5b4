//! WebDAV with the presets of Nextcloud and ownCloud, on the simulator of both.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use camroll_cloud_nextcloud::{Account, Nextcloud, Product, Storage};
use camroll_conformance::{HTTP_REST, Service, conforms};
use serde_json::{Value, json};

const FOLDER: &str = "Family photos/camroll";

#[derive(Clone)]
struct Cloud {
    column: &'static str,
    preset: &'static str,
    server: Arc<Nextcloud>,
    /// One with little room.
    small: Option<Arc<Nextcloud>>,
}

impl Service for Cloud {
    fn column(&self) -> &str {
        self.column
    }

    fn connector(&self) -> &str {
        "webdav"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let address = address.unwrap_or(self.server.address());
        json!({
            "preset": self.preset,
            "url": format!("http://{address}"),
            "user": Account::default().user,
            "password": "password",
            "path": FOLDER,
        })
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.server.address())
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        let password = Account::default().password.expect("it has one");
        BTreeMap::from([("password".to_owned(), password)])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        Some(BTreeMap::from([("password".to_owned(), "not this one".to_owned())]))
    }

    fn plant(&self, path: &str, bytes: &[u8]) -> bool {
        self.server
            .plant(&format!("{FOLDER}/{path}"), bytes::Bytes::copy_from_slice(bytes));
        true
    }

    fn left_behind(&self) -> Option<Vec<String>> {
        let own = format!("{FOLDER}/.camroll/");
        let files = self.server.files().into_iter().filter(|path| path.starts_with(&own));
        Some(files.chain(self.server.uploads()).collect())
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        let server = self.small.clone().ok_or("it is the small one")?;
        Ok(Box::new(Self {
            server,
            small: None,
            ..self.clone()
        }))
    }

    fn asks_for_a_rest(&self) -> &'static [&'static [u8]] {
        HTTP_REST
    }
}

async fn asked(column: &'static str, preset: &'static str, product: Product, storage: Storage) {
    let server = async |quota| {
        let account = Account {
            quota,
            ..Account::default()
        };
        let server = Nextcloud::start(product, storage, account).await;
        Arc::new(server.expect("a port on loopback"))
    };
    conforms(&Cloud {
        column,
        preset,
        server: server(None).await,
        small: Some(server(Some(3 << 20)).await),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nextcloud() {
    asked(
        "webdav: Nextcloud, simulated",
        "nextcloud",
        Product::Nextcloud,
        Storage::Disk,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nextcloud_with_a_bucket() {
    asked(
        "webdav: Nextcloud in a bucket, simulated",
        "nextcloud",
        Product::Nextcloud,
        Storage::Objects,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owncloud() {
    asked(
        "webdav: ownCloud, simulated",
        "owncloud",
        Product::OwnCloud,
        Storage::Disk,
    )
    .await;
}
