//! The simulator, a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use crate::process::Setting;

/// Apple on loopback; ends with this.
pub struct Apple {
    child: Child,
    program: PathBuf,
    ready: Value,
}

impl Apple {
    /// With so many generated photos of a size, and an authority's certificate written there.
    pub fn start(setting: &Setting, photos: u64, size: u64, latency: u64, authority: &Path) -> anyhow::Result<Self> {
        let program = setting.binaries.join("camroll-apple");
        let mut child = Command::new(&program)
            .args([
                "serve",
                "--older-sign-in",
                "--generate",
                &photos.to_string(),
                "--size",
                &size.to_string(),
            ])
            .args(["--latency", &latency.to_string(), "--authority"])
            .arg(authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let ready = serde_json::from_str(&line)?;
        Ok(Self { child, program, ready })
    }

    pub fn says(&self, key: &str) -> String {
        self.ready[key].as_str().unwrap_or_default().to_owned()
    }

    pub fn endpoints(&self) -> Value {
        self.ready["endpoints"].clone()
    }

    /// Asks or changes something of it.
    pub fn tell(&self, what: &Value) -> anyhow::Result<Value> {
        let output = Command::new(&self.program)
            .args(["tell", &self.says("control"), &what.to_string()])
            .output()?;
        anyhow::ensure!(output.status.success(), "the simulator refused {what}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Requests so far.
    pub fn requests(&self) -> anyhow::Result<u64> {
        let counts = self.tell(&serde_json::json!({"do": "counts"}))?;
        Ok(counts["request"].as_u64().unwrap_or(0))
    }
}

impl Drop for Apple {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
