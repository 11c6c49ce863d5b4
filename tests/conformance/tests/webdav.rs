//! WebDAV, on servers that each break another assumption.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camroll_conformance::{HTTP_REST, Service, conforms};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Fetched, RcloneWebdav, Wsgidav, fetched};
use serde_json::{Value, json};

/// One with little room, which ends with its value, and where it is.
type Small = Arc<(SocketAddr, Box<dyn Any + Send + Sync>)>;

#[derive(Clone)]
struct Dav {
    column: &'static str,
    sign_in: &'static str,
    address: SocketAddr,
    files: PathBuf,
    small: Result<Small, String>,
}

impl Service for Dav {
    fn column(&self) -> &str {
        self.column
    }

    fn connector(&self) -> &str {
        "webdav"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let address = address.unwrap_or(self.address);
        json!({
            "preset": "generic",
            "url": format!("http://{address}"),
            "user": USER,
            "password": "password",
            "sign_in": self.sign_in,
            "path": "Family photos/camroll",
        })
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("password".to_owned(), PASSWORD.to_owned())])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        Some(BTreeMap::from([("password".to_owned(), "not this one".to_owned())]))
    }

    fn files(&self) -> Option<PathBuf> {
        Some(self.files.join("Family photos/camroll"))
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        let small = self.small.clone()?;
        Ok(Box::new(Self {
            address: small.0,
            small: Ok(small),
            ..self.clone()
        }))
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

async fn asked(
    column: &'static str,
    sign_in: &'static str,
    (address, files): (SocketAddr, &Path),
    small: Result<(SocketAddr, Box<dyn Any + Send + Sync>), String>,
) {
    conforms(&Dav {
        column,
        sign_in,
        address,
        files: files.to_owned(),
        small: small.map(Arc::new),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apache() {
    let Some(folder) = here("apache") else { return };
    let server = Apache::start(&folder);
    let small = Apache::small(&folder).map(|small| (small.server().address(), Box::new(small) as _));
    let place = (server.server().address(), &*server.files());
    asked("webdav: Apache", "basic", place, small).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wsgidav() {
    let Some(folder) = here("wsgidav") else { return };
    let server = Wsgidav::start(&folder);
    let small = Wsgidav::small(&folder).map(|small| (small.server().address(), Box::new(small) as _));
    let place = (server.server().address(), &*server.files());
    asked("webdav: wsgidav", "basic", place, small).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wsgidav_with_digests() {
    let Some(folder) = here("wsgidav") else { return };
    let server = Wsgidav::with_digests(&folder);
    let place = (server.server().address(), &*server.files());
    let same = Err("asked of wsgidav without digests".to_owned());
    asked("webdav: wsgidav, digests", "digest", place, same).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone() {
    let Some(folder) = here("rclone") else { return };
    let server = RcloneWebdav::start(&folder);
    let small = RcloneWebdav::small(&folder).map(|small| (small.server().address(), Box::new(small) as _));
    let place = (server.server().address(), &*server.files());
    asked("webdav: rclone", "basic", place, small).await;
}
