//! `camroll copies`: an asset is safe at so many places, whole, or it is named.

mod setting;

use camroll_cloud_apple::{Content, NewItem};
use setting::{Setting, name};

const SIZE: u64 = 3_000;

/// The spec that the setting wrote, with two folders.
fn two_destinations(setting: &Setting) {
    let text = std::fs::read_to_string(setting.path("family.yaml")).unwrap();
    let source = text.split("destination:").next().unwrap();
    let (one, two) = (setting.path("photos"), setting.path("second"));
    let _ = std::fs::create_dir(&two);
    let text = format!(
        "{source}destinations:\n  nas:\n    connector: local\n    with: {{ path: {one:?} }}\n  disk:\n    connector: local\n    with: {{ path: {two:?} }}\n"
    );
    std::fs::write(setting.path("family.yaml"), text).unwrap();
}

fn copies(setting: &Setting, more: &[&str]) -> (i32, serde_json::Value) {
    let arguments: Vec<&str> = ["copies", "--json"].iter().chain(more).copied().collect();
    let run = setting.run(&arguments);
    let document = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    (run.code, document)
}

#[test]
fn the_one_that_lacks_a_copy_is_named() {
    let setting = Setting::new();
    setting.add_photos(5, SIZE);
    setting.login();
    two_destinations(&setting);
    // Nothing was heard: no promise.
    let run = setting.run(&["copies", "family"]);
    assert_eq!(run.code, 8, "{}", run.err);
    assert!(run.err.contains("copies/never-heard"), "{}", run.err);
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let (code, report) = copies(&setting, &["family"]);
    assert_eq!(
        (code, &report["assets"], &report["enough"]),
        (0, &5.into(), &5.into()),
        "{report}"
    );
    // One file of one destination is gone, and `verify` says so to the journal.
    std::fs::remove_file(setting.path("second/2014/05").join(name(3))).unwrap();
    let run = setting.run(&["verify", "family", "--repair"]);
    assert_eq!(run.code, 9, "{}", run.err);
    let (code, report) = copies(&setting, &[]);
    assert_eq!((code, &report["enough"]), (6, &4.into()), "{report}");
    let below = &report["below"][0];
    assert_eq!(
        (&below["name"], &below["copies"]),
        (&name(3).into(), &1.into()),
        "{report}"
    );
    assert_eq!(below["at"][0], "family/nas");
    assert_eq!(below["lacking"]["family/disk"][0], "original");
    assert_eq!(copies(&setting, &["--at-least", "1"]).0, 0);
    let run = setting.run(&["copies"]);
    assert!(
        run.err.contains(&name(3)) && run.err.contains("family/disk lacks original"),
        "{}",
        run.err
    );
    // The sync mends it.
    assert_eq!(setting.sync().code, 0);
    assert_eq!(copies(&setting, &[]).0, 0);
    // A stronger proof has to be earned.
    assert_eq!(copies(&setting, &["--proof", "read-back"]).0, 6);
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0);
    assert_eq!(copies(&setting, &["--proof", "read-back"]).0, 0);
    assert_eq!(copies(&setting, &["--at-least", "3"]).0, 6);
}

/// Without a repair nothing changes but that: what was looked at and is wrong is no copy until it was read and is right.
#[test]
fn what_verify_found_wrong_is_no_copy_until_it_is_right() {
    let setting = Setting::new();
    setting.add_photos(4, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let month = setting.path("photos/2014/05");
    let enough = |expected: u64, proof: &str, what: &str| {
        let (code, report) = copies(&setting, &["family", "--at-least", "1", "--proof", proof]);
        assert_eq!(report["enough"], expected, "{what}: {report}");
        assert_eq!(code == 0, expected == 4, "{what}: {report}");
    };
    enough(4, "accepted", "as placed");
    let aside = setting.path("aside.JPG");
    std::fs::rename(month.join(name(1)), &aside).unwrap();
    let damaged = month.join(name(2));
    let (was, bytes) = (std::fs::metadata(&damaged).unwrap(), std::fs::read(&damaged).unwrap());
    let mut wrong = bytes.clone();
    wrong[7] ^= 1;
    let written = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).unwrap();
        let file = std::fs::File::options().write(true).open(&damaged).unwrap();
        file.set_modified(was.modified().unwrap()).unwrap();
    };
    written(&wrong);
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 9);
    enough(2, "accepted", "one missing, one damaged");
    let (_, report) = copies(&setting, &["family", "--at-least", "1"]);
    assert_eq!(
        report["below"][0]["lacking"]["family/default"][0], "original",
        "{report}"
    );
    // A sync sends nothing that nobody asked for, and makes nothing right.
    assert_eq!(setting.sync().put(), 0);
    enough(2, "accepted", "after a sync");
    // One comes back, the other has its size and its time and isn't what it was.
    std::fs::rename(&aside, month.join(name(1))).unwrap();
    assert_eq!(setting.run(&["verify", "family"]).code, 9, "what was wrong is read");
    enough(3, "accepted", "one is back");
    written(&bytes);
    assert_eq!(setting.run(&["verify", "family"]).code, 0);
    enough(4, "accepted", "both are right");
}

#[test]
fn one_place_is_one_copy_whatever_number_of_specs_name_it() {
    let setting = Setting::new();
    setting.add_photos(2, SIZE);
    setting.login();
    let text = std::fs::read_to_string(setting.path("family.yaml")).unwrap();
    std::fs::write(
        setting.path("again.yaml"),
        text.replace("name: family", "name: again") + "\n",
    )
    .unwrap();
    assert_eq!(setting.run(&["sync"]).code, 0);
    let (code, report) = copies(&setting, &[]);
    assert_eq!(
        (code, &report["assets"], &report["enough"]),
        (6, &2.into(), &0.into()),
        "{report}"
    );
    assert_eq!(report["below"][0]["copies"], 1);
}

#[test]
fn what_could_not_be_read_is_no_copy_and_is_asked_for_again() {
    let setting = Setting::new();
    setting.add_photos(5, SIZE);
    let astray = setting.apple.library(|library| {
        let id = library.find(&name(3)).expect("a photo");
        library.lead_astray(&id, true);
        id
    });
    setting.login();
    // As long as it can't be read, each run says so.
    for put in [4, 0] {
        let run = setting.sync();
        assert_eq!((run.code, run.put()), (6, put), "{}{}", run.out, run.err);
        assert!(
            run.problem_codes().contains(&"apple/no-master".to_owned()),
            "{}",
            run.out
        );
    }
    let (code, report) = copies(&setting, &["--at-least", "1"]);
    assert_eq!(
        (code, &report["assets"], &report["below"][0]["asset"]),
        (6, &5.into(), &astray.clone().into()),
        "{report}"
    );
    // Apple tells no change of it.
    setting.apple.library(|library| library.lead_astray(&astray, false));
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    setting.assert_photos(0..5, SIZE);
    assert_eq!(copies(&setting, &["--at-least", "1"]).0, 0);
}

#[test]
fn an_edit_without_its_original_is_no_copy() {
    let setting = Setting::new();
    setting.apple.library(|library| {
        library.add(NewItem {
            name: Some(name(0)),
            edited: Some(Content::generated(7, SIZE)),
            taken: Some(1_400_000_000_000),
            ..NewItem::default()
        })
    });
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["missing_versions"]["original"], 1, "{}", run.out);
    let (code, report) = copies(&setting, &["--at-least", "1"]);
    assert_eq!(
        (code, &report["below"][0]["lacking"]["family/default"][0]),
        (6, &"original".into()),
        "{report}"
    );
}
