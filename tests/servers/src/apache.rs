use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::small_disk::{Disk, SmallDisk};
use crate::webdav::USER;
use crate::{Server, free_port};

/// Apache's mod_dav: strict about conditions, locks and parents; keeps the upload's time.
pub struct Apache {
    server: Server,
    folder: TempDir,
    _disk: Option<SmallDisk>,
}

impl Apache {
    /// Starts it with what `setup.sh apache` unpacked.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(apache: &Path) -> Self {
        Self::on(apache, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small(apache: &Path) -> Result<Self, String> {
        Self::on(apache, Disk::Small)
    }

    fn on(apache: &Path, disk: Disk) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(at("files")).expect("a folder");
        let disk = disk.at(&folder.path().join("files"))?;
        // {SHA} of the password: no htpasswd is needed to write it.
        std::fs::write(at("users"), format!("{USER}:{{SHA}}q/eq1kOINtvlJqojGr3i0O73TUI=\n")).expect("a file");
        let port = free_port();
        let modules = apache.join("usr/lib/apache2/modules").display().to_string();
        let load: String = [
            ("mpm_event_module", "mpm_event"),
            ("authn_core_module", "authn_core"),
            ("authn_file_module", "authn_file"),
            ("authz_core_module", "authz_core"),
            ("authz_user_module", "authz_user"),
            ("auth_basic_module", "auth_basic"),
            ("dav_module", "dav"),
            ("dav_fs_module", "dav_fs"),
            ("dav_lock_module", "dav_lock"),
            ("mime_module", "mime"),
        ]
        .iter()
        .map(|(name, file)| format!("LoadModule {name} {modules}/mod_{file}.so\n"))
        .collect();
        std::fs::write(at("types"), "image/jpeg jpg\n").expect("a file");
        let config = format!(
            "ServerRoot {root}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {root}/pid\nErrorLog {root}/error.log\nDefaultRuntimeDir {root}\nMutex sem\nTypesConfig {root}/types\n{load}DavLockDB {root}/locks\nDocumentRoot {root}/files\nLimitRequestBody 0\n<Directory {root}/files>\n  Dav On\n  AuthType Basic\n  AuthName files\n  AuthUserFile {root}/users\n  Require valid-user\n</Directory>\n",
            root = folder.path().display()
        );
        std::fs::write(at("apache.conf"), config).expect("a file");
        let mut command = SmallDisk::program(disk.as_ref(), &apache.join("usr/sbin/apache2"));
        command
            .args(["-f", &at("apache.conf"), "-X"])
            .env("LD_LIBRARY_PATH", apache.join("usr/lib/x86_64-linux-gnu"))
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
