//! Signing in, and everything that can be wrong with an account or a spec: each with its own message and exit code.

mod setting;

use camroll_cloud_apple::Account;
use setting::{CANARY, Setting};

fn account() -> Account {
    Account {
        password: CANARY.into(),
        ..Account::default()
    }
}

#[test]
fn both_answers_to_a_right_code_sign_in_and_later_runs_need_none() {
    for code_by_409 in [true, false] {
        let setting = Setting::with(Account {
            code_by_409,
            ..account()
        });
        setting.login();
        setting.apple.end_web_sessions();
        assert_eq!(setting.sync().code, 0);
        assert_eq!(
            setting.apple.handshakes(),
            1,
            "the tokens were good: no password was needed"
        );
    }
}

#[test]
fn a_code_can_come_later_from_another_process_and_by_text_message() {
    let setting = Setting::new();
    let run = setting.run(&["login", "family"]);
    assert_eq!(run.code, 7);
    assert!(run.err.contains("sms:1"), "{}", run.err);
    let run = setting.run(&["login", "family", "--code", "000000"]);
    assert_eq!(run.code, 7);
    assert!(run.err.contains("wrong"), "{}", run.err);
    let run = setting.run(&["login", "family", "--code", "314-159"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(setting.apple.handshakes(), 1);
    let setting = Setting::new();
    let run = setting.run(&["login", "family", "--sms"]);
    assert!(run.err.contains("text message"), "{}", run.err);
    assert_eq!(setting.run(&["login", "family", "--code", "314159"]).code, 0);
}

#[test]
fn a_run_beside_an_open_sign_in_leaves_it_alone() {
    let setting = Setting::new();
    assert_eq!(setting.run(&["login", "family"]).code, 7);
    // The code on the devices belongs to that conversation: another proof of the password would make it worthless.
    let run = setting.sync();
    assert_eq!(run.code, 7, "{}", run.err);
    assert_eq!(setting.apple.handshakes(), 1);
    assert_eq!(setting.run(&["login", "family", "--code", "314159"]).code, 0);
    assert_eq!(setting.sync().code, 0);
}

#[test]
fn what_can_be_wrong_with_an_account_is_told_apart() {
    let cases = [
        (
            Account {
                password: "another".into(),
                ..account()
            },
            "apple/wrong-password",
            7,
        ),
        (
            Account {
                locked: true,
                ..account()
            },
            "apple/account-locked",
            7,
        ),
        (
            Account {
                web_access_off: true,
                ..account()
            },
            "apple/web-access-off",
            7,
        ),
        (Account { adp: true, ..account() }, "apple/adp-on", 7),
        (
            Account {
                terms: true,
                ..account()
            },
            "apple/terms",
            7,
        ),
        (
            Account {
                srp_ration: Some(0),
                ..account()
            },
            "apple/throttled",
            5,
        ),
    ];
    for (account, code, exit) in cases {
        let setting = Setting::with(account);
        let run = setting.run(&["login", "family", "--code", "314159"]);
        assert!(run.err.contains(code), "{code}: {}", run.err);
        assert_eq!(run.code, exit, "{code}: {}", run.err);
        let explained = setting.run(&["explain", code]);
        assert_eq!(explained.code, 0, "{code} has no page");
    }
}

#[test]
fn an_unattended_run_tries_the_password_once_a_day() {
    let setting = Setting::new();
    setting.login();
    setting.apple.end_sign_ins();
    let before = setting.apple.handshakes();
    for _ in 0..3 {
        let run = setting.sync();
        assert_eq!(run.code, 7, "{}", run.out);
        assert_eq!(run.problem_codes(), ["apple/second-factor"]);
    }
    assert_eq!(setting.apple.handshakes(), before + 1);
}

#[test]
fn no_secret_is_anywhere_but_encrypted() {
    let setting = Setting::new();
    setting.add_photos(3, 1000);
    setting.login();
    let run = setting.run(&["-vvv", "sync", "family.yaml"]);
    assert_eq!(run.code, 0);
    let mut looked = 0;
    let mut folders = vec![setting.path("state"), setting.path("photos")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            looked += 1;
            for secret in [CANARY, "314159"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", entry.path().display());
            }
        }
    }
    assert!(looked > 5);
}

#[test]
fn wrong_specs_are_told_with_their_place() {
    let setting = Setting::new();
    let cases = [
        ("filtres: {}\n", "filters", 3),
        ("limits: { transfers: many }\n", "transfers", 3),
        ("filters: { size: { min: 5 parsecs } }\n", "size", 3),
        ("conversion: { heic: jpeg }\n", "not built yet", 3),
    ];
    for (more, said, exit) in cases {
        setting.write_spec(more);
        let run = setting.run(&["validate"]);
        assert_eq!(run.code, exit, "{more}: {}", run.err);
        assert!(
            run.err.contains(said) && run.err.contains("family.yaml:"),
            "{more}: {}",
            run.err
        );
    }
    std::fs::write(setting.path("family.yaml"), "version: 1\nname: [").unwrap();
    assert_eq!(setting.run(&["sync", "family.yaml"]).code, 3);
    setting.write_spec("");
    let text = std::fs::read_to_string(setting.path("family.yaml")).unwrap();
    std::fs::write(
        setting.path("bare.yaml"),
        text.replace("{ env: CAMROLL_TEST_PASSWORD }", CANARY)
            .replace("name: family", "name: bare"),
    )
    .unwrap();
    let run = setting.run(&["validate", "bare.yaml"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("env:"), "{}", run.err);
    std::fs::write(setting.path("bare.yaml"), text).unwrap();
    let run = setting.run(&["validate"]);
    assert_eq!(run.code, 3, "two specs with one name");
    std::fs::remove_file(setting.path("bare.yaml")).unwrap();
    let output = setting
        .command(&["sync", "family.yaml"])
        .env_remove("CAMROLL_TEST_PASSWORD")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("CAMROLL_TEST_PASSWORD"));
}

#[test]
fn one_engine_a_state() {
    let setting = Setting::new();
    setting.add_photos(3, 1000);
    setting.login();
    let gate = setting.apple.gate("download", Some(1));
    let mut child = setting
        .command(&["sync", "family.yaml"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    let run = setting.run(&["sync", "family.yaml"]);
    assert_eq!(run.code, 11, "{}", run.err);
    gate.open();
    assert!(child.wait().unwrap().success());
}
