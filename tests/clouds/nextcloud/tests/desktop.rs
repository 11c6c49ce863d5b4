//! Nextcloud's own client for desktops, its command: sends a folder there, and another computer's gets it.

mod clients;

use std::fs;
use std::path::Path;
use std::process::Command;

use camroll_cloud_nextcloud::{Account, Product, Storage};
use clients::{Setting, bytes, done, here};

/// One run over a folder; what it wrote about itself.
fn sync(setting: &Setting, tools: &Path, folder: &str) -> String {
    let account = Account::default();
    let libraries = fs::read_dir(tools.join("usr/lib"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains("-linux-"))
        .expect("its libraries");
    fs::create_dir_all(setting.path(folder)).expect("a folder");
    let output = Command::new(tools.join("usr/bin/nextcloudcmd"))
        .env("LD_LIBRARY_PATH", &libraries)
        .env("QT_PLUGIN_PATH", libraries.join("qt5/plugins"))
        .env("HOME", setting.folder.path())
        .args(["--non-interactive", "--user", &account.user, "--password"])
        .arg(account.password.expect("it has one"))
        .arg(setting.path(folder))
        .arg(setting.server.url())
        .output()
        .expect("it runs");
    done(&output)
}

#[test]
fn it_sends_a_folder_and_gets_it_elsewhere() {
    let Some(tools) = here("nextcloudcmd") else { return };
    for storage in [Storage::Disk, Storage::Objects] {
        let setting = Setting::new(Product::Nextcloud, storage);
        let mut files = setting.fill("one");
        // Large enough for chunks.
        let large = bytes(25_000_000);
        fs::write(setting.path("one/large.mov"), &large).expect("a file");
        files.push(("large.mov".to_owned(), large));
        sync(&setting, &tools, "one");
        setting.assert_there("", &files);
        assert!(setting.server.count("chunk") > 1 && setting.server.count("assemble") == 1);
        assert_eq!(setting.server.uploads(), Vec::<String>::new());
        // Nothing to do.
        let puts = setting.server.count("PUT");
        sync(&setting, &tools, "one");
        assert_eq!(setting.server.count("PUT"), puts);
        sync(&setting, &tools, "other");
        for (name, bytes) in &files {
            let there = fs::read(setting.path("other").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(there == *bytes, "{name}");
        }
        // A file that goes, and one that moves.
        fs::remove_file(setting.path("other/empty")).expect("it is there");
        fs::rename(setting.path("other/large.mov"), setting.path("other/sub/moved.mov")).expect("it is there");
        sync(&setting, &tools, "other");
        assert!(setting.server.content("empty").is_none() && setting.server.content("large.mov").is_none());
        assert!(setting.server.content("sub/moved.mov").is_some());
    }
}
