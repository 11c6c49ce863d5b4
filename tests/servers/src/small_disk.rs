use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Where a server's files are.
#[derive(Clone, Copy)]
pub(crate) enum Disk {
    /// Where everything is.
    Ordinary,
    /// On a disk of their own, of three megabytes.
    Small,
}

impl Disk {
    /// Mounts what is to be mounted at a folder.
    pub(crate) fn at(self, folder: &Path) -> Result<Option<SmallDisk>, String> {
        match self {
            Self::Ordinary => Ok(None),
            Self::Small => SmallDisk::at(folder).map(Some),
        }
    }
}

/// A disk of three megabytes at a folder: a tmpfs in a mount namespace of its own, which goes away with the value. Only programs that are started within it see it.
pub(crate) struct SmallDisk {
    holder: Child,
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|facts| facts.uid() == 0)
}

impl SmallDisk {
    /// Mounts it.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    pub(crate) fn at(folder: &Path) -> Result<Self, String> {
        let namespaces = if is_root() { "-m" } else { "-rm" };
        let script = "mount -t tmpfs -o size=3m,mode=777 tmpfs \"$1\" && echo mounted && exec cat";
        let mut holder = Command::new("unshare")
            .args([namespaces, "sh", "-c", script, "sh"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let mut said = String::new();
        if let Some(out) = holder.stdout.as_mut() {
            BufReader::new(out)
                .read_line(&mut said)
                .map_err(|error| error.to_string())?;
        }
        if said.trim() == "mounted" {
            return Ok(Self { holder });
        }
        let mut why = String::new();
        if let Some(mut err) = holder.stderr.take() {
            err.read_to_string(&mut why).map_err(|error| error.to_string())?;
        }
        holder.wait().map_err(|error| error.to_string())?;
        Err(format!("nothing may be mounted here: {}", why.trim()))
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.holder.id())).arg("--mount");
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        command
    }

    /// A program that sees the disk, if there is one.
    pub(crate) fn program(disk: Option<&Self>, program: &Path) -> Command {
        match disk {
            None => Command::new(program),
            Some(disk) => {
                let mut command = disk.enter();
                command.arg(program);
                command
            }
        }
    }

    /// The same, of another user. Only root can.
    pub(crate) fn program_of(&self, user: u32, program: &Path) -> Command {
        let mut command = self.enter();
        command
            .args([
                "setpriv",
                &format!("--reuid={user}"),
                &format!("--regid={user}"),
                "--clear-groups",
            ])
            .arg(program);
        command
    }
}
