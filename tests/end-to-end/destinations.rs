//! Several destinations of one spec: what is read once serves all, and none holds another back.

mod setting;

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use camroll_cloud_apple::{Action, Content, apple_checksum};
use setting::{Run, Setting, name};

const SIZE: u64 = 30_000;

/// Rewrites the spec for folders of these names, with more keys for each.
fn write_spec(setting: &Setting, folders: &[(&str, &str)], more: &str) {
    setting.write_spec(more);
    let path = setting.path("family.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once("destination:\n").unwrap();
    // After the one destination comes what the test added.
    let tail: String = rest.lines().skip(2).fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{line}");
        all
    });
    let mut destinations = String::from("destinations:\n");
    for (folder, keys) in folders {
        let path = setting.path(folder);
        let _ = write!(
            destinations,
            "  {folder}:\n    connector: local\n    with: {{ path: {path:?} }}\n{keys}"
        );
    }
    std::fs::write(path, format!("{head}{destinations}{tail}")).unwrap();
}

fn folders(setting: &Setting, names: &[&str]) {
    for name in names {
        std::fs::create_dir_all(setting.path(name)).unwrap();
    }
}

fn put(run: &Run, destination: &str) -> u64 {
    run.receipt()["destinations"][destination]["resources"]["put"]
        .as_u64()
        .unwrap_or_else(|| panic!("nothing on {destination}: {}{}", run.out, run.err))
}

fn assert_whole(setting: &Setting, folder: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let path = setting.path(folder).join("2014/05").join(name(number));
        let there = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(apple_checksum(&there), Content::generated(number + 1, SIZE).checksum);
    }
}

/// Requests to the source, and bytes from it, that a first sync to these folders takes.
fn cost(names: &[&str]) -> (u64, u64) {
    let setting = Setting::new();
    setting.add_photos(250, SIZE);
    let all: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
    folders(&setting, names);
    write_spec(&setting, &all, "");
    setting.login();
    let (requests, bytes) = (setting.apple.requests(), setting.apple.downloaded());
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    for name in names {
        assert_eq!(put(&run, name), 250);
        assert_whole(&setting, name, 0..250);
    }
    assert_eq!(run.receipt()["assets"]["settled"], 250);
    (setting.apple.requests() - requests, setting.apple.downloaded() - bytes)
}

#[test]
fn two_and_three_destinations_cost_the_source_what_one_does() {
    let one = cost(&["one"]);
    assert_eq!(cost(&["one", "two"]), one);
    assert_eq!(cost(&["one", "two", "three"]), one);
}

#[test]
fn one_that_is_not_there_spoils_nothing_and_catches_up() {
    let setting = Setting::new();
    setting.add_photos(120, SIZE);
    folders(&setting, &["here"]);
    write_spec(&setting, &[("here", ""), ("away", "")], "");
    setting.login();
    let run = setting.sync();
    assert_eq!(run.code, 8, "{}", run.err);
    assert_eq!(put(&run, "here"), 120);
    assert_whole(&setting, "here", 0..120);
    // Nothing is settled that isn't everywhere.
    let receipt = run.receipt();
    assert_eq!(receipt["assets"]["settled"], 0, "{receipt}");
    assert_eq!(receipt["assets"]["pending"], 120, "{receipt}");
    folders(&setting, &["away"]);
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!((put(&run, "here"), put(&run, "away")), (0, 120));
    assert_whole(&setting, "away", 0..120);
    assert_eq!(run.receipt()["assets"]["settled"], 120);
}

#[test]
fn one_where_a_crash_left_what_cannot_be_settled_spoils_nothing() {
    let size = 1000;
    let setting = Setting::new();
    setting.add_photos(40, size);
    folders(&setting, &["crashed", "well"]);
    write_spec(&setting, &[("crashed", "")], "");
    setting.login();
    let killed = setting
        .command(&["sync", "family.yaml"])
        .env("CAMROLL_FAILPOINT", "record/before")
        .output()
        .unwrap();
    assert!(!killed.status.success());
    // Published and not recorded; and now something of that length is there that can't be read.
    let folder = setting.path("crashed").join("2014/05");
    let published = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let aside = setting.path("aside.jpg");
    std::fs::rename(&published, &aside).unwrap();
    std::os::unix::fs::symlink("a".repeat(1000), &published).unwrap();
    write_spec(&setting, &[("crashed", ""), ("well", "")], "");
    let run = setting.sync();
    assert_ne!(run.code, 0);
    assert_eq!(put(&run, "well"), 40, "{}{}", run.out, run.err);
    // That one file keeps back none of the others there.
    let receipt = run.receipt();
    assert_eq!(receipt["assets"]["settled"], 39, "{receipt}");
    assert_eq!(receipt["assets"]["failed"], 1, "{receipt}");
    std::fs::remove_file(&published).unwrap();
    std::fs::rename(&aside, &published).unwrap();
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.receipt()["assets"]["settled"], 40);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 40);
}

/// One destination asks the source where files are, for all; it fails before the answer is there. Who of two asks isn't said anywhere, so each of them fails once.
#[test]
fn one_that_fails_while_it_asks_for_all_leaves_nobody_waiting() {
    for failing in ["one", "two"] {
        let setting = Setting::new();
        setting.add_photos(400, 1000);
        folders(&setting, &["one", "two"]);
        write_spec(&setting, &[("one", ""), ("two", "")], "");
        setting.login();
        // Both halves of the first page are asked for at once: no file moves before the failure.
        let asked = [1, 2].map(|nth| setting.apple.gate("lookup", Some(nth)));
        let page = setting.apple.gate("list", Some(2));
        let mut child = setting
            .command(&["sync", "family.yaml", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        setting.wait(asked[0].arrived());
        // No folder can be there any more, so that what comes with the second page can't even be looked for.
        std::os::unix::fs::symlink("elsewhere", setting.path(failing).join("2014")).unwrap();
        page.open();
        // If it was the other one that asked, it waits for its answer; else nobody does.
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(5) {
            std::thread::yield_now();
        }
        asked.iter().for_each(|gate| gate.open());
        let run = setting.ended(child, Duration::from_secs(120));
        assert_ne!(run.code, 0, "{failing}: {}", run.out);
        let well = if failing == "one" { "two" } else { "one" };
        assert_eq!(put(&run, well), 400, "{failing}: {}", run.out);
    }
}

#[test]
fn a_copy_of_another_with_its_id_is_not_taken_for_it() {
    let setting = Setting::new();
    setting.add_photos(5, SIZE);
    folders(&setting, &["disk"]);
    write_spec(&setting, &[("disk", "")], "");
    setting.login();
    assert_eq!(setting.sync().code, 0);
    // As somebody begins a second disk: with all that is on the first.
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([setting.path("disk"), setting.path("copy")])
        .status()
        .unwrap();
    assert!(copied.success());
    setting.add_photos_from(5, 5, SIZE);
    assert_eq!(setting.sync().code, 0);
    write_spec(&setting, &[("disk", ""), ("copy", "")], "");
    let run = setting.sync();
    assert_eq!(run.code, 8, "{}", run.err);
    assert!(
        run.problem_codes().contains(&"destination/same-id".to_owned()),
        "{}",
        run.out
    );
    assert_eq!(run.receipt()["assets"]["settled"], 0, "{}", run.out);
    // Under an id of its own it gets what it lacks.
    std::fs::remove_file(setting.path("copy").join(".camroll/id")).unwrap();
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(put(&run, "copy"), 5);
    assert_whole(&setting, "copy", 0..10);
}

#[test]
fn each_has_its_own_layout_and_its_own_part_of_what_is_left() {
    let setting = Setting::new();
    setting.add_photos(30, SIZE);
    folders(&setting, &["dated", "flat"]);
    write_spec(&setting, &[("dated", ""), ("flat", "    layout: \"{name}\"\n")], "");
    setting.login();
    assert_eq!(setting.sync().code, 0);
    assert_whole(&setting, "dated", 0..30);
    assert!(setting.path("flat").join(name(7)).exists());
    // A third, and new photos: the old ones are read for it alone, the new ones once for all.
    setting.add_photos_from(30, 10, SIZE);
    folders(&setting, &["late"]);
    write_spec(
        &setting,
        &[("dated", ""), ("flat", "    layout: \"{name}\"\n"), ("late", "")],
        "",
    );
    let bytes = setting.apple.downloaded();
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!((put(&run, "dated"), put(&run, "flat"), put(&run, "late")), (10, 10, 40));
    assert_eq!(setting.apple.downloaded() - bytes, 40 * SIZE);
    assert_whole(&setting, "late", 0..40);
}

#[test]
fn what_is_wrong_at_the_source_is_published_nowhere() {
    let setting = Setting::new();
    setting.add_photos(20, SIZE);
    folders(&setting, &["one", "two"]);
    write_spec(&setting, &[("one", ""), ("two", "")], "");
    let last = Action::Flip(SIZE - 1);
    setting.apple.fault(&format!("download:{}", name(3)), None, last);
    setting.login();
    let run = setting.sync();
    assert_eq!(run.code, 6, "{}", run.err);
    for folder in ["one", "two"] {
        assert!(!setting.path(folder).join("2014/05").join(name(3)).exists());
        assert_eq!(put(&run, folder), 19);
    }
    setting.apple.mend();
    assert_eq!(setting.sync().code, 0);
    assert_whole(&setting, "one", 0..20);
    assert_whole(&setting, "two", 0..20);
}

#[test]
fn a_saved_plan_is_done_and_nothing_else_and_releases_the_brake() {
    let setting = Setting::new();
    setting.add_photos(10, SIZE);
    setting.login();
    let planned = setting.run(&["plan", "family.yaml", "-o", "plan.json"]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    assert!(setting.files().is_empty(), "a plan writes nothing");
    // What comes after the plan waits.
    setting.add_photos_from(10, 5, SIZE);
    let run = setting.run(&["sync", "family.yaml", "--plan", "plan.json", "--json"]);
    assert_eq!((run.code, run.put()), (0, 10), "{}", run.out);
    assert!(run.problem_codes().contains(&"plan/not-named".to_owned()));
    setting.assert_photos(0..10, SIZE);
    assert_eq!((setting.sync().put(), setting.sync().code), (5, 0));

    // Ten edits that are edited again: more than the brake lets through.
    let edit = |text: &str| {
        setting.apple.library(|library| {
            for number in 0..10 {
                let id = library.find(&name(number)).expect("a photo");
                library.edit(&id, Content::of(format!("{text} {number}").into_bytes()));
            }
        });
    };
    edit("first");
    assert_eq!(setting.sync().code, 0);
    edit("second");
    setting.write_spec("limits: { destructive: { max: 3 } }\n");
    assert_eq!(setting.sync().code, 8);
    let planned = setting.run(&["plan", "family.yaml", "-o", "plan.json"]);
    assert!([0, 8].contains(&planned.code), "{}", planned.err);
    let run = setting.run(&["sync", "family.yaml", "--plan", "plan.json", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(
        std::fs::read(setting.path("photos/2014/05/IMG_0004-edited.JPG")).unwrap(),
        b"second 4"
    );

    // Another spec makes it stale.
    setting.write_spec("filters: { name: \"IMG_000*\" }\n");
    let run = setting.run(&["sync", "family.yaml", "--plan", "plan.json", "--json"]);
    assert_eq!(run.code, 8, "{}", run.out);
    assert!(run.problem_codes().contains(&"plan/stale".to_owned()));
}
