//! `camroll doctor`: what is wrong is said with the step that mends it, and nothing is left behind.

mod places;
mod setting;

use std::os::unix::fs::PermissionsExt as _;

use camroll_servers::{Act, Between};
use places::{seaweedfs, write_spec};
use setting::{Run, Setting};

fn is_wrong(run: &Run, subject: &str, code: &str) -> bool {
    run.findings()
        .contains(&(subject.to_owned(), "wrong".to_owned(), code.to_owned()))
}

#[test]
fn all_is_well_and_nothing_stays() {
    let setting = Setting::new();
    setting.login();
    let run = setting.run(&["doctor", "family", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.findings().iter().all(|(_, verdict, _)| verdict == "well"),
        "{}",
        run.out
    );
    for said in [
        "written",
        "read back, and is the same",
        "time when the photo was taken",
        "another file in its place was refused",
        "a newer file took its place",
        "one that knew only what was there before was refused",
        "taken away again",
    ] {
        assert!(run.out.contains(said), "{said}: {}", run.out);
    }
    assert!(setting.files().is_empty());
    let own = setting.photos.join(".camroll");
    let left: Vec<_> = std::fs::read_dir(&own)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left, ["drafts"], "an empty folder at most");
    assert!(setting.drafts().is_empty());
}

#[test]
fn without_a_name_it_looks_at_the_installation() {
    let setting = Setting::new();
    setting.login();
    let run = setting.run(&["doctor", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.findings().iter().any(|(subject, ..)| subject == "connector local"));
    let key = setting.path("state/sign-ins/key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = setting.run(&["doctor", "--json"]);
    assert_eq!(run.code, 8, "{}", run.out);
    assert!(is_wrong(&run, "state", "doctor/permissions"), "{}", run.out);
    assert!(run.out.contains("chmod 600"), "{}", run.out);
}

#[test]
fn a_folder_that_is_read_only_and_one_that_is_missing() {
    let setting = Setting::new();
    setting.login();
    let mut command = setting.command(&["doctor", "family", "--json"]);
    let run = Run::of(command.env("CAMROLL_FAULT", "read-only=1").output().unwrap());
    assert_eq!(run.code, 8, "{}{}", run.out, run.err);
    assert!(is_wrong(&run, "destination default", "files/read-only"), "{}", run.out);
    assert!(setting.files().is_empty());
    std::fs::remove_dir_all(setting.path("photos")).unwrap();
    let run = setting.run(&["doctor", "family", "--json"]);
    assert_eq!(run.code, 8, "{}{}", run.out, run.err);
    assert!(is_wrong(&run, "destination default", "files/no-folder"), "{}", run.out);
}

#[test]
fn a_sign_in_that_is_gone() {
    let setting = Setting::new();
    let run = setting.run(&["doctor", "family", "--json"]);
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert!(
        run.findings()
            .iter()
            .any(|(subject, verdict, _)| subject == "source" && verdict == "wrong")
    );
}

/// A server that says yes to whatever comes for a file that changed meanwhile.
#[test]
fn a_replacement_that_comes_too_late_and_is_not_refused_is_told() {
    let Some(place) = seaweedfs() else { return };
    let between = Between::start(place.address());
    let setting = Setting::new();
    let place = place.behind(between.port());
    write_spec(&setting, &place, "");
    setting.login();
    // The file, another one in its place, a newer one, and the one that comes too late.
    let yes = Act::Answer("200 OK".into(), Vec::new(), String::new());
    between.meddle("PUT", "probe-", 3, 1, yes);
    let run = places::run(&setting, &place, &["doctor", "family", "--json"]);
    assert_eq!(between.count("PUT", "probe-"), 4, "{:#?}", between.requests());
    assert_eq!(run.code, 8, "{}{}", run.out, run.err);
    assert!(
        is_wrong(&run, "destination default", "doctor/replaces-what-changed"),
        "{}",
        run.out
    );
    assert!(run.out.contains("taken away again"), "{}", run.out);
    assert_eq!(place.listed_without(""), Vec::<String>::new());
    between.mend();
    let run = places::run(&setting, &place, &["doctor", "family", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}
