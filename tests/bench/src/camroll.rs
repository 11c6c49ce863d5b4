//! camroll as a process, through the same proxy and authority as its peer.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apple::Apple;
use crate::process::{Running, Setting, Used, run};

/// A spec, a folder and a state, signed in.
pub struct Camroll {
    program: PathBuf,
    folder: PathBuf,
    proxy: String,
    authority: PathBuf,
    password: String,
    account: String,
    environment: Vec<(&'static str, String)>,
    /// A line of the spec; empty where Apple's own names are used.
    endpoints: String,
}

impl Camroll {
    /// Writes a spec for Apple's own addresses and signs in.
    pub fn new(setting: &Setting, apple: &Apple, folder: &Path, authority: &Path) -> anyhow::Result<Self> {
        Self::with(setting, apple, folder, authority, String::new())
    }

    /// The same without TLS and its proxy: for a comparison with who reads a folder, where the simulator's encryption would take its time from both cores.
    pub fn over_plain_http(setting: &Setting, apple: &Apple, folder: &Path, authority: &Path) -> anyhow::Result<Self> {
        let endpoints = format!("    endpoints: {}\n", apple.endpoints());
        Self::with(setting, apple, folder, authority, endpoints)
    }

    fn with(
        setting: &Setting,
        apple: &Apple,
        folder: &Path,
        authority: &Path,
        endpoints: String,
    ) -> anyhow::Result<Self> {
        let camroll = Self {
            program: setting.binaries.join("camroll"),
            folder: folder.to_owned(),
            proxy: apple.says("proxy"),
            authority: authority.to_owned(),
            password: apple.says("password"),
            account: apple.says("apple_id"),
            environment: Vec::new(),
            endpoints,
        };
        std::fs::create_dir_all(folder)?;
        camroll.send_to(&format!(
            "  connector: local\n  with: {{ path: {:?} }}\n",
            camroll.photos()
        ))?;
        camroll.forget()?;
        run(&mut camroll.command(&["login", "family", "--code", &apple.says("code")]))?;
        copy(&folder.join("state"), &folder.join("signed-in"))?;
        // Both connectors are compiled once, uncounted, as on any machine after its first run; `forget_code` is for who wants to count that.
        run(&mut camroll.command(&["plan", "family.yaml"]))?;
        copy(&folder.join("state/code"), &folder.join("signed-in/code"))?;
        copy(&folder.join("state/sign-ins"), &folder.join("signed-in/sign-ins"))?;
        Ok(camroll)
    }

    /// The same with these besides in its environment.
    pub fn knowing(mut self, environment: Vec<(&'static str, String)>) -> Self {
        self.environment = environment;
        self
    }

    /// Writes the spec anew with another destination: the lines below `destination:`.
    pub fn send_to(&self, destination: &str) -> anyhow::Result<()> {
        let spec = format!(
            "version: 1\nname: family\nsource:\n  connector: icloud-photos\n  with:\n    apple_id: {}\n    password: {{ env: BENCH_PASSWORD }}\n{}destination:\n{destination}",
            self.account, self.endpoints
        );
        Ok(std::fs::write(self.folder.join("family.yaml"), spec)?)
    }

    /// Compiles the spec's connectors, which stay compiled.
    pub fn compile(&self) -> anyhow::Result<()> {
        run(&mut self.command(&["plan", "family.yaml"]))?;
        copy(&self.folder.join("state/code"), &self.folder.join("signed-in/code"))
    }

    pub fn photos(&self) -> PathBuf {
        self.folder.join("photos")
    }

    /// An empty folder, and a state that knows no more than the sign-in.
    pub fn forget(&self) -> anyhow::Result<()> {
        empty(&self.photos())?;
        if self.folder.join("signed-in").exists() {
            empty(&self.folder.join("state"))?;
            copy(&self.folder.join("signed-in"), &self.folder.join("state"))?;
        }
        Ok(())
    }

    /// The compiled connectors, too, are to be made anew.
    pub fn forget_code(&self) -> anyhow::Result<()> {
        empty(&self.folder.join("state/code"))
    }

    pub fn sync(&self) -> anyhow::Result<Used> {
        run(&mut self.command(&["sync", "family.yaml", "--json"]))
    }

    /// The same, to be looked at while it runs.
    pub fn start_sync(&self) -> anyhow::Result<Running> {
        Running::start(&mut self.command(&["sync", "family.yaml", "--json"]))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("CAMROLL_STATE", self.folder.join("state"))
            .env("BENCH_PASSWORD", &self.password)
            .env("HTTPS_PROXY", &self.proxy)
            .env("SSL_CERT_FILE", &self.authority)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

/// Makes it a folder with nothing in it. What was there is put aside and not deleted: for some seconds after thousands of deletions ext4 looks for inodes
/// that weren't just freed, one by one, and whoever creates many files then is measured by that.
pub fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        let mut number = 0;
        let aside = loop {
            let aside = folder.with_extension(format!("aside-{number}"));
            if !aside.exists() {
                break aside;
            }
            number += 1;
        };
        std::fs::rename(folder, aside)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
