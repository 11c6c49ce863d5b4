//! A folder that icloudpd filled, the real one: camroll takes it over as it is and fetches only what is missing.

mod setting;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use camroll_cloud_apple::{Account, Content, NewItem};
use setting::{CANARY, Setting, photo};

const SIZE: u64 = 20_000;

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clouds/apple/clients")
}

fn icloudpd(setting: &Setting, proxy: &str, authority: &Path) {
    let installed = Command::new(clients().join("setup.sh"))
        .stdin(Stdio::null())
        .status()
        .expect("a shell");
    assert!(installed.success(), "icloudpd can't be installed");
    let output = Command::new("python3")
        .arg(clients().join("icloudpd.py"))
        .arg(clients().join("../../../../target/tools/clients/icloudpd/icloudpd"))
        .arg(authority)
        .arg("314159")
        .args([
            "--username",
            "demo@example.com",
            "--password",
            CANARY,
            "--cookie-directory",
        ])
        .arg(setting.path("cookies"))
        .arg("--directory")
        .arg(setting.path("photos"))
        .args(["--no-progress-bar", "--live-photo-mov-filename-policy", "original"])
        .env("HTTPS_PROXY", proxy)
        .env("TMPDIR", setting.folder.path())
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn what_icloudpd_brought_is_recognised_and_only_the_rest_is_fetched() {
    let mut setting = Setting::with(Account {
        password: CANARY.into(),
        // icloudpd doesn't know the answer of 2026.
        code_by_409: false,
        ..Account::default()
    });
    setting.add_photos(120, SIZE);
    let live = setting.apple.library(|library| {
        library.add(NewItem {
            name: Some("IMG_9000.HEIC".into()),
            video: Some(Content::generated(9_001, SIZE)),
            ..photo(9_000, SIZE)
        })
    });
    assert!(!live.is_empty());
    let front = setting.open_front();
    let authority = setting.path("authority.pem");
    std::fs::write(&authority, &front.authority).expect("the authority");
    icloudpd(&setting, &front.proxy, &authority);
    let brought = setting.files();
    assert_eq!(brought.len(), 122, "{brought:?}");

    // Since then three photos came.
    setting.apple.library(|library| {
        for number in 200..203 {
            library.add(photo(number, SIZE));
        }
    });
    let path = setting.path("family.yaml");
    let spec = std::fs::read_to_string(&path).expect("the spec");
    std::fs::write(
        path,
        format!("{spec}  layout: \"{{taken:%Y}}/{{taken:%m}}/{{taken:%d}}/{{name}}\"\n"),
    )
    .expect("the spec");
    let before = setting.apple.count("download");
    setting.login();
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    let counts = run.receipt()["destinations"]["default"]["resources"].clone();
    assert_eq!(
        (counts["put"].as_u64(), counts["already_there"].as_u64()),
        (Some(3), Some(122)),
        "{counts}"
    );
    assert_eq!(setting.apple.count("download") - before, 3);
    assert_eq!(setting.files().len(), 125);
    assert_eq!(setting.sync().put(), 0);
}
