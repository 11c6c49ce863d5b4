use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::keys::with_libraries;
use crate::process::who_am_i;
use crate::small_disk::{Disk, SmallDisk};
use crate::{KeyPair, Server, free_port};

/// Who it runs as where the tests run as root: sshd wants a user of its own to be root with.
const DAEMON: (&str, u32) = ("daemon", 1);

/// OpenSSH's server, of whoever runs the tests, with keys of its own. A person signs in with a key: passwords need PAM and root.
pub struct OpenSsh {
    server: Server,
    tools: PathBuf,
    folder: TempDir,
    port: u16,
    user: String,
    /// The key that it accepts.
    pub key: KeyPair,
    host_key: KeyPair,
    disk: Option<SmallDisk>,
}

impl OpenSsh {
    /// Starts it with what `setup.sh openssh` unpacked.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(tools: &Path) -> Self {
        Self::on(tools, Disk::Ordinary, "").expect("nothing is mounted")
    }

    /// One whose RENAME is the protocol's own alone: it replaces nothing.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn that_replaces_nothing(tools: &Path) -> Self {
        Self::on(tools, Disk::Ordinary, "-P posix-rename").expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small(tools: &Path) -> Result<Self, String> {
        Self::on(tools, Disk::Small, "")
    }

    /// `options`: of its part that speaks SFTP.
    fn on(tools: &Path, disk: Disk, options: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let key = KeyPair::make(tools, "ed25519", &at("key"), "");
        let host_key = KeyPair::make(tools, "ed25519", &at("host-key"), "");
        fs::create_dir(at("files")).expect("a folder");
        let disk = disk.at(&at("files"))?;
        fs::copy(tools.join("usr/sbin/sshd"), at("sshd")).expect("its program");
        fs::write(at("authorized"), &key.public).expect("a file");
        let port = free_port();
        let mut config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {0}/host-key\nAuthorizedKeysFile {0}/authorized\nUsePAM no\nStrictModes no\nPidFile none\nPasswordAuthentication no\nMaxStartups 100\nSubsystem sftp internal-sftp {options}\n",
            folder.path().display()
        );
        // From 9.8 on it is two programs.
        let session = tools.join("usr/lib/openssh/sshd-session");
        if session.exists() {
            fs::copy(session, at("sshd-session")).expect("its program");
            config.push_str(&format!("SshdSessionPath {}\n", at("sshd-session").display()));
        }
        fs::write(at("config"), config).expect("a file");
        let is_root = fs::metadata(folder.path()).expect("a folder").uid() == 0;
        if is_root {
            hand_over(folder.path()).expect("root gives away what is root's");
        }
        let server = run(tools, folder.path(), port, is_root, disk.as_ref());
        Ok(Self {
            server,
            tools: tools.to_owned(),
            folder,
            port,
            user: match is_root {
                true => DAEMON.0.to_owned(),
                false => who_am_i(),
            },
            key,
            host_key,
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

    /// A folder there for what is stored.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Its line in a known_hosts file.
    pub fn known_hosts(&self) -> String {
        format!("[127.0.0.1]:{} {}", self.port, self.host_key.public)
    }

    /// A key that it doesn't accept.
    ///
    /// # Panics
    /// If ssh-keygen can't make one.
    pub fn other_key(&self, kind: &str, passphrase: &str) -> KeyPair {
        let path = self.folder.path().join(format!("other-{kind}-{}", passphrase.len()));
        KeyPair::make(&self.tools, kind, &path, passphrase)
    }

    /// Accepts a key besides.
    ///
    /// # Panics
    /// If its file can't be written.
    pub fn accept(&self, key: &KeyPair) {
        let both = format!("{}\n{}\n", self.key.public, key.public);
        fs::write(self.folder.path().join("authorized"), both).expect("a file");
    }

    /// Ends it and every session of it at once.
    ///
    /// # Errors
    /// If the system can't.
    pub fn kill(&mut self) -> io::Result<()> {
        // Sessions are processes of their own, which outlive the one that listens.
        self.server.kill_all()
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn restart(&mut self) {
        let is_root = self.user == DAEMON.0;
        self.server = run(&self.tools, self.folder.path(), self.port, is_root, self.disk.as_ref());
    }
}

impl Drop for OpenSsh {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

fn run(tools: &Path, folder: &Path, port: u16, is_root: bool, disk: Option<&SmallDisk>) -> Server {
    let program = folder.join("sshd");
    let mut command = match disk {
        Some(disk) if is_root => disk.program_of(DAEMON.1, &program),
        disk => SmallDisk::program(disk, &program),
    };
    command
        .args(["-D", "-e", "-f"])
        .arg(folder.join("config"))
        .stderr(Stdio::null());
    with_libraries(&mut command, tools);
    if is_root && disk.is_none() {
        command.uid(DAEMON.1).gid(DAEMON.1);
    }
    Server::start(&mut command, port)
}

fn hand_over(folder: &Path) -> io::Result<()> {
    chown(folder, Some(DAEMON.1), Some(DAEMON.1))?;
    for entry in fs::read_dir(folder)? {
        chown(entry?.path(), Some(DAEMON.1), Some(DAEMON.1))?;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}
