//! Whole runs into a bucket with Object Lock: what comes there stays, so nothing wrong may ever come, and no version above another.

mod places;
mod setting;

use std::process::Stdio;

use camroll_cloud_apple::{Action, AlbumKind, Content};
use camroll_servers::{Act, Between};
use places::{Place, command, locked_bucket, rclone_says, run, unlocked_bucket, write_spec};
use setting::{Run, Setting, name};

const SMALL: u64 = 20_000;
const LARGE: u64 = 70 << 20;
/// The large one.
const LAST: u64 = 3;

fn sync(setting: &Setting, place: &Place) -> Run {
    run(setting, place, &["sync", "family.yaml", "--json"])
}

/// Small photos and a large one.
fn setting(place: &Place, more: &str) -> Setting {
    let setting = Setting::new();
    setting.add_photos(LAST, SMALL);
    setting.add_photos_from(LAST, 1, LARGE);
    write_spec(&setting, place, more);
    setting.login();
    setting
}

/// Every version of every object, hidden ones with their time in their name.
fn versions(place: &Place) -> Vec<String> {
    let remote = place.remote.replace(":s3:", ":s3,versions=true:");
    let listed = rclone_says(place, &["lsf", "-R", "--files-only", &remote]).expect("a list");
    let mut all: Vec<String> = listed.lines().map(str::to_owned).collect();
    all.sort();
    all
}

fn photos(place: &Place) -> Vec<String> {
    let mut all = versions(place);
    all.retain(|path| !path.starts_with(".camroll/"));
    all
}

/// rclone writes the time of an older version behind the stem: `IMG_0001-v2026-11-28-210000-000.JPG`.
fn assert_nothing_is_above_another(place: &Place, at: &str) {
    let older: Vec<String> = versions(place)
        .into_iter()
        .filter(|path| path.contains("-v20"))
        .collect();
    assert!(older.is_empty(), "{at}: {older:?}");
    let uploads = rclone_says(place, &["backend", "list-multipart-uploads", &place.remote]).expect("a list");
    assert!(!uploads.contains("UploadI"), "{at}: {uploads}");
}

#[test]
fn what_is_wrong_at_its_last_byte_is_never_locked() {
    let Some(place) = locked_bucket() else { return };
    let setting = setting(&place, "");
    for (number, size) in [(0, SMALL), (LAST, LARGE)] {
        let route = format!("download:{}", name(number));
        setting.apple.fault(&route, None, Action::Flip(size - 1));
    }
    let wrong = sync(&setting, &place);
    assert_eq!((wrong.code, wrong.put()), (6, 2), "{}{}", wrong.out, wrong.err);
    assert_eq!(photos(&place), ["2014/05/IMG_0001.JPG", "2014/05/IMG_0002.JPG"]);
    assert_nothing_is_above_another(&place, "wrong");
    setting.apple.mend();
    let right = sync(&setting, &place);
    assert_eq!((right.code, right.put()), (0, 2), "{}{}", right.out, right.err);
    assert_eq!(photos(&place).len(), 4);
    assert_nothing_is_above_another(&place, "right");
}

#[test]
fn edits_albums_a_lost_state_and_a_restore() {
    let Some(place) = locked_bucket() else { return };
    let setting = setting(&place, "albums: keep\n");
    setting.apple.library(|library| {
        let album = library.add_album("Summer", AlbumKind::Album, None);
        let item = library.find(&name(1)).expect("a photo");
        library.put_into_album(&album, &item);
    });
    let first = sync(&setting, &place);
    assert_eq!((first.code, first.put()), (0, 4), "{}{}", first.out, first.err);
    for text in ["first edit", "second edit"] {
        setting.apple.library(|library| {
            let id = library.find(&name(2)).expect("a photo");
            library.edit(&id, Content::of(text.as_bytes().to_vec()));
            let album = library.add_album(text, AlbumKind::Album, None);
            library.put_into_album(&album, &id);
        });
        let edited = sync(&setting, &place);
        assert_eq!((edited.code, edited.put()), (0, 1), "{}{}", edited.out, edited.err);
        assert_nothing_is_above_another(&place, text);
    }
    assert_eq!(
        photos(&place).len(),
        6,
        "an original, and two edits of it: {:?}",
        photos(&place)
    );

    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let restored = run(&setting, &place, &["restore", "family", "--to", "back", "--json"]);
    assert_eq!(restored.code, 0, "{}{}", restored.out, restored.err);
    for (number, size) in [(0, SMALL), (LAST, LARGE)] {
        let bytes = std::fs::read(setting.path("back/2014/05").join(name(number))).unwrap();
        assert!(
            bytes == Content::generated(number + 1, size).block(0, usize::MAX),
            "{number}"
        );
    }
    let adopted = run(&setting, &place, &["adopt", "family", "--manifest-only", "--json"]);
    assert_eq!(adopted.code, 0, "{}{}", adopted.out, adopted.err);
    setting.login();
    let again = sync(&setting, &place);
    assert_eq!((again.code, again.put()), (0, 0), "{}{}", again.out, again.err);
    assert_nothing_is_above_another(&place, "adopted");
}

#[test]
fn killed_before_an_upload_is_put_together() {
    let Some(place) = locked_bucket() else { return };
    let setting = setting(&place, "");
    let status = command(&setting, &place, &["sync", "family.yaml"])
        .env("CAMROLL_FAILPOINT", "commit/before=1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let uploads = rclone_says(&place, &["backend", "list-multipart-uploads", &place.remote]).expect("a list");
    assert!(uploads.contains(&name(LAST)), "{uploads}");
    let again = sync(&setting, &place);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert_eq!(photos(&place).len(), 4);
    assert_nothing_is_above_another(&place, "again");
    let deep = run(&setting, &place, &["verify", "family", "--deep"]);
    assert_eq!(deep.code, 0, "{}{}", deep.out, deep.err);
}

/// It gives the headers of a lock back, and locks nothing.
#[test]
fn a_server_that_locks_nothing_gets_no_photo_however_often_it_is_asked() {
    let Some(place) = unlocked_bucket() else { return };
    let setting = setting(&place, "");
    for attempt in 1..=3 {
        let run = sync(&setting, &place);
        assert_eq!(run.code, 3, "{attempt}: {}{}", run.out, run.err);
        assert!(
            format!("{}{}", run.out, run.err).contains("s3/not-locked"),
            "{attempt}: {}{}",
            run.out,
            run.err
        );
    }
    let listed = rclone_says(&place, &["lsf", "-R", "--files-only", &place.remote]).expect("a list");
    assert_eq!(listed.trim(), ".camroll/id");
}

/// The id came without a lock, so the first thing that shows it is a photo.
#[test]
fn a_lock_that_is_asked_for_later_and_not_given_is_never_taken_for_one() {
    let Some(place) = unlocked_bucket() else { return };
    let setting = Setting::new();
    let (lines, _) = place.destination.split_once("    lock:").expect("a lock");
    setting.send_to(&format!("destination:\n{lines}"));
    setting.login();
    assert_eq!(sync(&setting, &place).code, 0);
    setting.add_photos(20, SMALL);
    write_spec(&setting, &place, "");
    for attempt in 1..=4 {
        let run = sync(&setting, &place);
        assert_eq!(run.code, 3, "{attempt}: {}{}", run.out, run.err);
    }
    let copies = run(&setting, &place, &["copies", "family", "--at-least", "1", "--json"]);
    assert_ne!(copies.code, 0, "{}{}", copies.out, copies.err);
}

/// The spec asks for no lock any more; what is held is held.
#[test]
fn what_was_locked_before_gets_no_version_above_it() {
    let Some(place) = locked_bucket() else { return };
    let setting = Setting::new();
    setting.add_photos(3, SMALL);
    write_spec(&setting, &place, "");
    setting.login();
    let edit = |text: &str| {
        setting.apple.library(|library| {
            let id = library.find(&name(1)).expect("a photo");
            library.edit(&id, Content::of(text.as_bytes().to_vec()));
        });
    };
    edit("first edit");
    assert_eq!(sync(&setting, &place).code, 0);
    let (lines, _) = place.destination.split_once("    lock:").expect("a lock");
    setting.write_spec("");
    setting.send_to(&format!(
        "destination:\n{lines}  deletions: mirror\nlimits: {{ destructive: {{ max_percent: 100 }} }}\n"
    ));
    edit("second edit");
    setting.apple.library(|library| {
        let gone = library.find(&name(2)).expect("a photo");
        library.trash(&gone);
    });
    let run = sync(&setting, &place);
    assert_eq!(run.code, 6, "{}{}", run.out, run.err);
    let codes = run.problem_codes();
    assert!(
        !codes.is_empty() && codes.iter().all(|code| code == "s3/held"),
        "{codes:?}"
    );
    assert_nothing_is_above_another(&place, "without a lock in the spec");
    assert_eq!(photos(&place).len(), 4, "{:?}", photos(&place));
}

/// Nobody asked for a lock but whoever made the bucket.
#[test]
fn a_bucket_that_locks_by_default_is_one_where_all_stays() {
    let Some(place) = locked_bucket() else { return };
    let between = Between::start(place.address());
    let rule = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
    between.meddle(
        "GET",
        "object-lock",
        0,
        1_000,
        Act::Answer("200 OK".into(), Vec::new(), rule.into()),
    );
    let place = place.behind(between.port());
    let (lines, _) = place.destination.split_once("    lock:").expect("a lock");
    let setting = Setting::new();
    setting.add_photos(3, SMALL);
    setting.send_to(&format!("destination:\n{lines}"));
    setting.login();
    for text in ["first edit", "second edit"] {
        setting.apple.library(|library| {
            let id = library.find(&name(1)).expect("a photo");
            library.edit(&id, Content::of(text.as_bytes().to_vec()));
        });
        let run = sync(&setting, &place);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert_nothing_is_above_another(&place, text);
    }
    assert_eq!(photos(&place).len(), 5, "both edits are there: {:?}", photos(&place));
}

/// A clock that is behind would end the lock too early: it ends by the service's.
#[test]
fn a_lock_ends_by_the_services_clock() {
    let Some(place) = locked_bucket() else { return };
    let between = Between::start(place.address());
    let date = vec![("Date".to_owned(), "Sun, 01 Jan 2040 00:00:00 GMT".to_owned())];
    let on = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
    between.meddle(
        "GET",
        "object-lock",
        0,
        1_000,
        Act::Answer("200 OK".into(), date, on.into()),
    );
    let place = place.behind(between.port());
    let setting = Setting::new();
    setting.add_photos(1, SMALL);
    write_spec(&setting, &place, "");
    setting.login();
    let run = sync(&setting, &place);
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    let asked = between.asked();
    let sent = asked
        .iter()
        .find(|asked| asked.line.starts_with("PUT") && asked.line.contains(&name(0)));
    let until = sent.and_then(|sent| sent.header("x-amz-object-lock-retain-until-date"));
    assert!(
        until.is_some_and(|until| until.starts_with("2040-01-31")),
        "{until:?}: {asked:#?}"
    );
}

/// Who may delete can put a marker over what is locked. A repair puts a new version over that; the old one stays below.
#[test]
fn what_somebody_hid_is_missing_and_a_repair_brings_it_anew() {
    let Some(place) = locked_bucket() else { return };
    let setting = setting(&place, "");
    assert_eq!(sync(&setting, &place).code, 0);
    let hidden = format!("{}/2014/05/{}", place.remote, name(1));
    rclone_says(&place, &["deletefile", &hidden]).expect("a marker");
    let verified = run(&setting, &place, &["verify", "family"]);
    assert_ne!(verified.code, 0, "{}{}", verified.out, verified.err);
    let said = format!("{}{}", verified.out, verified.err);
    assert!(said.contains(&name(1)), "{said}");
    run(&setting, &place, &["verify", "family", "--repair"]);
    let again = sync(&setting, &place);
    assert_eq!((again.code, again.put()), (0, 1), "{}{}", again.out, again.err);
    let all = photos(&place);
    assert_eq!(all.len(), 5, "the hidden version is there as well: {all:?}");
    let verified = run(&setting, &place, &["verify", "family", "--deep"]);
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
}
