//! Immich: no server can be had, so simulators of three generations.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use camroll_cloud_immich::{Immich, KEY, Release};
use camroll_conformance::{HTTP_REST, Service, conforms};
use serde_json::{Value, json};

struct Simulated {
    server: Arc<Immich>,
    /// One with little room.
    small: Option<Arc<Immich>>,
}

/// Before 1.135 a name goes in a header, where a quote can't stand.
const OLDER: &str = "immich: simulator of 1.134";
const NEWER: &str = "immich: simulators of 2.7, 3.2";

impl Service for Simulated {
    fn column(&self) -> &str {
        match self.server.release() {
            Release::V1_134 => OLDER,
            Release::V2_7 | Release::V3_2 => NEWER,
        }
    }

    fn connector(&self) -> &str {
        "immich"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let address = address.unwrap_or(self.server.address());
        json!({"url": format!("http://{address}"), "api_key": "api-key"})
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.server.address())
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("api-key".to_owned(), KEY.to_owned())])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        Some(BTreeMap::from([("api-key".to_owned(), "not this one".to_owned())]))
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        let server = self.small.clone().ok_or("it is the small one")?;
        Ok(Box::new(Self { server, small: None }))
    }

    fn asks_for_a_rest(&self) -> &'static [&'static [u8]] {
        HTTP_REST
    }
}

async fn start(release: Release) -> Arc<Immich> {
    Arc::new(Immich::start(release).await.expect("a port on loopback"))
}

#[tokio::test(flavor = "multi_thread")]
async fn immich() {
    for release in Release::ALL {
        let [server, small] = [start(release).await, start(release).await];
        small.library(|library| library.set_quota(Some(3 << 20)));
        let small = Some(small);
        conforms(&Simulated { server, small }).await;
    }
}
