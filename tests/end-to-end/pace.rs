//! `pace:` — what a person allows of an account, kept by whole runs.

mod setting;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use setting::{Run, Setting};

const SIZE: u64 = 30_000;
/// A day and the hour that a day's hours are counted by.
const A_DAY_LATER: u32 = 25 * 3600;

fn later(setting: &Setting, seconds: u32) -> Run {
    let output = setting
        .command(&["sync", "family.yaml", "--json"])
        .env("CAMROLL_CLOCK_AHEAD", seconds.to_string())
        .output()
        .expect("camroll runs");
    Run::of(output)
}

fn pace_of_source(setting: &Setting, pace: &str) {
    let path = setting.path("family.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace("source:\n", &format!("source:\n  pace: {pace}\n"))).unwrap();
}

/// Two folders, of which the second has a pace.
fn write_two(setting: &Setting, pace: &str) {
    setting.write_spec("");
    let mut destinations = String::from("destinations:\n");
    for (name, more) in [("photos", ""), ("paced", pace)] {
        let folder = setting.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        let _ = writeln!(
            destinations,
            "  {name}:\n    connector: local\n    with: {{ path: {folder:?} }}\n{more}"
        );
    }
    setting.send_to(&destinations);
}

fn put(run: &Run, destination: &str) -> u64 {
    run.receipt()["destinations"][destination]["resources"]["put"]
        .as_u64()
        .unwrap_or_else(|| panic!("nothing on {destination}: {}{}", run.out, run.err))
}

fn assert_waits(run: &Run) {
    assert_eq!(run.code, 5, "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["assets"]["failed"], 0, "nothing went wrong: {}", run.out);
    let codes = run.problem_codes();
    assert!(codes.iter().any(|code| code == "sync/day-used-up"), "{codes:?}");
}

#[test]
fn what_a_day_has_no_room_for_waits_for_the_next() {
    let setting = Setting::new();
    setting.add_photos(30, SIZE);
    setting.write_spec("  pace: { per_day: 300KB }\n");
    setting.login();

    let first = later(&setting, 0);
    assert_waits(&first);
    assert_eq!((first.put(), setting.files().len()), (10, 10));
    assert!(first.out.contains("300KB"), "what the spec allows: {}", first.out);

    // An hour later there is no room either, and nothing is fetched for nothing.
    let downloaded = setting.apple.downloaded();
    let second = later(&setting, 3600);
    assert_waits(&second);
    assert_eq!((second.put(), setting.apple.downloaded()), (0, downloaded));

    let third = later(&setting, A_DAY_LATER);
    assert_waits(&third);
    assert_eq!((third.put(), setting.files().len()), (10, 20));

    let last = later(&setting, 2 * A_DAY_LATER);
    assert_eq!((last.code, last.put()), (0, 10), "{}{}", last.out, last.err);
    assert_eq!(setting.apple.downloaded(), 30 * SIZE, "each was fetched once");
    setting.assert_photos(0..30, SIZE);
}

#[test]
fn a_file_larger_than_a_day_comes_when_nothing_else_did() {
    let setting = Setting::new();
    setting.add_photos(1, 500_000);
    setting.write_spec("  pace: { per_day: 300KB }\n");
    setting.login();
    let run = later(&setting, 0);
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    setting.add_photos_from(1, 1, SIZE);
    assert_waits(&later(&setting, 3600));
    assert_eq!(later(&setting, A_DAY_LATER).code, 0);
}

#[test]
fn a_place_with_a_pace_holds_no_other_back() {
    let setting = Setting::new();
    setting.add_photos(30, SIZE);
    write_two(&setting, "    pace: { per_day: 300KB }\n");
    setting.login();
    let first = later(&setting, 0);
    assert_waits(&first);
    assert_eq!((put(&first, "photos"), put(&first, "paced")), (30, 10));
    assert_eq!(setting.apple.downloaded(), 30 * SIZE);
    setting.assert_photos(0..30, SIZE);

    let last = later(&setting, A_DAY_LATER);
    assert_waits(&last);
    assert_eq!((put(&last, "photos"), put(&last, "paced")), (0, 10));
    assert_eq!(setting.apple.downloaded(), 40 * SIZE);
}

#[test]
fn a_sources_pace_bounds_what_is_fetched_for_all_places() {
    let setting = Setting::new();
    setting.add_photos(30, SIZE);
    write_two(&setting, "");
    pace_of_source(&setting, "{ per_day: 300KB }");
    setting.login();
    let first = later(&setting, 0);
    assert_waits(&first);
    assert_eq!(setting.apple.downloaded(), 10 * SIZE);
    // One read serves both, as far as both came to it.
    let (one, other) = (put(&first, "photos"), put(&first, "paced"));
    assert!(one <= 10 && other <= 10 && one.max(other) == 10, "{one} and {other}");
}

#[test]
fn bandwidth_holds_for_what_is_fetched_and_for_what_is_sent() {
    for side in ["source", "destination"] {
        let setting = Setting::new();
        setting.add_photos(3, 500_000);
        let pace = "{ bandwidth: 1MB/s }";
        match side {
            "source" => pace_of_source(&setting, pace),
            _ => setting.write_spec(&format!("  pace: {pace}\n")),
        }
        setting.login();
        let begun = Instant::now();
        let run = later(&setting, 0);
        let elapsed = begun.elapsed();
        assert_eq!(run.code, 0, "{side}: {}{}", run.out, run.err);
        setting.assert_photos(0..3, 500_000);
        assert!(elapsed >= Duration::from_millis(1_400), "{side}: 1.5 MB in {elapsed:?}");
    }
}

#[test]
fn no_more_files_move_at_a_time_than_an_account_may() {
    for (side, most) in [("nobody", 3..=12), ("source", 1..=2), ("destination", 1..=2)] {
        let setting = Setting::new();
        setting.add_photos(30, SIZE);
        // Answers that take a while are waited for together.
        setting.apple.set_latency(20);
        let pace = "{ transfers: 2 }";
        match side {
            "source" => pace_of_source(&setting, pace),
            "destination" => setting.write_spec(&format!("  pace: {pace}\n")),
            _ => {}
        }
        setting.login();
        let run = later(&setting, 0);
        assert_eq!((run.code, run.put()), (0, 30), "{side}: {}{}", run.out, run.err);
        let at_a_time = setting.apple.most_downloads();
        assert!(most.contains(&at_a_time), "{side}: {at_a_time} at a time");
    }
}
