//! rclone's WebDAV backend for Nextcloud and ownCloud: copies files, small and in chunks, compares, lists, moves and deletes.

mod clients;

use std::path::Path;
use std::process::Output;

use camroll_cloud_nextcloud::{Account, Action, Product};
use clients::{KINDS, Setting, done, here};

fn rclone(setting: &Setting, rclone: &Path, product: Product, arguments: &[&str]) -> Output {
    let program = rclone.join("bin/rclone");
    let account = Account::default();
    let password = std::process::Command::new(&program)
        .args(["obscure", &account.password.expect("it has one")])
        .output()
        .expect("rclone runs");
    std::process::Command::new(&program)
        .env_clear()
        .env("RCLONE_CONFIG", setting.path("no-config"))
        .env("RCLONE_CACHE_DIR", setting.path("cache"))
        .env(
            "RCLONE_WEBDAV_URL",
            format!("{}/remote.php/dav/files/{}", setting.server.url(), account.user),
        )
        .env("RCLONE_WEBDAV_USER", account.user)
        .env("RCLONE_WEBDAV_PASS", String::from_utf8_lossy(&password.stdout).trim())
        .env(
            "RCLONE_WEBDAV_VENDOR",
            match product {
                Product::Nextcloud => "nextcloud",
                Product::OwnCloud => "owncloud",
            },
        )
        .env("RCLONE_WEBDAV_NEXTCLOUD_CHUNK_SIZE", "2M")
        .args(["--retries", "1", "--low-level-retries", "1"])
        .args(arguments)
        .current_dir(setting.folder.path())
        .output()
        .expect("rclone runs")
}

#[test]
fn it_copies_compares_lists_moves_and_deletes() {
    let Some(folder) = here("rclone") else { return };
    for (product, storage) in KINDS {
        let setting = Setting::new(product, storage);
        let run = |arguments: &[&str]| done(&rclone(&setting, &folder, product, arguments));
        let mut files = setting.fill("from");
        run(&["copy", "from", ":webdav:there"]);
        setting.assert_there("there", &files);
        if product == Product::Nextcloud {
            assert_eq!(setting.server.count("chunk"), 4, "7 MB in chunks of 2 MiB");
            assert_eq!(setting.server.uploads(), Vec::<String>::new());
        }
        run(&["check", "--download", "from", ":webdav:there"]);
        // By the checksums that the server tells.
        run(&["check", "from", ":webdav:there"]);
        let listed = run(&["lsf", "-R", "--files-only", "--format", "pst", ":webdav:there"]);
        let mut names: Vec<&str> = listed.lines().filter_map(|line| line.split(';').next()).collect();
        names.sort_unstable();
        let mut expected: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
        let times = run(&[
            "lsf",
            "-R",
            "--files-only",
            "--format",
            "t",
            "--time-format",
            "2006",
            ":webdav:there",
        ]);
        assert!(times.lines().all(|year| year == "2016"), "{times}");
        run(&["moveto", ":webdav:there/empty", ":webdav:there/elsewhere/moved"]);
        files.retain(|(name, _)| name != "empty");
        files.push(("elsewhere/moved".to_owned(), Vec::new()));
        setting.assert_there("there", &files);
        run(&["delete", ":webdav:there/sub"]);
        let left: Vec<String> = setting.server.files();
        assert_eq!(left, ["there/a b#1 & 100% é.jpg", "there/elsewhere/moved"]);
    }
}

#[test]
fn what_goes_wrong_is_told() {
    let Some(folder) = here("rclone") else { return };
    for (product, storage) in KINDS {
        let setting = Setting::new(product, storage);
        setting.fill("from");
        let copy = || rclone(&setting, &folder, product, &["copy", "from", ":webdav:there"]);
        setting.server.account(|account| account.quota = Some(1_000_000));
        let full = copy();
        assert!(!full.status.success());
        assert!(
            String::from_utf8_lossy(&full.stderr).contains("507"),
            "{}",
            String::from_utf8_lossy(&full.stderr)
        );
        setting.server.account(|account| account.quota = None);
        // A byte that changes on its way: ownCloud compares, Nextcloud keeps what it was told.
        setting.server.fault("PUT", None, Action::Flip(10));
        let flipped = copy();
        assert_eq!(
            String::from_utf8_lossy(&flipped.stderr).contains("The computed checksum does not match"),
            product == Product::OwnCloud,
            "{}",
            String::from_utf8_lossy(&flipped.stderr)
        );
        setting.server.mend();
        setting.server.account(|account| account.password = None);
        let refused = copy();
        assert!(!refused.status.success());
        assert!(setting.server.wrong_sign_ins() > 0);
    }
}
