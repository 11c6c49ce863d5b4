use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::small_disk::{Disk, SmallDisk};
use crate::webdav::{PASSWORD, USER};
use crate::{Server, free_port};

/// WsgiDAV: takes a file's time by PROPPATCH, ignores conditions of PUT.
pub struct Wsgidav {
    server: Server,
    folder: TempDir,
    _disk: Option<SmallDisk>,
}

const BASIC: &str = "accept_basic: true\n  accept_digest: false\n  default_to_digest: false";

impl Wsgidav {
    /// Starts it with what `setup.sh wsgidav` fetched. People sign in by their password as it is.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(wsgidav: &Path) -> Self {
        Self::signing_in(wsgidav, BASIC, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small(wsgidav: &Path) -> Result<Self, String> {
        Self::signing_in(wsgidav, BASIC, Disk::Small)
    }

    /// One that takes digests of a password and nothing else.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn with_digests(wsgidav: &Path) -> Self {
        Self::signing_in(
            wsgidav,
            "accept_basic: false\n  accept_digest: true\n  default_to_digest: true",
            Disk::Ordinary,
        )
        .expect("nothing is mounted")
    }

    fn signing_in(wsgidav: &Path, authenticator: &str, disk: Disk) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = folder.path().join("files");
        std::fs::create_dir(&files).expect("a folder");
        let disk = disk.at(&files)?;
        let port = free_port();
        let config = folder.path().join("wsgidav.yaml");
        let text = format!(
            "host: 127.0.0.1\nport: {port}\nprovider_mapping:\n  \"/\": \"{}\"\nhttp_authenticator:\n  {authenticator}\nsimple_dc:\n  user_mapping:\n    \"*\":\n      \"{USER}\":\n        password: \"{PASSWORD}\"\nproperty_manager: true\nlock_storage: true\nmutable_live_props:\n  - \"{{DAV:}}getlastmodified\"\nverbose: 1\n",
            files.display()
        );
        std::fs::write(&config, text).expect("a file");
        let mut command = SmallDisk::program(disk.as_ref(), &wsgidav.join("bin/wsgidav"));
        command
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(Self {
            server: Server::start(&mut command, port),
            folder,
            _disk: disk,
        })
    }

    /// The process.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Where its files are.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }
}
