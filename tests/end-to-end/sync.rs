//! Whole runs against Apple on loopback: what is there afterwards is the library, byte by byte.

mod setting;

use std::time::Duration;

use camroll_cloud_apple::{Action, Content, NewItem, Zone};
use setting::{Setting, name, photo};

const SIZE: u64 = 30_000;

#[test]
fn a_library_comes_whole_and_a_second_run_asks_twice() {
    let setting = Setting::new();
    setting.add_photos(230, SIZE);
    setting.login();
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.put(), 230);
    setting.assert_photos(0..230, SIZE);
    let before = setting.apple.requests();
    let again = setting.sync();
    assert_eq!((again.code, again.put()), (0, 0));
    assert!(
        setting.apple.requests() - before <= 3,
        "{} requests",
        setting.apple.requests() - before
    );
    // The dates are those of the photos.
    let modified = std::fs::metadata(setting.path("photos/2014/05/IMG_0000.JPG"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(
        modified.duration_since(std::time::UNIX_EPOCH).unwrap(),
        Duration::from_secs(1_400_000_000)
    );
}

#[test]
fn a_gap_in_the_ranks_ends_no_listing() {
    let setting = Setting::new();
    setting.add_photos(260, SIZE);
    // From the 150th on, 260 ranks have nothing: two whole pages and more.
    setting.apple.library(|library| library.leave_gap(150, 260));
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 260), "{}", run.err);
    setting.assert_photos(0..260, SIZE);
}

#[test]
fn changes_come_torn_apart_and_with_empty_pages() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    setting.apple.library(|library| {
        // A record alone: from here on each page ends between a master and its asset.
        let id = library.find(&name(0)).expect("a photo");
        library.favorite(&id);
        for number in 3..220 {
            library.add(photo(number, SIZE));
        }
        // What happened in another library stands in the same log: pages with nothing in them.
        for number in 500..750 {
            library.add(NewItem {
                zone: Zone::Joined,
                ..photo(number, 10)
            });
        }
        library.add(photo(220, SIZE));
    });
    let pages = setting.apple.count("changes");
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 218), "{}", run.err);
    setting.assert_photos(0..221, SIZE);
    assert!(setting.apple.count("changes") - pages >= 5);
}

#[test]
fn live_photos_edits_and_equal_names_each_get_their_files() {
    let setting = Setting::new();
    let id = setting.apple.library(|library| {
        let live = library.add(NewItem {
            video: Some(Content::generated(50, 9000)),
            name: Some("IMG_1.HEIC".into()),
            ..photo(1, SIZE)
        });
        library.add(NewItem {
            name: Some("IMG_1.HEIC".into()),
            ..photo(2, SIZE)
        });
        library.add(NewItem {
            name: None,
            ..photo(3, SIZE)
        });
        library.add(NewItem {
            duplicate_of: Some(live.clone()),
            ..NewItem::default()
        });
        live
    });
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let files = setting.files();
    assert_eq!(files.len(), 6, "{files:?}");
    assert!(files.contains(&"2014/05/IMG_1.HEIC".to_owned()) && files.contains(&"2014/05/IMG_1.MOV".to_owned()));
    // An edit comes beside, an edited edit takes its place, and the original stays what it was.
    setting
        .apple
        .library(|library| library.edit(&id, Content::of(b"first edit".to_vec())));
    assert_eq!(setting.sync().put(), 1);
    let edited = setting.path("photos/2014/05/IMG_1-edited.JPG");
    assert_eq!(std::fs::read(&edited).unwrap(), b"first edit");
    setting
        .apple
        .library(|library| library.edit(&id, Content::of(b"second edit".to_vec())));
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.out);
    assert_eq!(std::fs::read(&edited).unwrap(), b"second edit");
    assert_eq!(run.receipt()["destinations"]["default"]["replaced"], 1);
    // An original with other bytes stands beside the old one.
    let original = std::fs::read(setting.path("photos/2014/05/IMG_1.HEIC")).unwrap();
    setting
        .apple
        .library(|library| library.replace_original(&id, Content::of(b"another original".to_vec())));
    let run = setting.sync();
    assert!(run.out.contains("source/original-changed"), "{}", run.out);
    assert_eq!(
        std::fs::read(setting.path("photos/2014/05/IMG_1.HEIC")).unwrap(),
        original
    );
    assert!(setting.files().len() > files.len() + 1);
}

#[test]
fn what_leaves_the_library_stays_and_is_counted() {
    let setting = Setting::new();
    setting.add_photos(5, SIZE);
    setting.login();
    setting.sync();
    let id = setting.apple.library(|library| library.find(&name(2)).unwrap());
    setting.apple.library(|library| library.trash(&id));
    setting
        .apple
        .library(|library| library.expunge(&library.find(&name(3)).unwrap()));
    setting
        .apple
        .library(|library| library.hide(&library.find(&name(4)).unwrap()));
    let receipt = setting.sync().receipt();
    assert_eq!(receipt["destinations"]["default"]["kept"]["gone_at_source"], 2);
    assert_eq!(receipt["destinations"]["default"]["kept"]["left_scope"], 1);
    assert_eq!(receipt["assets"]["in_scope"], 2);
    setting.assert_photos(0..5, SIZE);
    setting.apple.library(|library| library.restore(&id));
    let run = setting.sync();
    assert_eq!((run.put(), run.receipt()["assets"]["in_scope"].as_u64()), (0, Some(3)));
}

#[test]
fn wrong_bytes_are_noticed_never_published_and_fetched_by_the_next_run() {
    for action in [Action::Flip(12_345), Action::Short(777), Action::Html] {
        let setting = Setting::new();
        setting.add_photos(12, SIZE);
        setting.login();
        setting.apple.fault("download:IMG_0004.JPG", None, action.clone());
        let run = setting.sync();
        assert_eq!(run.code, 6, "{action:?}: {}", run.out);
        assert!(
            run.problem_codes().iter().any(|code| code.starts_with("host/")),
            "{action:?}: {:?}",
            run.problem_codes()
        );
        setting.assert_photos((0..12).filter(|number| *number != 4), SIZE);
        setting.apple.mend();
        let run = setting.sync();
        assert_eq!((run.code, run.put()), (0, 1), "{action:?}");
        setting.assert_photos(0..12, SIZE);
    }
}

#[test]
fn a_broken_connection_goes_on_where_it_was() {
    let setting = Setting::new();
    setting.add_photos(3, 900_000);
    setting.login();
    setting
        .apple
        .fault("download:IMG_0001.JPG", Some(1), Action::Reset(500_000));
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.out);
    setting.assert_photos(0..3, 900_000);
    assert!(
        setting.apple.downloaded() < 3 * 900_000 + 200_000,
        "{} bytes were fetched",
        setting.apple.downloaded()
    );
}

#[test]
fn what_is_missing_from_a_whole_listing_without_a_word_is_told_and_kept() {
    let setting = Setting::new();
    setting.add_photos(60, 100);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let lose = |numbers: std::ops::Range<u64>| {
        setting.apple.library(|library| {
            for number in numbers.clone() {
                let id = library.find(&name(number)).expect("a photo");
                library.lose(&id);
            }
        });
    };
    lose(2..3);
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.problem_codes(), ["source/unexplained-missing"], "{}", run.out);
    let problem = run.receipt()["problems"][0].clone();
    assert_eq!(
        (&problem["name"], &problem["retry"]),
        (&name(2).into(), &"person".into()),
        "{problem}"
    );
    assert_eq!(run.receipt()["outcome"], "complete");
    setting.assert_photos(0..60, 100);
    assert!(setting.sync().problem_codes().is_empty(), "nothing is new");

    // To a person too; and of many the rest are counted.
    lose(3..60);
    let run = setting.run(&["sync", "family.yaml"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let told = format!("{}: It was in the library before", name(2));
    assert!(
        run.err.contains(&told) && run.err.contains("(source/unexplained-missing)"),
        "{}",
        run.err
    );
    let status = setting.run(&["status", "--json"]);
    assert!(status.out.contains("8 more are no longer in"), "{}", status.out);
    setting.assert_photos(0..60, 100);
}

#[test]
fn a_listing_page_that_fails_once_loses_nothing() {
    for action in [
        Action::Status(401),
        Action::Status(421),
        Action::StatusRetryAfter(429, 0),
        Action::Status(503),
        Action::Code("THROTTLED".into()),
    ] {
        for page in 1..=3 {
            let setting = Setting::new();
            setting.add_photos(230, 100);
            setting.login();
            setting.apple.fault("list", Some(page), action.clone());
            let run = setting.sync();
            assert_eq!(run.code, 0, "{action:?} on page {page}: {}", run.out);
            setting.assert_photos(0..230, 100);
        }
    }
}

#[test]
fn addresses_that_ended_are_asked_for_again() {
    let setting = Setting::new();
    setting.add_photos(4, SIZE);
    setting.login();
    let gate = setting.apple.gate("download:IMG_0002.JPG", Some(1));
    let child = setting
        .command(&["sync", "family.yaml", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    setting.apple.advance(Duration::from_secs(4000));
    gate.open();
    assert!(child.wait_with_output().unwrap().status.success());
    setting.assert_photos(0..4, SIZE);
}

#[test]
fn deletions_and_hides_under_the_scan_lose_nothing_that_stayed() {
    let setting = Setting::new();
    setting.add_photos(400, 100);
    setting.login();
    let gate = setting.apple.gate("list", Some(2));
    let child = setting
        .command(&["sync", "family.yaml", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    let gone: Vec<u64> = (0..50).map(|number| number * 2).collect();
    let hidden: Vec<u64> = (0..50).map(|number| number * 2 + 101).collect();
    setting.apple.library(|library| {
        for number in &gone {
            let id = library.find(&name(*number)).unwrap();
            library.trash(&id);
        }
        for number in &hidden {
            let id = library.find(&name(*number)).unwrap();
            library.hide(&id);
        }
    });
    gate.open();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let files = setting.files();
    for number in (0..400).filter(|number| !gone.contains(number) && !hidden.contains(number)) {
        assert!(
            files.contains(&format!("2014/05/{}", name(number))),
            "{} is missing",
            name(number)
        );
    }
}

#[test]
fn the_index_can_be_lost_or_broken_and_nothing_is_sent_again() {
    let setting = Setting::new();
    setting.add_photos(40, SIZE);
    setting.login();
    setting.sync();
    let fetched = setting.apple.downloaded();
    std::fs::remove_dir_all(setting.path("state/index")).unwrap();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.err);
    assert!(run.err.contains("made anew"), "{}", run.err);
    // Bytes flipped all over sled's files: whatever it makes of them, the end is the same.
    for entry in std::fs::read_dir(setting.path("state/index"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
    {
        let mut bytes = std::fs::read(entry.path()).unwrap();
        for at in (64..bytes.len()).step_by(97) {
            bytes[at] ^= 0x55;
        }
        std::fs::write(entry.path(), bytes).unwrap();
    }
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.err);
    // A record that was being written when the power went.
    let journal = setting.path("state/journal/00000001.log");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes.extend_from_slice(&[9, 0, 0, 0, 1, 2, 3]);
    std::fs::write(&journal, bytes).unwrap();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.err);
    assert!(run.err.contains("cut off"), "{}", run.err);
    assert_eq!(setting.apple.downloaded(), fetched);
    setting.assert_photos(0..40, SIZE);
}

#[test]
fn a_folder_that_another_tool_filled_is_recognised() {
    let setting = Setting::new();
    setting.add_photos(20, SIZE);
    let there = setting.path("photos/2014/05");
    std::fs::create_dir_all(&there).unwrap();
    for number in 0..19 {
        let content = Content::generated(number + 1, SIZE);
        std::fs::write(there.join(name(number)), content.block(0, SIZE as usize)).unwrap();
    }
    // Equal size, other content: it stays, and the photo gets another name.
    std::fs::write(there.join(name(18)), vec![7; SIZE as usize]).unwrap();
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 2), "{}", run.out);
    assert_eq!(setting.apple.downloaded(), 2 * SIZE);
    assert_eq!(run.receipt()["destinations"]["default"]["proof"]["read-back"], 18);
    assert_eq!(std::fs::read(there.join(name(18))).unwrap(), vec![7; SIZE as usize]);
    assert_eq!(setting.files().len(), 21);
}

#[test]
fn equal_content_elsewhere_is_one_photos_and_the_next_one_is_brought() {
    let setting = Setting::new();
    setting.write_spec("  existing: compare\n");
    let old = setting.path("photos/old");
    std::fs::create_dir(&old).unwrap();
    let content = Content::generated(1, SIZE);
    std::fs::write(old.join("x.jpg"), content.block(0, SIZE as usize)).unwrap();
    // The same bytes under other names, all at once and once more later.
    let again = |number: u64| NewItem {
        name: Some(name(number)),
        ..photo(0, SIZE)
    };
    setting.apple.library(|library| {
        for number in 0..2 {
            library.add(again(number));
        }
    });
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    setting.apple.library(|library| library.add(again(2)));
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    let receipt = run.receipt();
    let counts = &receipt["destinations"]["default"]["resources"];
    assert_eq!(
        (&counts["wanted"], &counts["skipped"]),
        (&3.into(), &0.into()),
        "{counts}"
    );
    assert_eq!(setting.files().len(), 3);
}

#[test]
fn a_higher_demand_is_met_by_reading_what_is_there() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let damaged = setting.path("photos/2014/05").join(name(1));
    let right = std::fs::read(&damaged).unwrap();
    std::fs::write(&damaged, vec![7; SIZE as usize]).unwrap();
    setting.write_spec("  require_proof: read-back\n");
    // What it was placed with isn't enough any more.
    for _ in 0..2 {
        let run = setting.sync();
        assert_eq!((run.code, run.put()), (6, 0), "{}{}", run.out, run.err);
        assert_eq!(run.problem_codes(), ["sync/read-back-differs"], "{}", run.out);
        let receipt = run.receipt();
        let there = &receipt["destinations"]["default"];
        assert_eq!(
            (&there["proof"]["read-back"], &there["resources"]["failed"]),
            (&2.into(), &1.into()),
            "{receipt}"
        );
    }
    std::fs::write(&damaged, right).unwrap();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["destinations"]["default"]["proof"]["read-back"], 3);
    assert_eq!(setting.apple.downloaded(), 3 * SIZE);
}

#[test]
fn what_lies_there_and_cannot_be_read_keeps_nothing_else_back() {
    let setting = Setting::new();
    setting.add_photos(20, 1000);
    let there = setting.path("photos/2014/05");
    std::fs::create_dir_all(&there).unwrap();
    // As long as the photo, and no file.
    std::os::unix::fs::symlink("a".repeat(1000), there.join(name(3))).unwrap();
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (6, 19), "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["assets"]["failed"], 1, "{}", run.out);
    std::fs::remove_file(there.join(name(3))).unwrap();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    setting.assert_photos(0..20, 1000);
}

#[test]
fn a_mount_that_vanished_is_refused() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    setting.login();
    setting.sync();
    std::fs::rename(setting.path("photos"), setting.path("elsewhere")).unwrap();
    let run = setting.sync();
    assert_eq!(run.code, 8, "{}", run.err);
    std::fs::create_dir(setting.path("photos")).unwrap();
    let run = setting.sync();
    assert_eq!(run.code, 8, "{}", run.out);
    assert_eq!(run.problem_codes()[0], "destination/not-the-same");
    assert!(
        std::fs::read_dir(setting.path("photos")).unwrap().next().is_none(),
        "something was written"
    );
}

#[test]
fn an_empty_mount_point_is_refused_though_the_index_was_lost() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let (photos, elsewhere) = (setting.path("photos"), setting.path("elsewhere"));
    std::fs::rename(&photos, &elsewhere).unwrap();
    std::fs::create_dir(&photos).unwrap();
    std::fs::remove_dir_all(setting.path("state/index")).unwrap();
    let run = setting.sync();
    assert_eq!(run.code, 8, "{}", run.out);
    assert_eq!(run.problem_codes()[0], "destination/not-the-same");
    assert!(
        std::fs::read_dir(&photos).unwrap().next().is_none(),
        "something was written"
    );
    // Mounted again, it is known.
    std::fs::remove_dir(&photos).unwrap();
    std::fs::rename(&elsewhere, &photos).unwrap();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}{}", run.out, run.err);
}

#[test]
fn a_wider_filter_brings_what_is_now_wanted_without_a_listing() {
    let setting = Setting::new();
    setting.add_photos(10, SIZE);
    setting
        .apple
        .library(|library| library.favorite(&library.find(&name(3)).unwrap()));
    setting.login();
    setting.write_spec("filters: { favorite: true }\n");
    assert_eq!(setting.sync().put(), 1);
    setting.write_spec("");
    let listed = setting.apple.count("list");
    assert_eq!(setting.sync().put(), 9);
    assert_eq!(setting.apple.count("list"), listed);
    setting.assert_photos(0..10, SIZE);
}

/// Twenty edits that were edited again, and a brake that held all of that back.
fn twenty_held_back() -> Setting {
    let setting = Setting::new();
    setting.add_photos(20, SIZE);
    let edit = |text: &str| {
        setting.apple.library(|library| {
            for number in 0..20 {
                let id = library.find(&name(number)).unwrap();
                library.edit(&id, Content::of(format!("{text} {number}").into_bytes()));
            }
        });
    };
    edit("one");
    setting.login();
    assert_eq!(setting.sync().code, 0);
    edit("two");
    setting.write_spec("limits: { destructive: { max: 10 } }\n");
    let run = setting.sync();
    assert_eq!(run.code, 8, "{}", run.out);
    assert!(run.out.contains("limits.destructive.max"), "{}", run.out);
    assert_eq!(
        std::fs::read_to_string(setting.path("photos/2014/05/IMG_0003-edited.JPG")).unwrap(),
        "one 3"
    );
    setting
}

/// What may be under way for long, and once was for good.
const WITHIN: Duration = Duration::from_secs(60);

#[test]
fn the_brake_holds_all_of_them_back() {
    // Everything is planned again where the filters are others, and what the brake held back isn't planned twice.
    for filters in ["", "filters: { name: \"IMG_*\" }\n"] {
        let setting = twenty_held_back();
        setting.write_spec(&format!(
            "limits: {{ destructive: {{ max: 50, max_percent: 100 }} }}\n{filters}"
        ));
        let planned = setting.run(&["plan", "family.yaml", "--json"]);
        let plan: serde_json::Value = serde_json::from_str(&planned.out).expect("JSON");
        assert_eq!(plan.to_string().matches(r#""action":"replace""#).count(), 20, "{plan}");
        let run = setting.sync_within(WITHIN);
        assert_eq!(run.code, 0, "{}", run.out);
        assert_eq!(run.receipt()["destinations"]["default"]["replaced"], 20, "{}", run.out);
        assert_eq!(
            std::fs::read_to_string(setting.path("photos/2014/05/IMG_0003-edited.JPG")).unwrap(),
            "two 3"
        );
    }
}

#[test]
fn what_the_brake_held_back_may_change_before_it_comes() {
    let setting = twenty_held_back();
    setting.apple.library(|library| {
        let id = library.find(&name(3)).unwrap();
        library.favorite(&id);
        let id = library.find(&name(4)).unwrap();
        library.edit(&id, Content::of(b"three 4".to_vec()));
    });
    setting.write_spec("limits: { destructive: { max: 50, max_percent: 100 } }\n");
    let run = setting.sync_within(WITHIN);
    assert_eq!(run.code, 0, "{}", run.out);
    for (number, text) in [(3, "two 3"), (4, "three 4"), (5, "two 5")] {
        let path = setting.path(&format!("photos/2014/05/IMG_{number:04}-edited.JPG"));
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    }
    let run = setting.sync_within(WITHIN);
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.out);
}

#[test]
fn what_is_missing_without_a_word_is_told_by_the_next_receipt_whoever_heard_it() {
    for heard_by in ["a run that was killed", "adopt", "plan"] {
        let setting = Setting::new();
        setting.add_photos(5, 100);
        setting.login();
        assert_eq!(setting.sync().code, 0);
        setting.apple.library(|library| {
            let id = library.find(&name(2)).expect("a photo");
            library.lose(&id);
        });
        match heard_by {
            "adopt" => {
                // The archive has something that only the library explains.
                std::fs::write(setting.path("photos/unknown.jpg"), [1; 100]).unwrap();
                setting.run(&["adopt", "family", "--json"]);
            }
            "plan" => {
                setting.run(&["plan", "family.yaml"]);
            }
            _ => {
                let killed = setting
                    .command(&["sync", "family.yaml"])
                    .env("CAMROLL_FAILPOINT", "cursor/after")
                    .output()
                    .unwrap();
                assert!(!killed.status.success());
            }
        }
        let run = setting.sync();
        assert_eq!(
            run.problem_codes(),
            ["source/unexplained-missing"],
            "{heard_by}: {}",
            run.out
        );
        assert_eq!(run.receipt()["problems"][0]["name"], name(2), "{heard_by}");
        assert!(setting.sync().problem_codes().is_empty(), "{heard_by}: told once");
    }
}

#[test]
fn what_is_missing_without_a_word_is_told_by_each_spec_that_wants_it() {
    let setting = Setting::new();
    setting.add_photos(5, 100);
    let first = std::fs::read_to_string(setting.path("family.yaml")).unwrap();
    let (one, other) = (setting.path("photos"), setting.path("other-photos"));
    std::fs::create_dir(&other).unwrap();
    let second = first
        .replace("name: family", "name: other")
        .replace(one.to_str().unwrap(), other.to_str().unwrap());
    std::fs::write(setting.path("other.yaml"), second).unwrap();
    setting.login();
    let sync = |spec: &str| setting.run(&["sync", spec, "--json"]);
    assert_eq!((sync("family.yaml").code, sync("other.yaml").code), (0, 0));

    setting.apple.library(|library| {
        let id = library.find(&name(2)).expect("a photo");
        library.lose(&id);
    });
    for spec in ["family.yaml", "other.yaml"] {
        let run = sync(spec);
        assert_eq!(
            run.problem_codes(),
            ["source/unexplained-missing"],
            "{spec}: {}",
            run.out
        );
    }
    for spec in ["family.yaml", "other.yaml"] {
        assert!(sync(spec).problem_codes().is_empty(), "{spec}: told once");
    }
}

#[test]
fn the_brake_counts_what_a_killed_run_replaced() {
    for point in ["publish/after", "record/before", "record/after"] {
        let setting = Setting::new();
        setting.add_photos(2, SIZE);
        let edit = |number, text: &str| {
            setting.apple.library(|library| {
                let id = library.find(&name(number)).unwrap();
                library.edit(&id, Content::of(text.as_bytes().to_vec()));
            });
        };
        edit(0, "one");
        edit(1, "one");
        setting.login();
        assert_eq!(setting.sync().code, 0);
        edit(0, "two");
        let killed = setting
            .command(&["sync", "family.yaml"])
            .env("CAMROLL_FAILPOINT", point)
            .output()
            .unwrap();
        assert!(!killed.status.success(), "{point}");
        let there = std::fs::read_to_string(setting.path("photos/2014/05/IMG_0000-edited.JPG"));
        assert_eq!(there.unwrap(), "two", "{point}: it was replaced");
        edit(1, "two");
        setting.write_spec("limits: { destructive: { max: 1, max_percent: 100 } }\n");
        let run = setting.sync();
        assert_eq!(run.code, 8, "{point}: {}", run.out);
        assert!(
            run.out.contains("1 were in the last seven days"),
            "{point}: {}",
            run.out
        );
    }
}

#[test]
fn a_replaced_file_that_somebody_deleted_is_brought_again_once() {
    let setting = Setting::new();
    setting.add_photos(1, SIZE);
    let edit = |text: &str| {
        setting.apple.library(|library| {
            let id = library.find(&name(0)).unwrap();
            library.edit(&id, Content::of(text.as_bytes().to_vec()));
        });
    };
    edit("one");
    setting.login();
    assert_eq!(setting.sync().code, 0);
    let edited = setting.path("photos/2014/05/IMG_0000-edited.JPG");
    std::fs::remove_file(&edited).unwrap();
    edit("second");
    let before = setting.apple.downloaded();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}", run.out);
    assert_eq!(std::fs::read_to_string(&edited).unwrap(), "second");
    assert_eq!(setting.apple.downloaded() - before, 6, "one download");
    // What somebody else put there stays, and the edit comes beside it.
    std::fs::write(&edited, "somebody else's").unwrap();
    edit("third edit");
    let before = setting.apple.downloaded();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}", run.out);
    assert_eq!(std::fs::read_to_string(&edited).unwrap(), "somebody else's");
    assert_eq!(setting.apple.downloaded() - before, 10, "one download");
    let beside = setting.files().into_iter().filter(|path| path.contains("-edited"));
    let texts: Vec<String> = beside
        .map(|path| std::fs::read_to_string(setting.path("photos").join(path)).unwrap())
        .collect();
    assert!(
        texts.len() == 2 && texts.contains(&"third edit".to_owned()),
        "{texts:?}"
    );
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.out);
}

#[test]
fn what_has_no_bytes_yet_comes_with_a_later_run() {
    let setting = Setting::new();
    let id = setting.apple.library(|library| {
        library.add(NewItem {
            no_bytes_yet: true,
            ..photo(0, SIZE)
        })
    });
    setting.login();
    let run = setting.sync();
    assert_eq!(run.receipt()["assets"]["pending"], 1);
    setting.apple.library(|library| library.bytes_arrive(&id));
    assert_eq!(setting.sync().put(), 1);
    setting.assert_photos(0..1, SIZE);
}
