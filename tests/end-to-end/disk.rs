//! A disk that is too small, full or read-only: said in words, with exit code 8, nothing published half, and all of it well again with the next run that has room.

mod setting;
mod volume;

use camroll_cloud_apple::{Content, apple_checksum};
use setting::{Setting, name, photo};
use volume::{SMALL, Volume};

/// Every file that has a name is one of the photos, whole.
fn assert_only_whole(setting: &Setting, size: u64) {
    for path in setting.files() {
        let file = path.rsplit('/').next().unwrap_or_default();
        let number: u64 = file
            .trim_start_matches("IMG_")
            .trim_end_matches(".JPG")
            .parse()
            .unwrap_or_else(|_| panic!("{path} is no photo's"));
        let there = std::fs::read(setting.photos.join(&path)).unwrap();
        assert_eq!(
            apple_checksum(&there),
            Content::generated(number + 1, size).checksum,
            "{path} is there, and not whole"
        );
    }
}

fn downloads(setting: &Setting, path: &str) -> u64 {
    let file = path.rsplit('/').next().unwrap_or_default();
    setting.apple.count(&format!("download:{file}"))
}

#[test]
fn a_disk_that_fills_under_the_run() {
    // 840,000 bytes pass the check of 1,048,576 free ones; in blocks of 4,096 they take 1,638,400.
    const SIZE: u64 = 4_200;
    const COUNT: u64 = 200;
    let mut setting = Setting::new();
    let volume = Volume::at_destination(&mut setting, "a disk that fills");
    setting.add_photos(COUNT, SIZE);
    setting.login();
    let run = volume.sync(&setting, "full=500000");
    assert_eq!(run.code, 8, "{}{}", run.out, run.err);
    let problems = run.receipt()["problems"].clone();
    let first = &problems[0];
    assert_eq!(first["code"], "files/full", "{problems}");
    assert_eq!(first["destination"], "default", "{problems}");
    let message = first["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("disk is full") && message.contains("Make room") && message.contains(".camroll/drafts/"),
        "{message}"
    );
    // It is the photo's own failure that is told, and not that the list of what was placed couldn't be written either.
    assert!(!message.contains("own-"), "{message}");
    assert_eq!(run.receipt()["assets"]["in_scope"], COUNT, "{}", run.out);
    assert_only_whole(&setting, SIZE);
    let finished = setting.files();
    assert!(
        !finished.is_empty() && finished.len() < COUNT as usize,
        "{} files",
        finished.len()
    );
    // Once more, with no more room than before, and for a person: what is lacking is known ahead now.
    let run = volume.run(&setting, "full=0", &["sync", "family.yaml"]);
    assert_eq!(run.code, 8, "{}{}", run.out, run.err);
    let told = format!("{}{}", run.out, run.err);
    assert!(told.contains("Make room"), "a person isn't told: {told}");
    assert_only_whole(&setting, SIZE);
    let finished = setting.files();
    let before: Vec<u64> = finished.iter().map(|path| downloads(&setting, path)).collect();
    volume.remount("size=8m");
    let run = volume.sync(&setting, "");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    setting.assert_photos(0..COUNT, SIZE);
    for (path, before) in finished.iter().zip(before) {
        assert_eq!(
            downloads(&setting, path),
            before,
            "{path} was finished and fetched again"
        );
    }
}

#[test]
fn a_disk_that_is_read_only_between_runs_and_under_one() {
    const SIZE: u64 = 4_000;
    let mut setting = Setting::new();
    let volume = Volume::at_destination(&mut setting, "a disk that is read-only");
    setting.add_photos(5, SIZE);
    setting.login();
    assert_eq!(volume.sync(&setting, "").code, 0);
    volume.remount("ro");
    // Nothing to write is no error.
    let run = volume.sync(&setting, "read-only=1");
    assert_eq!((run.code, run.put()), (0, 0), "{}{}", run.out, run.err);
    let assert_refused = |run: &setting::Run| {
        assert_eq!(run.code, 8, "{}{}", run.out, run.err);
        let first = run.receipt()["problems"][0].clone();
        assert_eq!(first["code"], "files/read-only", "{}", run.out);
        let message = first["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("read-only") && message.contains("writable"),
            "{message}"
        );
    };
    setting.apple.library(|library| {
        for number in 5..10 {
            library.add(photo(number, SIZE));
        }
    });
    assert_refused(&volume.sync(&setting, "read-only=1"));
    setting.assert_photos(0..5, SIZE);
    volume.remount("rw");
    assert_eq!(volume.sync(&setting, "").code, 0);
    setting.assert_photos(0..10, SIZE);

    // Under a run: after it looked at the folder, and before its first draft.
    setting.apple.library(|library| {
        for number in 10..15 {
            library.add(photo(number, SIZE));
        }
    });
    let next = setting.apple.count("lookup") + 1;
    let gate = setting.apple.gate("lookup", Some(next));
    let mut command = setting.command(&["sync", "family.yaml", "--json"]);
    if let Volume::Injected(_) = volume {
        command.env("CAMROLL_FAULT", "read-only=1");
    }
    let child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    volume.remount("ro");
    gate.open();
    assert_refused(&setting::Run::of(child.wait_with_output().unwrap()));
    setting.assert_photos(0..10, SIZE);
    volume.remount("rw");
    assert_eq!(volume.sync(&setting, "").code, 0);
    setting.assert_photos(0..15, SIZE);
}

#[test]
fn what_does_not_fit_is_refused_before_the_first_byte_is_fetched() {
    let mut setting = Setting::new();
    let volume = Volume::at_destination(&mut setting, "space for all of it");
    // The first two hundred would fit by far: only the sum over all of them tells.
    setting.add_photos(200, 1_000);
    setting.apple.library(|library| {
        for number in 200..300 {
            library.add(photo(number, 20_000));
        }
    });
    setting.login();
    let needed = 200 * 1_000 + 100 * 20_000;
    let small = format!("free={SMALL}");
    let run = volume.run(&setting, &small, &["plan", "family.yaml"]);
    assert!(run.out.contains("more are needed"), "{}{}", run.out, run.err);
    let run = volume.sync(&setting, &small);
    assert_eq!(run.code, 8, "{}{}", run.out, run.err);
    let first = run.receipt()["problems"][0].clone();
    assert_eq!(first["code"], "destination/no-space", "{}", run.out);
    let message = first["message"].as_str().unwrap_or_default();
    let free = volume.free().unwrap_or(SMALL);
    assert!(
        message.contains(&format!("{needed} bytes")) && message.contains(&format!("{free} bytes free")),
        "{message}"
    );
    assert_eq!(setting.apple.count("download"), 0, "something was fetched");
    assert_eq!(setting.files(), Vec::<String>::new());
    // The receipt says what waits.
    assert_eq!(run.receipt()["assets"]["in_scope"], 300, "{}", run.out);
    assert_eq!(run.receipt()["assets"]["pending"], 300, "{}", run.out);
    // What was refused is wanted still, and comes as soon as there is room.
    let again = volume.sync(&setting, &small);
    assert_eq!((again.code, setting.apple.count("download")), (8, 0), "{}", again.out);
    volume.remount("size=16m");
    let run = volume.sync(&setting, "");
    assert_eq!((run.code, run.put()), (0, 300), "{}{}", run.out, run.err);
    assert_eq!(setting.files().len(), 300);
}

#[test]
fn what_lies_there_already_needs_no_space() {
    const SIZE: u64 = 90_000;
    let mut setting = Setting::new();
    let volume = Volume::at_destination(&mut setting, "space for the rest of it");
    setting.add_photos(10, SIZE);
    let there = setting.photos.join("2014/05");
    std::fs::create_dir_all(&there).unwrap();
    for number in 0..9 {
        let content = Content::generated(number + 1, SIZE);
        std::fs::write(there.join(name(number)), content.block(0, SIZE as usize)).unwrap();
    }
    setting.login();
    // 900,000 bytes are wanted, some 200,000 are free, and 90,000 are to be fetched.
    let run = volume.sync(&setting, "free=200000");
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    setting.assert_photos(0..10, SIZE);
}
