//! More than one library: a shared one beside the personal one, and what moves between them.

mod setting;

use camroll_cloud_apple::{NewItem, Zone};
use setting::{Setting, photo};

const SIZE: u64 = 20_000;

/// The spec, with these libraries of the account.
fn want(setting: &Setting, libraries: &str, more: &str) {
    setting.write_spec(more);
    let path = setting.path("family.yaml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    let text = text.replace(
        "  connector: icloud-photos\n",
        &format!("  connector: icloud-photos\n  libraries: {libraries}\n"),
    );
    std::fs::write(path, text).expect("the spec");
}

fn add(setting: &Setting, number: u64, zone: Zone) -> String {
    setting.apple.library(|library| {
        library.add(NewItem {
            zone,
            ..photo(number, SIZE)
        })
    })
}

#[test]
fn shared_libraries_come_too_whether_owned_or_joined() {
    for zone in [Zone::Owned, Zone::Joined] {
        let setting = Setting::new();
        for number in 0..120 {
            add(&setting, number, Zone::Personal);
            add(&setting, 200 + number, zone);
        }
        want(&setting, "[personal, shared]", "");
        setting.login();
        let run = setting.sync();
        assert_eq!(run.code, 0, "{}", run.err);
        setting.assert_photos((0..120).chain(200..320), SIZE);
        // Nothing new costs whether the session is good, which libraries there are in each database, and a question to each of them.
        let before = setting.apple.requests();
        assert_eq!(setting.sync().put(), 0);
        let asked = setting.apple.requests() - before;
        assert!(asked <= 5, "{asked} requests");
    }
}

#[test]
fn a_filter_takes_one_of_them() {
    let setting = Setting::new();
    add(&setting, 0, Zone::Personal);
    add(&setting, 1, Zone::Joined);
    want(
        &setting,
        "[personal, shared]",
        "filters:\n  library: [Shared Library]\n",
    );
    setting.login();
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    setting.assert_photos([1], SIZE);
    want(&setting, "[personal, shared]", "");
    assert_eq!(setting.sync().code, 0);
    setting.assert_photos([0, 1], SIZE);
}

#[test]
fn what_moves_into_a_shared_library_is_kept_and_comes_from_there_too() {
    let setting = Setting::new();
    let moving = add(&setting, 0, Zone::Personal);
    add(&setting, 1, Zone::Personal);
    add(&setting, 2, Zone::Joined);
    want(&setting, "[personal, shared]", "");
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let there = setting
        .apple
        .library(|library| library.move_to(&moving, Zone::Joined))
        .expect("a photo");
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    // It is another asset to Apple, with the same bytes: a file of its own, and the first one stays.
    let files = setting.files();
    assert_eq!(files.len(), 4, "{files:?}");
    let copies: Vec<&String> = files.iter().filter(|file| file.contains("IMG_0000")).collect();
    let bytes: Vec<_> = copies
        .iter()
        .map(|file| std::fs::read(setting.path("photos").join(file)).expect("a file"))
        .collect();
    assert!(bytes.len() == 2 && bytes[0] == bytes[1], "{copies:?}");
    assert_eq!(setting.sync().put(), 0);
    for (asset, says) in [(moving, "moved"), (there, "Shared Library")] {
        let explained = setting.run(&["explain", "family", &asset]);
        assert!(
            explained.out.contains(says),
            "{says}: {}{}",
            explained.out,
            explained.err
        );
    }
}

#[test]
fn one_that_is_not_there_is_said_and_the_others_come() {
    let setting = Setting::new();
    add(&setting, 0, Zone::Personal);
    want(&setting, "[personal, Family]", "");
    setting.login();
    for put in [1, 0] {
        let run = setting.sync();
        assert_eq!((run.code, run.put()), (8, put), "{}{}", run.out, run.err);
        assert_eq!(run.problem_codes(), ["source/no-such-library"], "{}", run.out);
    }
    setting.assert_photos([0], SIZE);
    // Nobody knows what is in it, so nobody may be told that all of it is safe.
    let copies = setting.run(&["copies", "family", "--at-least", "1"]);
    assert_eq!(copies.code, 8, "{}{}", copies.out, copies.err);
    want(&setting, "[personal]", "");
    assert_eq!(setting.sync().code, 0);
    assert_eq!(setting.run(&["copies", "family", "--at-least", "1"]).code, 0);
}
