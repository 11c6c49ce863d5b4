//! icloudpd as a process, signed in once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use crate::apple::Apple;
use crate::camroll::empty;
use crate::process::{Setting, Used};

/// A folder and a session.
pub struct Icloudpd {
    driver: PathBuf,
    program: PathBuf,
    folder: PathBuf,
    proxy: String,
    authority: PathBuf,
    account: [String; 3],
}

impl Icloudpd {
    pub fn new(setting: &Setting, apple: &Apple, folder: &Path, authority: &Path) -> anyhow::Result<Self> {
        let icloudpd = Self {
            driver: Path::new(env!("CARGO_MANIFEST_DIR")).join("../clouds/apple/clients/icloudpd.py"),
            program: setting.clients.join("icloudpd/icloudpd"),
            folder: folder.to_owned(),
            proxy: apple.says("proxy"),
            authority: authority.to_owned(),
            account: [apple.says("apple_id"), apple.says("password"), apple.says("code")],
        };
        std::fs::create_dir_all(folder)?;
        icloudpd.forget()?;
        icloudpd.run(&["--auth-only"])?;
        Ok(icloudpd)
    }

    pub fn forget(&self) -> anyhow::Result<()> {
        empty(&self.folder.join("photos"))
    }

    pub fn sync(&self) -> anyhow::Result<Used> {
        self.run(&[
            "--directory",
            &self.folder.join("photos").display().to_string(),
            "--no-progress-bar",
            "--log-level",
            "error",
        ])
    }

    /// What it needs to start at all: from PyPI it is one file that unpacks itself each time.
    pub fn start_only(&self) -> anyhow::Result<Used> {
        self.run(&["--version"])
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<Used> {
        let [name, password, code] = &self.account;
        let output = Command::new("python3")
            .arg(&self.driver)
            .arg(&self.program)
            .arg(&self.authority)
            .arg(code)
            .args(["--username", name, "--password", password, "--cookie-directory"])
            .arg(self.folder.join("cookies"))
            .args(arguments)
            .env("HTTPS_PROXY", &self.proxy)
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(
            output.status.success(),
            "icloudpd: {}{said}",
            String::from_utf8_lossy(&output.stdout)
        );
        let used: Value = serde_json::from_str(said.lines().last().context("its figures")?)?;
        let number = |key: &str| used[key].as_f64().unwrap_or(f64::NAN);
        Ok(Used {
            seconds: number("seconds"),
            cpu: number("cpu"),
            memory: used["memory"].as_u64().unwrap_or(0),
        })
    }
}
