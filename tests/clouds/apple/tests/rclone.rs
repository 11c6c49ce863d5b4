//! rclone's iCloud backend, Photos side, signs in to the simulator, lists it, downloads from it and follows its changes.

mod clients;

use std::process::Command;

use camroll_cloud_apple::{Account, AlbumKind, Content, NewItem};
use clients::{Setting, done, downloaded, program};

fn rclone(setting: &Setting, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("bin/rclone"));
    command
        .env_clear()
        .arg("--config")
        .arg(setting.path("rclone.conf"))
        .arg("--cache-dir")
        .arg(setting.path("cache"))
        .arg("--ca-cert")
        .arg(setting.authority())
        .args(["--http-proxy", &setting.proxy, "--retries", "1"])
        .args(arguments);
    command
}

fn run(setting: &Setting, arguments: &[&str]) -> String {
    done(rclone(setting, arguments).output().expect("rclone runs"))
}

/// Begins a sign-in; rclone's next question.
fn begin(setting: &Setting) -> String {
    let account = Account::default();
    let password = format!("password={}", account.password);
    let name = format!("apple_id={}", account.name);
    let create = ["config", "create", "apple", "iclouddrive", "service=photos"];
    let said = run(
        setting,
        &[&create[..], &[&name, &password, "--obscure", "--non-interactive"]].concat(),
    );
    state(&said)
}

fn state(said: &str) -> String {
    let said: serde_json::Value = serde_json::from_str(said).expect("a question");
    said["State"].as_str().unwrap_or_default().to_owned()
}

fn reply<'a>(state: &'a str, result: &'a str) -> [&'a str; 9] {
    [
        "config",
        "update",
        "apple",
        "--continue",
        "--state",
        state,
        "--result",
        result,
        "--non-interactive",
    ]
}

fn sign_in(setting: &Setting) {
    let question = begin(setting);
    assert_eq!(state(&run(setting, &reply(&question, &Account::default().code))), "");
}

#[test]
fn it_signs_in_with_a_devices_code_and_both_answers_to_it() {
    for code_by_409 in [true, false] {
        let setting = Setting::new(Account {
            code_by_409,
            ..Account::default()
        });
        let question = begin(&setting);
        let wrong = rclone(&setting, &reply(&question, "000000"))
            .output()
            .expect("rclone runs");
        assert!(!wrong.status.success(), "a wrong code signed in");
        assert_eq!(state(&run(&setting, &reply(&question, "314159"))), "");
        assert_eq!(setting.apple.handshakes(), 1);
        assert_eq!(run(&setting, &["lsf", "apple:"]).trim(), "PrimarySync/");
    }
}

#[test]
fn it_signs_in_with_a_text_message() {
    let setting = Setting::new(Account::default());
    let question = begin(&setting);
    let question = state(&run(&setting, &reply(&question, "sms")));
    assert!(question.starts_with("2fa_sms_1_"), "{question}");
    assert_eq!(state(&run(&setting, &reply(&question, "314159"))), "");
    assert_eq!(run(&setting, &["lsf", "apple:"]).trim(), "PrimarySync/");
}

#[test]
fn a_wrong_password_is_refused() {
    let setting = Setting::new(Account {
        password: "another".into(),
        ..Account::default()
    });
    let account = Account::default();
    let output = rclone(
        &setting,
        &[
            "config",
            "create",
            "apple",
            "iclouddrive",
            "service=photos",
            "apple_id=demo@example.com",
            &format!("password={}", account.password),
            "--obscure",
            "--non-interactive",
        ],
    )
    .output()
    .expect("rclone runs");
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("incorrect"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn it_lists_and_downloads_the_library_and_follows_changes() {
    let setting = Setting::new(Account::default());
    let mut expected = setting.fill();
    sign_in(&setting);

    run(
        &setting,
        &[
            "copy",
            "apple:PrimarySync/All Photos",
            &setting.path("out").display().to_string(),
        ],
    );
    assert_eq!(downloaded(&setting.path("out")), expected);
    let live: Vec<String> = run(&setting, &["lsf", "apple:PrimarySync/Live"])
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(live, ["IMG_1000.HEIC", "IMG_1000.MOV"]);

    // From here on it only asks what changed.
    let listings = setting.apple.count("list");
    let new = Content::generated(5000, 7_000);
    expected.insert("NEW.JPG".into(), new.checksum.clone());
    setting.apple.library(|library| {
        library.add(NewItem {
            name: Some("NEW.JPG".into()),
            original: Some(new),
            taken: Some(1_600_000_000_000),
            ..NewItem::default()
        });
    });
    let listed: Vec<String> = run(&setting, &["lsf", "apple:PrimarySync/All Photos"])
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, expected.keys().cloned().collect::<Vec<_>>());
    assert_eq!(setting.apple.count("list"), listings, "the change came as a change");

    // A hidden photo's change has only the asset's record; rclone lists anew after one of those.
    setting.apple.library(|library| {
        let id = library.find("IMG_0007.JPG").expect("a photo");
        library.hide(&id);
    });
    expected.remove("IMG_0007.JPG");
    let listed: Vec<String> = run(&setting, &["lsf", "apple:PrimarySync/All Photos"])
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, expected.keys().cloned().collect::<Vec<_>>());
    assert_eq!(
        run(&setting, &["lsf", "apple:PrimarySync/Hidden"]).trim(),
        "IMG_0007.JPG"
    );
}

#[test]
fn it_sees_albums_in_folders_and_who_is_in_them() {
    let setting = Setting::new(Account::default());
    let all: Vec<String> = setting
        .fill()
        .into_keys()
        .filter(|name| name.ends_with(".JPG"))
        .collect();
    // No more than a page of members: rclone asks for the next one at rank 100, and a page ends after 66 (it lists 66 of an album of 68: rclone's #9955).
    let many: Vec<&String> = all.iter().take(60).collect();
    setting.apple.library(|library| {
        let trips = library.add_album("Trips", AlbumKind::Folder, None);
        let rome = library.add_album("Rome", AlbumKind::Album, Some(&trips));
        let selects = library.add_album("Selects", AlbumKind::Album, None);
        for name in &many {
            let item = library.find(name).expect("a photo");
            library.put_into_album(&rome, &item);
        }
        let first = library.find(many[0]).expect("a photo");
        library.put_into_album(&selects, &first);
    });
    sign_in(&setting);
    let listed = |path: &str| -> Vec<String> {
        let said = run(
            &setting,
            &["lsf", "-R", "--files-only", &format!("apple:PrimarySync/{path}")],
        );
        said.lines().map(str::to_owned).collect()
    };
    assert_eq!(listed("Selects"), [many[0].as_str()]);
    let rome = listed("Trips");
    assert_eq!(rome.len(), many.len(), "{rome:?}");
}
