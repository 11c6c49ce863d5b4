//! `camroll adopt`: what is at the destination is taken over after it was read, and a sync sends none of it.

mod setting;

use camroll_cloud_apple::Content;
use setting::{Setting, name};

const SIZE: u64 = 30_000;

fn adopt(setting: &Setting, more: &[&str]) -> (i32, serde_json::Value) {
    let arguments: Vec<&str> = ["adopt", "family", "--json"].iter().chain(more).copied().collect();
    let run = setting.run(&arguments);
    let document: serde_json::Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    assert!(
        !document["destinations"].as_array().unwrap().is_empty(),
        "{}{}",
        run.out,
        run.err
    );
    (run.code, document["destinations"][0].clone())
}

fn synced(count: u64) -> Setting {
    let setting = Setting::new();
    setting.add_photos(count, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    setting
}

fn downloads(setting: &Setting) -> u64 {
    (0..10)
        .map(|number| setting.apple.count(&format!("download:{}", name(number))))
        .sum()
}

#[test]
fn after_the_state_is_lost_nothing_is_sent() {
    let setting = synced(5);
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let (before, requests) = (downloads(&setting), setting.apple.requests());
    // By the manifest alone, without a sign-in: the whole archive.
    let (code, report) = adopt(&setting, &[]);
    assert_eq!(
        (code, &report["by_manifest"], &report["others"]),
        (0, &5.into(), &0.into()),
        "{report}"
    );
    assert_eq!(
        setting.apple.requests(),
        requests,
        "the source isn't asked where nothing is unknown"
    );
    let run = setting.run(&["verify", "family", "--json"]);
    assert_eq!(run.code, 0, "{}", run.out);
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.out);
    assert_eq!(run.receipt()["destinations"]["default"]["proof"]["read-back"], 5);
    assert_eq!(downloads(&setting), before);
    setting.assert_photos(0..5, SIZE);
    let run = setting.run(&["explain", "family", &name(0), "--json"]);
    assert!(run.out.contains("\"ownership\":\"adopted\""), "{}", run.out);
    // Again: all of it is known.
    let (code, report) = adopt(&setting, &[]);
    assert_eq!(
        (code, &report["by_manifest"], &report["known_before"]),
        (0, &0.into(), &5.into())
    );
}

#[test]
fn a_tree_that_somebody_else_filled_is_matched_by_content() {
    let setting = synced(4);
    // Another program's tree: other folders, other names, no manifest; and a file that is nobody's.
    let photos = setting.path("photos");
    std::fs::create_dir(photos.join("holidays")).unwrap();
    for number in 0..3 {
        std::fs::rename(
            photos.join("2014/05").join(name(number)),
            photos.join(format!("holidays/{number}.jpg")),
        )
        .unwrap();
    }
    std::fs::remove_file(photos.join("2014/05").join(name(3))).unwrap();
    std::fs::write(photos.join("holidays/else.jpg"), vec![7; SIZE as usize]).unwrap();
    std::fs::remove_dir_all(photos.join(".camroll")).unwrap();
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    setting.login();
    let before = downloads(&setting);
    let (code, report) = adopt(&setting, &[]);
    assert_eq!(
        (code, &report["by_content"], &report["others"]),
        (0, &3.into(), &1.into()),
        "{report}"
    );
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}", run.out);
    assert_eq!(downloads(&setting), before + 1);
    // The archive explains itself now, whatever filled it.
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let run = setting.run(&["restore", "family", "--to", "back", "--json"]);
    assert!(
        run.code == 0 && run.out.contains("\"restored\":4"),
        "{}{}",
        run.out,
        run.err
    );
}

#[test]
fn what_a_sync_found_is_in_the_manifest_once_it_is_taken_over() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    let there = setting.path("photos/2014/05");
    std::fs::create_dir_all(&there).unwrap();
    for number in 0..2 {
        let content = Content::generated(number + 1, SIZE);
        std::fs::write(there.join(name(number)), content.block(0, SIZE as usize)).unwrap();
    }
    setting.login();
    assert_eq!(setting.sync().put(), 1);
    assert_eq!(adopt(&setting, &[]).0, 0);
    // Another machine, which has the archive alone.
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let run = setting.run(&["restore", "family", "--to", "back", "--from-manifest", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (run.code, &document["restore"]["restored"]),
        (0, &3.into()),
        "{}",
        run.err
    );
}

#[test]
fn what_isnt_what_the_manifest_says_is_not_taken_over() {
    let setting = synced(3);
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let damaged = setting.path("photos/2014/05").join(name(0));
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[99] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    std::fs::remove_file(setting.path("photos/2014/05").join(name(1))).unwrap();
    let (code, report) = adopt(&setting, &["--manifest-only"]);
    assert_eq!(
        (code, &report["by_manifest"], &report["mismatches"]),
        (9, &1.into(), &2.into()),
        "{report}"
    );
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 2), "{}", run.out);
    assert_eq!(std::fs::read(&damaged).unwrap(), bytes, "never overwritten");
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0);
}
