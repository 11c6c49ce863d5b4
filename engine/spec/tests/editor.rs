//! What an editor says with the committed schema: `tests/editor/run.sh`, which installs yaml-language-server where it is missing.

use std::path::Path;
use std::process::Command;

#[test]
fn the_language_server_completes_and_checks_specs() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/editor/run.sh");
    let output = Command::new(script).output().expect("the script runs");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("checks"), "{said}");
}
