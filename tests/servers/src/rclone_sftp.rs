use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::small_disk::{Disk, SmallDisk};
use crate::{KeyPair, Server, free_port};

/// rclone's SFTP server: a password, no extensions to speak of, and a RENAME that replaces.
pub struct RcloneSftp {
    server: Server,
    folder: TempDir,
    port: u16,
    host_key: KeyPair,
    _disk: Option<SmallDisk>,
}

impl RcloneSftp {
    /// Who signs in.
    pub const USER: &str = "alice";
    /// With what.
    pub const PASSWORD: &str = "correct horse battery staple";

    /// Starts it with what `setup.sh rclone` fetched, and ssh-keygen of what `setup.sh openssh` unpacked.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(rclone: &Path, openssh: &Path) -> Self {
        Self::on(rclone, openssh, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small(rclone: &Path, openssh: &Path) -> Result<Self, String> {
        Self::on(rclone, openssh, Disk::Small)
    }

    fn on(rclone: &Path, openssh: &Path, disk: Disk) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let host_key = KeyPair::make(openssh, "ed25519", &at("host-key"), "");
        std::fs::create_dir(at("files")).expect("a folder");
        let disk = disk.at(&at("files"))?;
        let port = free_port();
        let mut command = SmallDisk::program(disk.as_ref(), &rclone.join("bin/rclone"));
        command
            .args(["serve", "sftp", "--addr", &format!("127.0.0.1:{port}")])
            // What others change in the folder is seen nearly at once.
            .args(["--dir-cache-time", "10ms"])
            .args(["--user", Self::USER, "--pass", Self::PASSWORD, "--key"])
            .arg(at("host-key"))
            .arg(at("files"))
            .env("RCLONE_CONFIG", at("no-config"))
            .stderr(Stdio::null());
        Ok(Self {
            server: Server::start(&mut command, port),
            folder,
            port,
            host_key,
            _disk: disk,
        })
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files are, which are its root.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Its line in a known_hosts file.
    pub fn known_hosts(&self) -> String {
        format!("[127.0.0.1]:{} {}", self.port, self.host_key.public)
    }

    /// Ends it at once.
    ///
    /// # Errors
    /// If the system can't.
    pub fn kill(&mut self) -> io::Result<()> {
        self.server.kill()
    }
}
