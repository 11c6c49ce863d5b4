//! Killed at every named place, while pages are held back, with drafts half written: the next run ends where an undisturbed one would have.

mod setting;

use std::process::Stdio;
use std::time::Duration;

use camroll_cloud_apple::Content;
use setting::{Setting, name};

const SIZE: u64 = 20_000;
const COUNT: u64 = 60;

#[test]
fn killed_at_every_failpoint_and_run_again() {
    for place in camroll_state::FAILPOINTS {
        for nth in [1, 3] {
            let setting = Setting::new();
            setting.add_photos(COUNT, SIZE);
            setting.login();
            let status = setting
                .command(&["sync", "family.yaml"])
                .env("CAMROLL_FAILPOINT", format!("{place}={nth}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            // A place that isn't passed so often doesn't kill.
            assert!(nth > 1 || !status.success(), "{place} was never passed");
            let finished = setting.files();
            let counts: Vec<u64> = finished
                .iter()
                .map(|path| setting.apple.count(&download(path)))
                .collect();
            let run = setting.sync();
            assert_eq!(run.code, 0, "{place}={nth}: {}{}", run.out, run.err);
            setting.assert_photos(0..COUNT, SIZE);
            for (path, before) in finished.iter().zip(counts) {
                assert_eq!(
                    setting.apple.count(&download(path)),
                    before,
                    "{place}={nth}: {path} was finished and fetched again"
                );
            }
        }
    }
}

fn download(path: &str) -> String {
    format!("download:{}", path.rsplit('/').next().unwrap_or_default())
}

fn terminate(child: &std::process::Child) {
    let sent = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(sent.unwrap().success());
}

#[test]
fn two_engines_at_one_folder_never_share_a_draft() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    setting.login();
    // Another machine: a state of its own, the same library, the same folder.
    let other = setting.path("other-state");
    let there = |arguments: &[&str]| {
        let mut command = setting.command(arguments);
        command.env("CAMROLL_STATE", &other);
        command
    };
    assert!(
        there(&["login", "family", "--code", "314159"])
            .output()
            .unwrap()
            .status
            .success()
    );
    // Each dies with whole drafts that it will show; the folder's own id was the first that was.
    let first = setting
        .command(&["sync", "family.yaml"])
        .env("CAMROLL_FAILPOINT", "commit/before=2")
        .output()
        .unwrap();
    assert!(!first.status.success());
    let ours = setting.drafts();
    let second = there(&["sync", "family.yaml"])
        .env("CAMROLL_FAILPOINT", "commit/before")
        .output()
        .unwrap();
    assert!(!second.status.success());
    let theirs = setting.drafts();
    assert!(!ours.is_empty() && !theirs.is_empty());
    // One that the other writes anew must not be what this one shows.
    assert!(
        theirs.iter().all(|draft| !ours.contains(draft)),
        "{ours:?} and {theirs:?}"
    );
    assert_eq!(setting.sync().code, 0);
    let both = there(&["sync", "family.yaml"]).output().unwrap();
    assert!(both.status.success());
    setting.assert_photos(0..3, SIZE);
}

#[test]
fn a_termination_leaves_it_resumable() {
    let setting = Setting::new();
    setting.add_photos(50, SIZE);
    setting.login();
    let gate = setting.apple.gate("download", Some(20));
    let child = setting
        .command(&["sync", "family.yaml", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    terminate(&child);
    // What is held back never comes: after five seconds it is left as it is.
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(10),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    gate.open();
    assert_eq!(setting.sync().code, 0);
    setting.assert_photos(0..50, SIZE);
}

#[test]
fn a_termination_while_the_library_is_listed_ends_it() {
    let setting = Setting::new();
    setting.add_photos(250, 100);
    setting.login();
    let gate = setting.apple.gate("list", Some(2));
    let child = setting
        .command(&["sync", "family.yaml", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    terminate(&child);
    let run = setting.ended(child, Duration::from_secs(20));
    assert_eq!(run.code, 10, "{}", run.out);
    gate.open();
    assert_eq!(setting.sync().code, 0);
    setting.assert_photos(0..250, 100);
}

#[test]
fn killed_under_deletions_and_hides_between_pages_nothing_that_stayed_is_lost() {
    /// What the killed run began with.
    #[derive(Clone, Copy, Debug)]
    enum From {
        Nothing,
        /// What a run that was stopped in the middle of the listing had heard and kept.
        TheMiddle,
    }
    for (from, page) in [(From::Nothing, 2), (From::Nothing, 3), (From::TheMiddle, 2)] {
        let setting = Setting::new();
        setting.add_photos(400, 100);
        setting.login();
        if let From::TheMiddle = from {
            let gate = setting.apple.gate("list", Some(2));
            let child = setting.begin_sync();
            setting.wait(gate.arrived());
            terminate(&child);
            assert_eq!(setting.ended(child, Duration::from_secs(20)).code, 10);
            gate.open();
        }
        let nth = setting.apple.count("list") + page - 1;
        let gate = setting.apple.gate("list", Some(nth.max(page)));
        let mut child = setting.begin_sync();
        setting.wait(gate.arrived());
        let gone = |number: u64| number.is_multiple_of(2) && number < 100;
        let hidden = |number: u64| number % 2 == 1 && (101..201).contains(&number);
        setting.apple.library(|library| {
            for number in 0..400 {
                let id = library.find(&name(number)).unwrap();
                if gone(number) {
                    library.trash(&id);
                } else if hidden(number) {
                    library.hide(&id);
                }
            }
        });
        child.kill().unwrap();
        child.wait().unwrap();
        gate.open();
        let before = setting.files();
        let run = setting.sync();
        assert_eq!(run.code, 0, "{from:?}, page {page}: {}{}", run.out, run.err);
        let stayed = (0..400).filter(|number| !gone(*number) && !hidden(*number));
        // What left before it was fetched is not wanted; what came before it left would stay, and be counted.
        let kept = &run.receipt()["destinations"]["default"]["kept"];
        let left = |number: &u64| before.contains(&format!("2014/05/{}", name(*number)));
        let kept_gone = (0..400).filter(|number| gone(*number)).filter(left).count();
        let kept_hidden = (0..400).filter(|number| hidden(*number)).filter(left).count();
        assert_eq!(kept["gone_at_source"], kept_gone, "{from:?}, page {page}: {}", run.out);
        assert_eq!(kept["left_scope"], kept_hidden, "{from:?}, page {page}: {}", run.out);
        assert_eq!(
            run.receipt()["assets"]["in_scope"],
            300,
            "{from:?}, page {page}: {}",
            run.out
        );
        let more = (0..400).filter(|number| (gone(*number) || hidden(*number)) && left(number));
        setting.assert_photos(stayed.chain(more), 100);
        let again = setting.sync();
        assert_eq!((again.code, again.put()), (0, 0), "{from:?}, page {page}");
    }
}

#[test]
fn a_draft_that_no_later_run_wants_is_swept() {
    enum Change {
        OtherBytes,
        Deleted,
    }
    for change in [Change::OtherBytes, Change::Deleted] {
        let setting = Setting::new();
        setting.add_photos(3, SIZE);
        setting.login();
        let gate = setting.apple.gate("download:IMG_0001.JPG", Some(1));
        let mut child = setting.begin_sync();
        setting.until(&mut child, "two files and a third one's draft", || {
            setting.files().len() == 2 && setting.drafts().len() == 1
        });
        child.kill().unwrap();
        child.wait().unwrap();
        gate.open();
        let orphan = setting.drafts();
        assert_eq!(orphan.len(), 1, "{orphan:?}");
        let other = Content::of(b"other bytes under the same name".to_vec());
        setting.apple.library(|library| {
            let id = library.find(&name(1)).unwrap();
            match change {
                Change::OtherBytes => library.replace_original(&id, other.clone()),
                Change::Deleted => library.trash(&id),
            }
        });
        let run = setting.sync();
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert_eq!(setting.drafts(), Vec::<String>::new());
        match change {
            Change::Deleted => setting.assert_photos([0, 2], SIZE),
            Change::OtherBytes => assert_eq!(
                std::fs::read(setting.photos.join("2014/05").join(name(1))).unwrap(),
                b"other bytes under the same name"
            ),
        }
    }
}
