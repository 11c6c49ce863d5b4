//! A small disk for a destination: a tmpfs in a mount namespace of its own, which goes away with the process that holds it. Where nothing may be mounted, the errors are injected.
#![allow(dead_code, reason = "each test file uses its part of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::setting::{Run, Setting};

/// Bytes of the disk, until it is made larger.
pub const SMALL: u64 = 1 << 20;

/// How the disk is what the test wants it to be.
pub enum Volume {
    /// Really mounted.
    Mounted(Mounted),
    /// Not allowed here, and why: camroll is told to behave as if.
    Injected(String),
}

pub struct Mounted {
    /// Its namespace ends when this ends.
    holder: Child,
    path: PathBuf,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Said to whoever runs the tests: libtest keeps what `println!` says of a test that passes.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|facts| std::os::unix::fs::MetadataExt::uid(&facts) == 0)
}

impl Volume {
    /// Puts a disk of one megabyte at the destination of a setting. `CAMROLL_TEST_MOUNT=no` has the errors injected where a mount would be allowed.
    pub fn at_destination(setting: &mut Setting, test: &str) -> Self {
        let refused = std::env::var("CAMROLL_TEST_MOUNT").is_ok_and(|wanted| wanted == "no");
        let mounted = if refused {
            Err("CAMROLL_TEST_MOUNT=no".to_owned())
        } else {
            Mounted::at(setting.path("photos"))
        };
        match mounted {
            Ok(mounted) => {
                say(&format!("{test}: on a tmpfs of 1 MB, really mounted"));
                setting.photos = mounted.seen();
                setting.enter = mounted.enter();
                setting
                    .enter
                    .extend(["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"].map(str::to_owned));
                setting.enter.push(setting.folder.path().display().to_string());
                Self::Mounted(mounted)
            }
            Err(why) => {
                say(&format!(
                    "{test}: nothing may be mounted here ({why}); the errors are injected"
                ));
                Self::Injected(why)
            }
        }
    }

    /// A sync; `fault` is what camroll is told where the disk isn't real.
    pub fn sync(&self, setting: &Setting, fault: &str) -> Run {
        self.run(setting, fault, &["sync", "family.yaml", "--json"])
    }

    pub fn run(&self, setting: &Setting, fault: &str, arguments: &[&str]) -> Run {
        let mut command = setting.command(arguments);
        if let (Self::Injected(_), false) = (self, fault.is_empty()) {
            command.env("CAMROLL_FAULT", fault);
        }
        Run::of(command.output().expect("camroll runs"))
    }

    /// Mounts it again with other options, where it is mounted.
    pub fn remount(&self, options: &str) {
        if let Self::Mounted(mounted) = self {
            mounted.inside(&[
                "mount",
                "-o",
                &format!("remount,{options}"),
                // With the source named, mount doesn't repeat the options that it reads: its "uid=" means nobody in a namespace of users.
                "tmpfs",
                &mounted.path.display().to_string(),
            ]);
        }
    }

    /// Bytes that are free, where they can be asked for.
    pub fn free(&self) -> Option<u64> {
        match self {
            Self::Injected(_) => None,
            Self::Mounted(mounted) => {
                let said = mounted.inside(&["df", "-B1", "--output=avail", &mounted.path.display().to_string()]);
                said.lines().nth(1)?.trim().parse().ok()
            }
        }
    }
}

impl Mounted {
    fn at(path: PathBuf) -> Result<Self, String> {
        let namespaces = if is_root() { "-m" } else { "-rm" };
        let script = "mount -t tmpfs -o size=1m,mode=755 tmpfs \"$1\" && echo mounted && exec cat";
        let mut holder = Command::new("unshare")
            .args([namespaces, "sh", "-c", script, "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let mut said = String::new();
        if let Some(out) = holder.stdout.as_mut() {
            let _ = BufReader::new(out).read_line(&mut said);
        }
        if said.trim() == "mounted" {
            return Ok(Self { holder, path });
        }
        let mut why = String::new();
        if let Some(mut err) = holder.stderr.take() {
            let _ = err.read_to_string(&mut why);
        }
        let _ = holder.wait();
        Err(why.trim().to_owned())
    }

    /// The way into its namespace.
    fn enter(&self) -> Vec<String> {
        let mut enter = vec![
            "nsenter".to_owned(),
            format!("--target={}", self.holder.id()),
            "--mount".to_owned(),
        ];
        if !is_root() {
            enter.extend(["--user", "--preserve-credentials"].map(str::to_owned));
        }
        enter.push("--".to_owned());
        enter
    }

    /// Where its files are seen from outside.
    fn seen(&self) -> PathBuf {
        let inside = self.path.strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(inside)
    }

    fn inside(&self, arguments: &[&str]) -> String {
        let enter = self.enter();
        let output = Command::new(&enter[0])
            .args(&enter[1..])
            .args(arguments)
            .output()
            .expect("nsenter runs");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
