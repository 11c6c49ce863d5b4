//! What the command line says, word for word. Where it is meant to say something else: `TRYCMD=overwrite cargo test -p camroll --test cli`.

#[test]
fn commands_say_what_they_said() {
    trycmd::TestCases::new()
        // The width, the colours and the characters are the same on every machine.
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "dumb")
        // Relative to each case's own sandbox: cases run side by side, and a state has one engine.
        .env("CAMROLL_STATE", ".state")
        .env("CAMROLL_LOG", "warn")
        .env(
            "CAMROLL_SNAPSHOT_PASSWORD",
            "never sent, for there is no folder to sync into",
        )
        .case("tests/cli/*.trycmd")
        .case("tests/cli/*.toml");
}

#[test]
fn the_committed_schemas_are_the_ones_that_it_prints() {
    for (kind, file) in [("spec", "camroll.schema.json"), ("receipt", "receipt.schema.json")] {
        let printed = std::process::Command::new(env!("CARGO_BIN_EXE_camroll"))
            .args(["schema", kind])
            .output()
            .expect("the command runs");
        let committed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/").to_owned() + file)
            .expect("it is committed");
        assert!(printed.stdout == committed, "{file} is out of date: run `make schema`");
    }
}
