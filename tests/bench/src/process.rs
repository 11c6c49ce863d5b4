use std::io::{Read as _, Seek as _};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Instant;

use anyhow::{Context as _, bail};
use wait4::Wait4 as _;

/// Where what is measured is, and how often it is.
pub struct Setting {
    pub binaries: PathBuf,
    pub clients: PathBuf,
    pub rounds: usize,
}

/// A process that ended.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// From start to end.
    pub seconds: f64,
    /// User and system time.
    pub cpu: f64,
    /// The most memory that was resident, bytes.
    pub memory: u64,
}

/// Runs it to its end, which has to be a good one.
pub fn run(command: &mut Command) -> anyhow::Result<Used> {
    let output = tempfile::tempfile()?;
    command.stdout(output.try_clone()?).stderr(output.try_clone()?);
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let ended = child.wait4()?;
    let seconds = began.elapsed().as_secs_f64();
    if !ended.status.success() {
        bail!("{command:?}: {}\n{}", ended.status, said(output)?);
    }
    Ok(Used {
        seconds,
        cpu: (ended.rusage.utime + ended.rusage.stime).as_secs_f64(),
        memory: ended.rusage.maxrss,
    })
}

/// The last of what a program said.
fn said(mut output: std::fs::File) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    output.rewind()?;
    output.read_to_end(&mut bytes)?;
    let tail = bytes.len().saturating_sub(4_000);
    Ok(String::from_utf8_lossy(&bytes[tail..]).into_owned())
}

/// A process that is looked at while it runs; killed when dropped.
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        Ok(Self(command.spawn().with_context(|| format!("{command:?}"))?))
    }

    /// Bytes that are resident now; none once it ended.
    pub fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kibibytes.map_or(Ok(0), str::parse::<u64>)? * 1024)
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.0.try_wait()?.is_some())
    }

    /// Whether its end was a good one.
    pub fn ended_well(&mut self) -> anyhow::Result<bool> {
        Ok(self.0.wait()?.success())
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}
