//! `camroll doctor`: what is wrong is said with the step that mends it, and nothing is left behind.

mod setting;

use std::os::unix::fs::PermissionsExt as _;

use setting::{Run, Setting};

fn findings(run: &Run) -> Vec<(String, String, String)> {
    let document: serde_json::Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    document["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            (text("subject"), text("verdict"), text("code"))
        })
        .collect()
}

fn is_wrong(run: &Run, subject: &str, code: &str) -> bool {
    findings(run).contains(&(subject.to_owned(), "wrong".to_owned(), code.to_owned()))
}

#[test]
fn all_is_well_and_nothing_stays() {
    let setting = Setting::new();
    setting.login();
    let run = setting.run(&["doctor", "family", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        findings(&run).iter().all(|(_, verdict, _)| verdict == "well"),
        "{}",
        run.out
    );
    for said in [
        "written",
        "read back, and is the same",
        "time when the photo was taken",
        "was refused",
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
    assert!(findings(&run).iter().any(|(subject, ..)| subject == "connector local"));
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
        findings(&run)
            .iter()
            .any(|(subject, verdict, _)| subject == "source" && verdict == "wrong")
    );
}
