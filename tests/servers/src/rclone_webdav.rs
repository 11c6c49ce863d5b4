use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::small_disk::{Disk, SmallDisk};
use crate::webdav::{PASSWORD, USER};
use crate::{Server, free_port};

/// rclone's WebDAV server: takes X-OC-Mtime, ignores conditions of PUT, answers MKCOL of what is there by 201.
pub struct RcloneWebdav {
    server: Server,
    folder: TempDir,
    _disk: Option<SmallDisk>,
}

impl RcloneWebdav {
    /// Starts it with what `setup.sh rclone` fetched.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(rclone: &Path) -> Self {
        Self::on(rclone, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small(rclone: &Path) -> Result<Self, String> {
        Self::on(rclone, Disk::Small)
    }

    /// One that takes names which differ only in letters' case for one, as disks of Windows and of Macs do.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn folding(rclone: &Path) -> Self {
        let more = ["--user", USER, "--pass", PASSWORD, "--vfs-case-insensitive"];
        Self::with(rclone, Disk::Ordinary, &more).expect("nothing is mounted")
    }

    /// One that lets everybody in, with whatever word they come.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn open(rclone: &Path) -> Self {
        Self::with(rclone, Disk::Ordinary, &[]).expect("nothing is mounted")
    }

    fn on(rclone: &Path, disk: Disk) -> Result<Self, String> {
        Self::with(rclone, disk, &["--user", USER, "--pass", PASSWORD])
    }

    fn with(rclone: &Path, disk: Disk, more: &[&str]) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = folder.path().join("files");
        std::fs::create_dir(&files).expect("a folder");
        let disk = disk.at(&files)?;
        let port = free_port();
        let mut command = SmallDisk::program(disk.as_ref(), &rclone.join("bin/rclone"));
        command
            .args(["serve", "webdav", "--addr", &format!("127.0.0.1:{port}")])
            // What others change in the folder is seen nearly at once; at 0 it would read a folder again for every file in it.
            .args(["--dir-cache-time", "10ms"])
            .args(more)
            .arg(&files)
            .env("RCLONE_CONFIG", folder.path().join("no-config"))
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
