use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

/// Where a server's files are, or why there are none.
pub enum Fetched {
    /// The folder that `setup.sh NAME` filled.
    Here(PathBuf),
    /// It can't be had on this machine: the reason, for "not run: …".
    Missing(String),
}

/// Fetches a server by `tests/servers/setup.sh NAME`, once for a checkout. With `CI` set, a server that can't be had is a failure and not a test that wasn't run.
pub fn fetched(name: &str) -> Fetched {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/setup.sh");
    let answer = match Command::new(script).arg(name).output() {
        Ok(output) if output.status.success() => {
            Fetched::Here(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
        }
        Ok(output) => Fetched::Missing(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Fetched::Missing(format!("{script}: {error}")),
    };
    if let Fetched::Missing(reason) = &answer {
        assert!(std::env::var_os("CI").is_none(), "{name} can't be had here: {reason}");
    }
    answer
}
