//! A server with what stands before it, and connections to it.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use camroll_host::{ConnectRequest, Connection, Connector};
use camroll_model::Secret;
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Between, Far, RcloneWebdav, Wsgidav, fetched};
use serde_json::json;

use crate::files::{MemoryStore, connector, here};

/// Compiling it takes longer than most of what is asked of it.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| connector("webdav"));

/// A server that is far away.
pub struct Place {
    /// Sees every request.
    pub between: Between,
    far: Far,
    /// Where its files are.
    pub files: PathBuf,
    /// Ends with this.
    _server: Box<dyn Any>,
}

/// Apache's mod_dav.
pub fn apache() -> Option<Place> {
    let server = Apache::start(&here(fetched("apache"))?);
    let (address, files) = (server.server().address(), server.files());
    Some(Place::far(address, files, Box::new(server)))
}

/// One that takes a range for the whole file.
pub fn rclone() -> Option<Place> {
    let server = RcloneWebdav::start(&here(fetched("rclone"))?);
    let (address, files) = (server.server().address(), server.files());
    Some(Place::far(address, files, Box::new(server)))
}

/// One that refuses ranges.
pub fn wsgidav() -> Option<Place> {
    let server = Wsgidav::start(&here(fetched("wsgidav"))?);
    let (address, files) = (server.server().address(), server.files());
    Some(Place::far(address, files, Box::new(server)))
}

impl Place {
    fn far(server: SocketAddr, files: PathBuf, process: Box<dyn Any>) -> Self {
        let between = Between::start(server);
        Self {
            far: Far::start((Ipv4Addr::LOCALHOST, between.port()).into()),
            between,
            files,
            _server: process,
        }
    }

    /// A connection that has learnt nothing yet.
    pub fn connect(&self) -> Connection {
        let settings = json!({
            "preset": "generic", "url": format!("http://{}", self.far.address()), "user": USER, "password": "secret:password",
        });
        CONNECTOR
            .connect(ConnectRequest {
                throttle: camroll_host::Throttle::default(),
                name: "test".to_owned(),
                settings,
                secrets: BTreeMap::from([("password".to_owned(), Secret::new(PASSWORD.to_owned()))]),
                store: Arc::new(MemoryStore::default()),
            })
            .expect("a connection")
    }

    /// What lies under temporary names.
    pub fn staged(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.files.join(".camroll/staging"));
        entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            // Apache's own: properties, and what it takes away when it notices that a request was cut off.
            .filter(|path| !path.ends_with(".DAV") && !path.to_string_lossy().contains(".davfs.tmp"))
            .collect()
    }

    /// The Content-Range of each PUT that had one, in order.
    pub fn ranges(&self) -> Vec<String> {
        let asked = self.between.asked();
        let put = asked.iter().filter(|asked| asked.line.starts_with("PUT "));
        put.filter_map(|asked| asked.header("content-range").map(str::to_owned))
            .collect()
    }
}
