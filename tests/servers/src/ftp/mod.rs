//! FTP servers, each with a temper of its own: which command sets a time, whether it lists facts, whether it insists on going on with a TLS session.

mod certificate;
mod proftpd;
mod pureftpd;
mod pyftpdlib;
mod rclone;
mod vsftpd;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io, process};

use tempfile::TempDir;

use crate::ports::free_ports;
use crate::small_disk::{Disk, SmallDisk};
use crate::{Fetched, Server, free_port};

/// Who signs in, but for vsftpd.
pub const USER: &str = "alice";
/// With what.
pub const PASSWORD: &str = "correct horse battery staple";
/// crypt(3) of it. Pure-FTPd's own way of keeping passwords takes two seconds at each sign-in.
const CRYPTED: &str =
    "$6$camroll$48kqff7zHyal12d8T5CX0W2vRCUC4slLQwCw.D4MBt99qq7uZ6g8YiAJejvFYhX5ihqZH9iO24QP1RJPtsjmu.";

/// How many data connections a server may have at a time.
const BESIDE: u16 = 64;

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Never.
    Plain,
    /// When it is asked for; nobody signs in without it, and nothing is sent without it.
    Explicit,
    /// With the first byte.
    Implicit,
}

impl Protection {
    /// As the connector's setting has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "none",
            Self::Explicit => "explicit",
            Self::Implicit => "implicit",
        }
    }
}

/// As [`fetched`](crate::fetched), of these servers: three of them want to become somebody else, and so start only as root.
pub fn fetched(name: &str) -> Fetched {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if is_root || matches!(name, "pyftpdlib" | "rclone") {
        return crate::fetched(name);
    }
    let reason = format!("{name} starts only as root");
    assert!(std::env::var_os("CI").is_none(), "{reason}");
    Fetched::Missing(reason)
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Ftp::pyftpdlib`].
    Pyftpdlib,
    /// [`Ftp::vsftpd`].
    Vsftpd,
    /// [`Ftp::proftpd`].
    Proftpd,
    /// [`Ftp::pureftpd`].
    Pureftpd,
    /// [`Ftp::rclone`].
    Rclone,
}

/// An FTP server with an empty folder.
pub struct Ftp {
    server: Server,
    folder: TempDir,
    /// To start it again.
    command: Command,
    protection: Protection,
    beside: Range<u16>,
    user: &'static str,
    /// The folder, from where a person is who signed in.
    path: Option<&'static str>,
    files: PathBuf,
    _disk: Option<SmallDisk>,
}

impl Ftp {
    /// One with three megabytes of room. Only the server itself sees its files.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start, or hasn't got that protection.
    pub fn small(kind: Kind, tools: &Path, protection: Protection) -> Result<Self, String> {
        Self::on(kind, tools, protection, Disk::Small)
    }

    fn ordinary(kind: Kind, tools: &Path, protection: Protection) -> Self {
        Self::on(kind, tools, protection, Disk::Ordinary).expect("nothing is mounted")
    }

    fn on(kind: Kind, tools: &Path, protection: Protection, disk: Disk) -> Result<Self, String> {
        match kind {
            Kind::Pyftpdlib => pyftpdlib::start(tools, protection, "1.2", disk),
            Kind::Vsftpd => vsftpd::start(tools, protection, disk),
            Kind::Proftpd => proftpd::start(tools, protection, disk, proftpd::Standing::Goes),
            Kind::Pureftpd => pureftpd::start(tools, protection, disk),
            Kind::Rclone => rclone::start(tools, protection, disk),
        }
    }

    /// pyftpdlib, in Python: MFMT, MLSD.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn pyftpdlib(tools: &Path, protection: Protection) -> Self {
        Self::ordinary(Kind::Pyftpdlib, tools, protection)
    }

    /// The same, by TLS 1.3 and nothing older.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn with_newest_tls(tools: &Path) -> Self {
        pyftpdlib::start(tools, Protection::Explicit, "1.3", Disk::Ordinary).expect("nothing is mounted")
    }

    /// vsftpd: no MLSD, a time by MDTM; with TLS it insists on data connections that go on with the session of the first one. Only as root: it wants to become somebody else.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn vsftpd(tools: &Path, protection: Protection) -> Self {
        Self::ordinary(Kind::Vsftpd, tools, protection)
    }

    /// ProFTPD: insists on that too, by TLS 1.3 where it can. Only as root.
    ///
    /// # Panics
    /// If it doesn't start, or if TLS is to begin with the first byte.
    pub fn proftpd(tools: &Path, protection: Protection) -> Self {
        Self::ordinary(Kind::Proftpd, tools, protection)
    }

    /// The same, of an administrator who lets nothing be overwritten: neither STOR nor RNTO takes a name that something has.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn that_overwrites_nothing(tools: &Path) -> Self {
        proftpd::start(tools, Protection::Plain, Disk::Ordinary, proftpd::Standing::Stays).expect("nothing is mounted")
    }

    /// Pure-FTPd: SITE UTIME besides MFMT, its own rules for names. Only as root.
    ///
    /// # Panics
    /// If it doesn't start, or if TLS is to begin with the first byte.
    pub fn pureftpd(tools: &Path, protection: Protection) -> Self {
        Self::ordinary(Kind::Pureftpd, tools, protection)
    }

    /// rclone: no times, no going on. With TLS from the first byte it leaves the files readable.
    ///
    /// # Panics
    /// If it doesn't start, or if TLS is to begin when it is asked for.
    pub fn rclone(tools: &Path, protection: Protection) -> Self {
        Self::ordinary(Kind::Rclone, tools, protection)
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The ports where it waits for data.
    pub fn beside(&self) -> Range<u16> {
        self.beside.clone()
    }

    /// Who signs in, with [`PASSWORD`].
    pub fn user(&self) -> &'static str {
        self.user
    }

    /// The folder's name there; none where it is the one that a person is in.
    pub fn path(&self) -> Option<&'static str> {
        self.path
    }

    /// When TLS begins.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// Where its files are.
    pub fn files(&self) -> PathBuf {
        self.files.clone()
    }

    /// Its certificate, for SSL_CERT_FILE. It is for 127.0.0.1, 127.0.0.2 and localhost.
    pub fn certificate(&self) -> PathBuf {
        certificate::certificate(self.folder.path())
    }

    /// Ends it at once. Sessions that are processes of their own go on.
    ///
    /// # Errors
    /// If the system can't.
    pub fn kill(&mut self) -> io::Result<()> {
        self.server.kill()
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn restart(&mut self) {
        let port = self.port();
        self.server = Server::start(&mut self.command, port);
    }
}

/// What each of them needs first: a folder with a certificate, and ports.
struct Begun {
    folder: TempDir,
    port: u16,
    beside: Range<u16>,
    disk: Option<SmallDisk>,
}

impl Begun {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Some become another user, who must get in.
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
        fs::create_dir(folder.path().join("files")).expect("a folder");
        certificate::make(folder.path());
        Self {
            folder,
            port: free_port(),
            beside: free_ports(BESIDE),
            disk: None,
        }
    }

    /// Has what lies in a folder on this disk.
    fn on(mut self, disk: Disk, folder: &Path) -> Result<Self, String> {
        self.disk = disk.at(folder)?;
        Ok(self)
    }

    /// The server's program, where it sees the disk.
    fn program(&self, path: &Path) -> Command {
        SmallDisk::program(self.disk.as_ref(), path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("it is ours");
        path
    }

    fn server(self, mut command: Command, protection: Protection) -> Ftp {
        command.stdout(process::Stdio::null()).stderr(process::Stdio::null());
        Ftp {
            server: Server::start(&mut command, self.port),
            files: self.at("files"),
            folder: self.folder,
            command,
            protection,
            beside: self.beside,
            user: USER,
            path: None,
            _disk: self.disk,
        }
    }
}

/// The user that servers become where the tests run as root.
const DAEMON: u32 = 1;
