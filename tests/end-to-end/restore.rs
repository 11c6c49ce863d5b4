//! `camroll restore`: what comes back is the source byte for byte, with state and without, and nothing in the folder is overwritten.

mod setting;

use std::collections::BTreeMap;
use std::path::Path;

use camroll_cloud_apple::{Content, NewItem};
use setting::{Setting, name, photo};

const SIZE: u64 = 30_000;

fn synced() -> Setting {
    let setting = Setting::new();
    setting.add_photos(4, SIZE);
    setting.apple.library(|library| {
        library.add(NewItem {
            video: Some(Content::generated(90, 9000)),
            name: Some("LIVE.HEIC".into()),
            ..photo(9, SIZE)
        });
    });
    setting.login();
    assert_eq!(setting.sync().code, 0);
    setting
}

/// Every file below a folder with its bytes and its time, camroll's own left out.
fn tree(root: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, (Vec<u8>, std::time::SystemTime)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let relative = path.strip_prefix(root).unwrap().display().to_string();
            if relative == ".camroll" && root.ends_with("photos") {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
                found.insert(relative, (std::fs::read(&path).unwrap(), modified));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn restore(setting: &Setting, more: &[&str]) -> (i32, serde_json::Value) {
    let arguments: Vec<&str> = ["restore", "family", "--to", "back", "--json"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    let run = setting.run(&arguments);
    let document: serde_json::Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    (run.code, document["restore"].clone())
}

/// A clock that was ahead named what an earlier run wrote.
#[test]
fn what_was_written_last_counts_whatever_the_clock_said() {
    let setting = Setting::new();
    setting.add_photos(2, SIZE);
    setting.login();
    let edit = |text: &str| {
        setting.apple.library(|library| {
            let id = library.find(&name(1)).expect("a photo");
            library.edit(&id, Content::of(text.as_bytes().to_vec()));
        });
        let run = setting.sync();
        assert_eq!((run.code, run.put() > 0), (0, true), "{}{}", run.out, run.err);
    };
    edit("first edit");
    let manifest = setting.path("photos/.camroll/manifest");
    for entry in std::fs::read_dir(&manifest).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (_, segment) = name.split_once('-').expect("a run and a segment");
        std::fs::rename(
            entry.path(),
            manifest.join(format!("7ZZZZZZZZZ0000000000000000-{segment}")),
        )
        .unwrap();
    }
    edit("second edit");
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let (code, report) = restore(&setting, &[]);
    assert_eq!((code, &report["restored"]), (0, &3.into()), "{report}");
    assert_eq!(tree(&setting.path("back")), tree(&setting.path("photos")));
}

#[test]
fn the_whole_comes_back_with_state_and_again_without() {
    let setting = synced();
    let requests = setting.apple.requests();
    let (code, report) = restore(&setting, &[]);
    assert_eq!(
        (code, &report["restored"], &report["from"]),
        (0, &6.into(), &"state".into()),
        "{report}"
    );
    let photos = tree(&setting.path("photos"));
    assert_eq!(photos.len(), 6);
    assert_eq!(tree(&setting.path("back")), photos);
    assert!(
        !setting.path("back/.camroll").exists(),
        "nothing of camroll's stays there"
    );
    // Again: it is all there.
    let (code, report) = restore(&setting, &[]);
    assert_eq!(
        (code, &report["restored"], &report["already_there"]),
        (0, &0.into(), &6.into())
    );
    // Another machine: no state, no sign-in, and a source that isn't asked.
    std::fs::remove_dir_all(setting.path("back")).unwrap();
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let (code, report) = restore(&setting, &[]);
    assert_eq!(
        (code, &report["restored"], &report["from"]),
        (0, &6.into(), &"manifest".into()),
        "{report}"
    );
    assert_eq!(tree(&setting.path("back")), photos);
    assert_eq!(setting.apple.requests(), requests);
}

#[test]
fn what_a_killed_run_placed_comes_back_by_the_manifest_too() {
    // Killed when the journal has the first files; and once more without the index, which remembers that the manifest lacks them.
    for index in ["kept", "lost"] {
        let setting = Setting::new();
        setting.add_photos(60, SIZE);
        setting.login();
        let killed = setting
            .command(&["sync", "family.yaml"])
            .env("CAMROLL_FAILPOINT", "record/after")
            .output()
            .unwrap();
        assert!(!killed.status.success());
        if index == "lost" {
            std::fs::remove_dir_all(setting.path("state/index")).unwrap();
        }
        assert_eq!(setting.sync().code, 0);
        let (code, report) = restore(&setting, &["--from-manifest"]);
        assert_eq!((code, &report["restored"]), (0, &60.into()), "{index}: {report}");
        assert_eq!(tree(&setting.path("back")), tree(&setting.path("photos")));
    }
}

#[test]
fn what_is_in_the_folder_is_never_overwritten() {
    let setting = synced();
    let taken = setting.path("back/2014/05").join(name(1));
    std::fs::create_dir_all(taken.parent().unwrap()).unwrap();
    std::fs::write(&taken, "mine").unwrap();
    for more in [&[][..], &["--from-manifest"][..]] {
        let (code, report) = restore(&setting, more);
        assert_eq!((code, &report["failed"]), (6, &1.into()), "{report}");
        assert_eq!(report["problems"][0]["code"], "restore/other-content");
        assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    }
    std::fs::remove_file(&taken).unwrap();
    let (code, report) = restore(&setting, &[]);
    assert_eq!(
        (code, &report["restored"], &report["already_there"]),
        (0, &1.into(), &5.into())
    );
}

#[test]
fn damaged_and_missing_files_are_told_and_the_rest_comes() {
    let setting = synced();
    let file = |number: u64| setting.path("photos/2014/05").join(name(number));
    let mut bytes = std::fs::read(file(0)).unwrap();
    bytes[17] ^= 1;
    std::fs::write(file(0), bytes).unwrap();
    std::fs::remove_file(file(1)).unwrap();
    for more in [&[][..], &["--from-manifest"][..]] {
        let _ = std::fs::remove_dir_all(setting.path("back"));
        let (code, report) = restore(&setting, more);
        assert_eq!(
            (code, &report["restored"], &report["failed"]),
            (9, &4.into(), &2.into()),
            "{report}"
        );
        let mut codes: Vec<&str> = report["problems"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|problem| problem["code"].as_str())
            .collect();
        codes.sort_unstable();
        assert_eq!(codes, ["restore/damaged", "restore/missing"]);
        assert!(!setting.path("back/2014/05").join(name(0)).exists());
        assert!(!setting.path("back/.camroll").exists(), "no draft stays");
    }
}

#[test]
fn only_what_is_asked_for() {
    let setting = synced();
    for more in [
        &["--name", "img_000[12]*"][..],
        &["--name", "IMG_000[12]*", "--from-manifest"][..],
    ] {
        let _ = std::fs::remove_dir_all(setting.path("back"));
        let (code, report) = restore(&setting, more);
        assert_eq!(
            (code, &report["restored"], &report["not_chosen"]),
            (0, &2.into(), &4.into()),
            "{report}"
        );
    }
    // Taken in May 2014, all of them.
    for (span, expected) in [(["--taken-to", "2014-04"], 0), (["--taken-from", "2014-05"], 6)] {
        let _ = std::fs::remove_dir_all(setting.path("back"));
        for manifest in [&[][..], &["--from-manifest"][..]] {
            let _ = std::fs::remove_dir_all(setting.path("back"));
            let more: Vec<&str> = span.iter().chain(manifest).copied().collect();
            let (code, report) = restore(&setting, &more);
            assert_eq!((code, &report["restored"]), (0, &expected.into()), "{report}");
        }
    }
    let run = setting.run(&["restore", "family", "--to", "back", "--taken-from", "soon"]);
    assert_eq!(run.code, 2, "{}", run.err);
}

#[test]
fn a_manifest_that_leads_out_of_the_folder_leads_nowhere() {
    let setting = synced();
    let manifest = setting.path("photos/.camroll/manifest");
    let segment = std::fs::read_dir(&manifest).unwrap().flatten().next().unwrap().path();
    let line = std::fs::read_to_string(&segment).unwrap();
    let line = line.lines().next().unwrap().replace("2014/05/", "../outside/");
    std::fs::write(manifest.join("zzz.ndjson"), line).unwrap();
    let (code, _) = restore(&setting, &["--from-manifest"]);
    assert_ne!(code, 0);
    assert!(!setting.path("outside").exists());
}
