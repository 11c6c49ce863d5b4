use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::webdav::{PASSWORD, USER};
use crate::{Server, free_port};

/// WsgiDAV: takes a file's time by PROPPATCH, ignores conditions of PUT.
pub struct Wsgidav {
    server: Server,
    folder: TempDir,
}

impl Wsgidav {
    /// Starts it with what `setup.sh wsgidav` fetched. People sign in by their password as it is.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(wsgidav: &Path) -> Self {
        Self::signing_in(
            wsgidav,
            "accept_basic: true\n  accept_digest: false\n  default_to_digest: false",
        )
    }

    /// One that takes digests of a password and nothing else.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn with_digests(wsgidav: &Path) -> Self {
        Self::signing_in(
            wsgidav,
            "accept_basic: false\n  accept_digest: true\n  default_to_digest: true",
        )
    }

    fn signing_in(wsgidav: &Path, authenticator: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = folder.path().join("files");
        std::fs::create_dir(&files).expect("a folder");
        let port = free_port();
        let config = folder.path().join("wsgidav.yaml");
        let text = format!(
            "host: 127.0.0.1\nport: {port}\nprovider_mapping:\n  \"/\": \"{}\"\nhttp_authenticator:\n  {authenticator}\nsimple_dc:\n  user_mapping:\n    \"*\":\n      \"{USER}\":\n        password: \"{PASSWORD}\"\nproperty_manager: true\nlock_storage: true\nmutable_live_props:\n  - \"{{DAV:}}getlastmodified\"\nverbose: 1\n",
            files.display()
        );
        std::fs::write(&config, text).expect("a file");
        let mut command = Command::new(wsgidav.join("bin/wsgidav"));
        command
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            server: Server::start(&mut command, port),
            folder,
        }
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
