//! The vendor's own documents as a judge: what was asked, and what this simulator answered, compared with the API as it was published.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::record::Recorded;
use crate::release::Release;

/// Where the vendor's clients and documents are; fetched the first time.
static TOOLS: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = here.join("clients/setup.sh");
    let output = Command::new(&script).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let target =
                std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| here.join("../../../target"), PathBuf::from);
            Ok(target.join("tools/immich"))
        }
        Ok(output) => Err(format!(
            "the vendor's clients can't be fetched: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("{}: {error}", script.display())),
    }
});

/// The folder of the vendor's clients and documents; none, with a line that says why, where they can't be fetched.
///
/// # Panics
/// Where they can't be fetched and `CI` is set.
pub fn tools() -> Option<&'static Path> {
    match &*TOOLS {
        Ok(folder) => Some(folder),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "{why}");
            println!("not run: {why}");
            None
        }
    }
}

/// What of the requests and their answers isn't as the vendor published it, each once. There is no document of 1.134: its requests are compared with the one of 2.7.4,
/// its answers with none.
///
/// # Panics
/// Where the judge itself fails.
pub fn violations(tools: &Path, release: Release, recorded: &[Recorded]) -> BTreeSet<String> {
    let document = match release {
        Release::V1_134 | Release::V2_7 => "openapi-2.7.4.json",
        Release::V3_2 => "openapi-3.0.0.json",
    };
    let mut judge = Command::new(tools.join("python/bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/contract.py"))
        .arg(tools.join(document))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let asked = serde_json::to_vec(recorded).expect("what was recorded can be written");
    let mut input = judge.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || input.write_all(&asked));
    let output = judge.wait_with_output().expect("it ends");
    writer.join().expect("nobody panicked").expect("it reads all of it");
    assert!(output.status.success(), "the judge failed");
    let wrong = String::from_utf8_lossy(&output.stdout).into_owned();
    let judged = |line: &&str| release > Release::V1_134 || !line.contains(": answer");
    wrong.lines().filter(judged).map(str::to_owned).collect()
}
