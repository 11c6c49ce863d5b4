//! `camroll verify`: what was deleted, cut off or damaged at the destination is found and mended, and nothing that is there is overwritten.

mod setting;

use std::path::Path;

use setting::{Run, Setting, name};

const SIZE: u64 = 30_000;

fn synced(count: u64) -> Setting {
    let setting = Setting::new();
    setting.add_photos(count, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    setting
}

fn verify(setting: &Setting, more: &[&str]) -> (Run, serde_json::Value) {
    let arguments: Vec<&str> = ["verify", "family", "--json"].iter().chain(more).copied().collect();
    let before = setting.apple.requests();
    let run = setting.run(&arguments);
    assert_eq!(setting.apple.requests(), before, "verify asks the source nothing");
    let document: serde_json::Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    let report = document["destinations"][0].clone();
    (run, report)
}

fn codes(report: &serde_json::Value) -> Vec<(String, String)> {
    let mut codes: Vec<_> = report["mismatches"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            (text("path"), text("code"))
        })
        .collect();
    codes.sort();
    codes
}

/// Another byte in the middle, and the time that the file had.
fn flip_a_byte(path: &Path) {
    let modified = std::fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
    std::fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
}

#[test]
fn an_archive_that_is_well_and_its_proof() {
    let setting = synced(5);
    // What other systems leave behind, and what has no path here, ends no listing.
    std::fs::create_dir(setting.path("photos/Icon\r")).unwrap();
    std::fs::write(setting.path("photos/notes.txt"), "mine").unwrap();
    let (run, report) = verify(&setting, &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!((&report["placed"], &report["as_placed"]), (&5.into(), &5.into()));
    assert_eq!((&report["read_back"], &report["others"]), (&0.into(), &1.into()));
    let (run, report) = verify(&setting, &["--deep"]);
    assert_eq!((run.code, &report["read_back"]), (0, &5.into()), "{}", run.out);
    // What was read back is known better from here on, and the next receipt says so.
    let receipt = setting.sync().receipt();
    assert_eq!(receipt["destinations"]["default"]["proof"]["read-back"], 5, "{receipt}");
    let run = setting.run(&["explain", "family", &name(0), "--json"]);
    assert!(run.out.contains("\"proof\":\"read-back\""), "{}", run.out);
}

#[test]
fn a_flipped_byte_is_found_by_reading_alone() {
    let setting = synced(3);
    let path = setting.path("photos/2014/05/IMG_0001.JPG");
    flip_a_byte(&path);
    let damaged = std::fs::read(&path).unwrap();
    let (run, report) = verify(&setting, &[]);
    assert_eq!(run.code, 0, "size and time are the same: {report}");
    let (run, report) = verify(&setting, &["--deep"]);
    assert_eq!(run.code, 9, "{report}");
    let expected = [("2014/05/IMG_0001.JPG".to_owned(), "verify/other-bytes".to_owned())];
    assert_eq!(codes(&report), expected);
    assert_eq!(report["mismatches"][0]["mending"], "possible");
    // Nothing is planned yet.
    assert_eq!(setting.sync().put(), 0);
    // The damaged file stays; the right one comes beside it.
    let (run, report) = verify(&setting, &["--deep", "--repair"]);
    assert_eq!((run.code, &report["mismatches"][0]["mending"]), (9, &"planned".into()));
    let status = setting.run(&["status", "family", "--json"]);
    assert!(status.out.contains("\"pending\":1"), "{}", status.out);
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}", run.out);
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
    assert_eq!(setting.files().len(), 4, "{:?}", setting.files());
    let (run, report) = verify(&setting, &["--deep"]);
    assert_eq!(run.code, 0, "{report}");
    assert_eq!((&report["placed"], &report["others"]), (&3.into(), &1.into()));
}

#[test]
fn what_is_gone_cut_off_or_only_touched_is_told_apart() {
    let setting = synced(4);
    let file = |number: u64| setting.path("photos/2014/05").join(name(number));
    std::fs::remove_file(file(0)).unwrap();
    let whole = std::fs::read(file(1)).unwrap();
    std::fs::write(file(1), &whole[..100]).unwrap();
    let now = std::time::SystemTime::now();
    std::fs::File::options()
        .write(true)
        .open(file(2))
        .unwrap()
        .set_modified(now)
        .unwrap();
    let (run, report) = verify(&setting, &[]);
    assert_eq!(run.code, 9, "{report}");
    let expected = [
        ("2014/05/IMG_0000.JPG".to_owned(), "verify/missing".to_owned()),
        ("2014/05/IMG_0001.JPG".to_owned(), "verify/other-size".to_owned()),
    ];
    assert_eq!(codes(&report), expected);
    // What was only touched was read, once: from then on it is known as it is.
    assert_eq!((&report["as_placed"], &report["read_back"]), (&2.into(), &1.into()));
    let (_, report) = verify(&setting, &["--repair"]);
    assert_eq!(report["read_back"], 0);
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 2), "{}", run.out);
    assert_eq!(std::fs::read(file(1)).unwrap().len(), 100, "never overwritten");
    assert!(file(0).exists());
    assert_eq!(verify(&setting, &["--deep"]).0.code, 0);
}

#[test]
fn what_the_source_no_longer_has_stays_told() {
    let setting = synced(2);
    setting.apple.library(|library| {
        let id = library.find(&name(0)).expect("a photo");
        library.expunge(&id);
    });
    assert_eq!(setting.sync().code, 0);
    std::fs::remove_file(setting.path("photos/2014/05").join(name(0))).unwrap();
    for _ in 0..2 {
        let (run, report) = verify(&setting, &["--repair"]);
        assert_eq!(run.code, 9, "{report}");
        assert_eq!(report["mismatches"][0]["mending"], "impossible", "{report}");
    }
}

#[test]
fn what_no_spec_takes_any_more_stays_told() {
    let setting = synced(2);
    std::fs::remove_file(setting.path("photos/2014/05").join(name(0))).unwrap();
    setting.write_spec(&format!("filters: {{ not: {{ name: {:?} }} }}\n", name(0)));
    for _ in 0..2 {
        let (run, report) = verify(&setting, &["--repair"]);
        assert_eq!(run.code, 9, "{report}");
        assert_eq!(report["mismatches"][0]["mending"], "impossible", "{report}");
        assert_eq!(setting.sync().put(), 0);
    }
    // Taken again, it is mended.
    setting.write_spec("");
    let (_, report) = verify(&setting, &["--repair"]);
    assert_eq!(report["mismatches"][0]["mending"], "planned", "{report}");
    assert_eq!(setting.sync().put(), 1);
    assert_eq!(verify(&setting, &[]).0.code, 0);
}

#[test]
fn killed_while_it_plans_the_mending_it_forgets_nothing() {
    for place in ["record/before", "record/after"] {
        let setting = synced(3);
        let gone = setting.path("photos/2014/05").join(name(1));
        std::fs::remove_file(&gone).unwrap();
        let killed = setting
            .command(&["verify", "family", "--repair"])
            .env("CAMROLL_FAILPOINT", place)
            .output()
            .unwrap();
        assert!(killed.status.code().is_none(), "{place} was never passed");
        if setting.sync().put() == 0 {
            let (run, report) = verify(&setting, &["--repair"]);
            assert_eq!(run.code, 9, "{place}: {report}");
            assert_eq!(setting.sync().put(), 1, "{place}");
        }
        assert!(gone.exists(), "{place}");
    }
}

#[test]
fn another_place_and_a_lost_state_are_not_taken_for_an_archive_that_is_well() {
    let setting = synced(2);
    std::fs::rename(setting.path("photos"), setting.path("elsewhere")).unwrap();
    std::fs::create_dir(setting.path("photos")).unwrap();
    let run = setting.run(&["verify", "family"]);
    assert_eq!(run.code, 8, "{}", run.err);
    assert!(run.err.contains("destination/not-the-same"), "{}", run.err);
    std::fs::remove_dir(setting.path("photos")).unwrap();
    std::fs::rename(setting.path("elsewhere"), setting.path("photos")).unwrap();
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let run = setting.run(&["verify", "family"]);
    assert_eq!(run.code, 8, "{}", run.err);
    assert!(run.err.contains("camroll adopt family"), "{}", run.err);
}
