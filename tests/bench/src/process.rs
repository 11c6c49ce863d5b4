use std::path::PathBuf;
use std::process::Command;
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
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let ended = child.wait4()?;
    let seconds = began.elapsed().as_secs_f64();
    if !ended.status.success() {
        bail!("{command:?}: {}", ended.status);
    }
    Ok(Used {
        seconds,
        cpu: (ended.rusage.utime + ended.rusage.stime).as_secs_f64(),
        memory: ended.rusage.maxrss,
    })
}
