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
