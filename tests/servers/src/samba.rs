use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::keys::with_libraries;
use crate::process::who_am_i;
use crate::small_disk::{Disk, SmallDisk};
use crate::{Server, free_port};

/// Samba's server with one share, for whoever runs the tests.
pub struct Samba {
    server: Server,
    tools: PathBuf,
    folder: TempDir,
    port: u16,
    user: String,
    disk: Option<SmallDisk>,
}

impl Samba {
    /// With what the user signs in.
    pub const PASSWORD: &str = "Gräser, grün & \"naß\"";
    /// The share.
    pub const SHARE: &str = "photos";

    /// Starts it with what `setup.sh samba` unpacked.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(tools: &Path) -> Self {
        Self::with(tools, &[])
    }

    /// One with more lines in the global part of its smb.conf.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn with(tools: &Path, lines: &[&str]) -> Self {
        Self::on(tools, lines, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small(tools: &Path) -> Result<Self, String> {
        Self::on(tools, &[], Disk::Small)
    }

    fn on(tools: &Path, lines: &[&str], disk: Disk) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["files", "private", "lock", "state", "cache", "pid", "ncalrpc", "log"] {
            fs::create_dir(at(name)).expect("a folder");
        }
        let disk = disk.at(&at("files"))?;
        let port = free_port();
        let config = format!(
            "[global]\nserver role = standalone server\nworkgroup = CAMROLL\nsmb ports = {port}\ninterfaces = 127.0.0.1\nbind interfaces only = yes\ndisable netbios = yes\n\
            private dir = {0}/private\nlock directory = {0}/lock\nstate directory = {0}/state\ncache directory = {0}/cache\npid directory = {0}/pid\nncalrpc dir = {0}/ncalrpc\n\
            passdb backend = tdbsam:{0}/private/passdb.tdb\nmap to guest = never\nserver min protocol = SMB2_10\nload printers = no\nprinting = bsd\nprintcap name = /dev/null\ndisable spoolss = yes\n{1}\n\
            [{2}]\npath = {0}/files\nread only = no\n",
            folder.path().display(),
            lines.join("\n"),
            Self::SHARE,
        );
        fs::write(at("smb.conf"), config).expect("a file");
        let user = who_am_i();
        sign_up(tools, &at("smb.conf"), &user);
        let server = run(tools, folder.path(), port, disk.as_ref());
        Ok(Self {
            server,
            tools: tools.to_owned(),
            folder,
            port,
            user,
            disk,
        })
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who signs in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Where the share's files are.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Ends it and every session of it at once.
    ///
    /// # Errors
    /// If the system can't.
    pub fn kill(&mut self) -> io::Result<()> {
        self.server.kill_all()
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn restart(&mut self) {
        self.server = run(&self.tools, self.folder.path(), self.port, self.disk.as_ref());
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

/// Gives a user of the system a password at it.
fn sign_up(tools: &Path, config: &Path, user: &str) {
    let mut command = Command::new(tools.join("usr/bin/pdbedit"));
    command
        .args(["--password-from-stdin", "-a", "-u", user, "-s"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = with_libraries(&mut command, tools).spawn().expect("pdbedit runs");
    let mut input = child.stdin.take().expect("it was asked for");
    writeln!(input, "{0}\n{0}", Samba::PASSWORD).expect("it listens");
    drop(input);
    assert!(child.wait().expect("it ends").success(), "no user {user:?} at Samba");
}

fn run(tools: &Path, folder: &Path, port: u16, disk: Option<&SmallDisk>) -> Server {
    let mut command = SmallDisk::program(disk, &tools.join("usr/sbin/smbd"));
    command
        .args(["--foreground", "--no-process-group", "-s"])
        .arg(folder.join("smb.conf"))
        .arg("-l")
        .arg(folder.join("log"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Server::start(with_libraries(&mut command, tools), port)
}
