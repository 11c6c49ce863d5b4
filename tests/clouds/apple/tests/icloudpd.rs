//! icloudpd signs in to the simulator, downloads its library, and finds nothing to do the second time.

mod clients;

use std::process::Command;

use camroll_cloud_apple::{Account, Content, NewItem, Said};
use clients::{Setting, done, downloaded, program};

fn icloudpd(setting: &Setting) -> Command {
    let account = Account::default();
    let mut command = Command::new("python3");
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/icloudpd.py"))
        .arg(program("icloudpd/icloudpd"))
        .arg(setting.authority())
        .arg(&account.code)
        .args([
            "--username",
            &account.name,
            "--password",
            &account.password,
            "--cookie-directory",
        ])
        .arg(setting.path("cookies"))
        .arg("--directory")
        .arg(setting.path("out"))
        .args(["--no-progress-bar", "--live-photo-mov-filename-policy", "original"])
        .env("HTTPS_PROXY", &setting.proxy)
        .env("TMPDIR", setting.folder.path());
    command
}

#[test]
fn it_signs_in_with_a_text_message_and_downloads_the_library() {
    // It takes 204 for a right code, not the 409 of 2026.
    let setting = Setting::new(Account {
        code_by_409: false,
        ..Account::default()
    });
    let expected = setting.fill();
    std::fs::create_dir(setting.path("out")).expect("a folder");
    let said = done(icloudpd(&setting).output().expect("python3 runs"));
    assert!(said.contains("you're all set up"), "{said}");
    assert_eq!(downloaded(&setting.path("out")), expected);

    let bytes = setting.apple.downloaded();
    let said = done(icloudpd(&setting).output().expect("python3 runs"));
    assert!(!said.contains("Two-factor"), "the session is kept: {said}");
    assert_eq!(setting.apple.downloaded(), bytes, "all of it was there");
    assert_eq!(setting.apple.handshakes(), 1);
}

/// What it writes into its sidecar is what it read: another reader of the two property lists than ours.
#[test]
fn it_reads_what_a_person_said_of_a_photo() {
    let setting = Setting::new(Account {
        code_by_409: false,
        ..Account::default()
    });
    setting.apple.library(|library| {
        library.add(NewItem {
            name: Some("IMG_0001.JPG".into()),
            original: Some(Content::generated(1, 5_000)),
            taken: Some(1_500_000_000_000),
            said: Said {
                title: Some("By the sea".into()),
                caption: Some("Wind & waves".into()),
                keywords: vec!["Meer".into(), "été".into()],
                place: Some([48.137, -11.5, 519.0]),
            },
            ..NewItem::default()
        })
    });
    std::fs::create_dir(setting.path("out")).expect("a folder");
    done(icloudpd(&setting).arg("--xmp-sidecar").output().expect("python3 runs"));
    let sidecar = setting.path("out/2017/07/14/IMG_0001.JPG.xmp");
    let text = std::fs::read_to_string(sidecar).expect("a sidecar");
    for said in ["By the sea", "Wind &amp; waves", "Meer", "été", "48.137", "-11.5"] {
        assert!(text.contains(said), "{said} isn't in {text}");
    }
}
