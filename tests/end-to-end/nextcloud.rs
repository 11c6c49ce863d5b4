//! Whole runs into Nextcloud and ownCloud, simulated: chunks that go on where they were cut off, bytes that change on their way, and all that an administrator can do meanwhile.

mod setting;

use std::process::{Command, Stdio};
use std::time::Duration;

use camroll_cloud_apple::{Content, NewItem};
use camroll_cloud_nextcloud::{Account, Action, NameRules, Nextcloud, Product, Storage};
use setting::{Run, Setting, name, photo};

const SIZE: u64 = 30_000;
/// Seven chunks of ten mebibytes.
const LARGE: u64 = 70 << 20;
const KINDS: [(&str, Product, Storage); 3] = [
    ("nextcloud", Product::Nextcloud, Storage::Disk),
    ("nextcloud", Product::Nextcloud, Storage::Objects),
    ("owncloud", Product::OwnCloud, Storage::Disk),
];

/// A library and the cloud that it goes to.
struct Cloud {
    setting: Setting,
    server: Nextcloud,
}

impl Cloud {
    fn new((preset, product, storage): (&str, Product, Storage)) -> Self {
        let setting = Setting::new();
        let account = Account::default();
        let server = setting
            .wait(Nextcloud::start(product, storage, account.clone()))
            .expect("a port on loopback");
        setting.write_spec("");
        let destination = format!(
            "destination:\n  connector: webdav\n  with:\n    preset: {preset}\n    url: {:?}\n    user: {}\n    password: {{ env: CLOUD_PASSWORD }}\n    path: family\n",
            server.url(),
            account.user
        );
        setting.send_to(&destination);
        setting.login();
        Self { setting, server }
    }

    fn sync_command(&self) -> Command {
        let mut command = self.setting.command(&["sync", "family.yaml", "--json"]);
        let password = Account::default().password.expect("it has one");
        command.env("CLOUD_PASSWORD", password);
        command
    }

    fn sync(&self) -> Run {
        Run::of(self.sync_command().output().expect("camroll runs"))
    }

    fn begin(&self) -> std::process::Child {
        self.sync_command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("camroll runs")
    }

    /// A run that is killed while the first request of a name waits.
    fn kill_at(&self, request: &str) {
        let gate = self.server.gate(request, Some(1));
        let mut child = self.begin();
        self.setting
            .until(&mut child, request, || self.server.count(request) > 0);
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        gate.open();
    }

    /// A run during which the account changes, while the n-th request of a name waits.
    fn changed_at(&self, request: &str, nth: u64, change: impl FnOnce(&mut Account)) -> Run {
        let gate = self.server.gate(request, Some(nth));
        let child = self.begin();
        self.setting.wait(gate.arrived());
        self.server.account(change);
        gate.open();
        Run::of(child.wait_with_output().expect("it ended"))
    }

    /// What a person sees there.
    fn files(&self) -> Vec<String> {
        let files = self.server.files().into_iter();
        files.filter(|path| !path.starts_with("family/.camroll")).collect()
    }

    /// Every photo is there with its very bytes, nothing else that a person sees, and nothing on its way.
    fn assert_photos(&self, numbers: std::ops::Range<u64>, size: u64) {
        let mut expected: Vec<String> = numbers
            .clone()
            .map(|number| format!("family/2014/05/{}", name(number)))
            .collect();
        for (number, path) in numbers.zip(&expected) {
            let there = self
                .server
                .content(path)
                .unwrap_or_else(|| panic!("{path} isn't there"));
            assert!(
                there == Content::generated(number + 1, size).block(0, usize::MAX),
                "{path}"
            );
        }
        expected.sort();
        assert_eq!(self.files(), expected);
        let staged = self.server.files().into_iter();
        let staged: Vec<String> = staged
            .filter(|path| path.starts_with("family/.camroll/staging/"))
            .collect();
        assert_eq!(staged, Vec::<String>::new());
        assert_eq!(self.server.uploads(), Vec::<String>::new());
    }
}

#[test]
fn killed_in_the_midst_of_an_upload_it_goes_on_with_the_chunks_that_are_there() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(1, LARGE);
        cloud.kill_at("chunk:5");
        let before = cloud.server.received();
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 1), "{kind:?}: {}{}", run.out, run.err);
        for chunk in 1..=4 {
            assert_eq!(
                cloud.server.count(&format!("chunk:{chunk}")),
                1,
                "{kind:?}: chunk {chunk}"
            );
        }
        assert_eq!(cloud.server.count("begin"), 1, "{kind:?}: it is the same upload");
        let sent = cloud.server.received() - before;
        // What was on its way to the fifth when camroll was killed is among them.
        assert!(sent < LARGE - 3 * (10 << 20), "{kind:?}: {sent} bytes were sent");
        cloud.assert_photos(0..1, LARGE);
    }
}

#[test]
fn an_upload_that_waited_for_more_than_a_day_begins_anew() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(1, LARGE);
        cloud.kill_at("chunk:3");
        cloud.server.advance(Duration::from_secs(25 * 3600));
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 1), "{kind:?}: {}{}", run.out, run.err);
        assert_eq!(cloud.server.count("begin"), 2);
        cloud.assert_photos(0..1, LARGE);
    }
}

#[test]
fn chunks_that_take_their_time_to_become_a_file_are_waited_for() {
    for kind in KINDS {
        for fault in [
            Action::LoseTheAnswer,
            Action::TimeOut,
            Action::Status(423),
            Action::Status(504),
        ] {
            let cloud = Cloud::new(kind);
            cloud.setting.add_photos(1, LARGE);
            cloud.server.fault("assemble", Some(1), fault.clone());
            let run = cloud.sync();
            assert_eq!(
                (run.code, run.put()),
                (0, 1),
                "{kind:?}, {fault:?}: {}{}",
                run.out,
                run.err
            );
            assert_eq!(
                cloud.server.count("chunk"),
                7,
                "{kind:?}, {fault:?}: nothing is sent twice"
            );
            cloud.assert_photos(0..1, LARGE);
        }
    }
}

#[test]
fn killed_while_chunks_become_a_file_it_is_found_done() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(1, LARGE);
        // Done, and neither the answer nor the look afterwards comes back before the end.
        cloud.server.fault("assemble", Some(1), Action::LoseTheAnswer);
        let mut child = cloud.begin();
        cloud
            .setting
            .until(&mut child, "the file", || cloud.server.count("assemble") > 0);
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 1), "{kind:?}: {}{}", run.out, run.err);
        assert_eq!(cloud.server.count("chunk"), 7, "{kind:?}: nothing is sent twice");
        cloud.assert_photos(0..1, LARGE);
    }
}

#[test]
fn a_source_that_was_wrong_once_spoils_no_upload_that_goes_on() {
    for kind in KINDS {
        // Found out at the last byte, within one run.
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(1, LARGE);
        let download = format!("download:{}", name(0));
        cloud
            .setting
            .apple
            .fault(&download, Some(1), camroll_cloud_apple::Action::Flip(15 << 20));
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 1), "{kind:?}: {}{}", run.out, run.err);
        cloud.assert_photos(0..1, LARGE);

        // Not found out, because camroll was killed before it; the second chunk is wrong at the server.
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(1, LARGE);
        cloud
            .setting
            .apple
            .fault(&download, Some(1), camroll_cloud_apple::Action::Flip(15 << 20));
        cloud.kill_at("chunk:5");
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 1), "{kind:?}: {}{}", run.out, run.err);
        // By the connector, which compares; and the engine doesn't take its word for it, but has all of it sent anew.
        assert!(cloud.server.count("chunk:2") >= 2, "{kind:?}: it was sent again");
        cloud.assert_photos(0..1, LARGE);
    }
}

#[test]
fn bytes_that_change_on_their_way_are_noticed() {
    for kind in KINDS {
        for (size, on) in [(SIZE, "PUT"), (LARGE, "chunk:2")] {
            let cloud = Cloud::new(kind);
            cloud.setting.add_photos(1, size);
            // The folder's name goes first.
            let nth = if on == "PUT" { None } else { Some(1) };
            cloud.server.fault(on, nth, Action::Flip(7_000));
            let run = cloud.sync();
            if nth.is_some() {
                assert_eq!((run.code, run.put()), (0, 1), "{kind:?}, {on}: {}{}", run.out, run.err);
            } else {
                assert_eq!(run.code, 6, "{kind:?}, {on}: {}{}", run.out, run.err);
                assert!(
                    run.problem_codes().contains(&"webdav/wrong-digest".to_owned()),
                    "{}",
                    run.out
                );
                assert_eq!(cloud.files(), Vec::<String>::new(), "{kind:?}");
                cloud.server.mend();
                assert_eq!(cloud.sync().code, 0);
            }
            cloud.assert_photos(0..1, size);
        }
    }
}

#[test]
fn what_the_service_says_of_the_bytes_is_in_the_receipt() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(5, SIZE);
        let large = NewItem {
            original: Some(Content::generated(900, LARGE)),
            ..photo(899, SIZE)
        };
        cloud.setting.apple.library(|library| {
            library.add(large);
        });
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 6), "{kind:?}: {}{}", run.out, run.err);
        let proof = run.receipt()["destinations"]["default"]["proof"].clone();
        let expected = match kind.1 {
            Product::Nextcloud => "service-reported",
            Product::OwnCloud => "service-checked",
        };
        assert_eq!(proof[expected], 6, "{kind:?}: {proof}");
        let again = cloud.sync();
        assert_eq!((again.code, again.put()), (0, 0), "{kind:?}: {}", again.out);
    }
}

#[test]
fn without_room_nothing_is_fetched() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(20, SIZE);
        cloud.server.account(|account| account.quota = Some(10 * SIZE));
        let run = cloud.sync();
        assert_eq!(run.code, 8, "{kind:?}: {}{}", run.out, run.err);
        assert!(
            run.problem_codes().contains(&"destination/no-space".to_owned()),
            "{}",
            run.out
        );
        assert_eq!(cloud.setting.apple.count("download"), 0);
        cloud.server.account(|account| account.quota = Some(30 * SIZE));
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 20), "{kind:?}: {}{}", run.out, run.err);
        cloud.assert_photos(0..20, SIZE);
    }
}

#[test]
fn room_that_goes_meanwhile_leaves_no_chunks_behind() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(1, LARGE);
        let run = cloud.changed_at("chunk:2", 1, |account| account.quota = Some(20 << 20));
        assert_eq!(run.code, 8, "{kind:?}: {}{}", run.out, run.err);
        assert!(
            run.problem_codes().contains(&"webdav/full".to_owned()),
            "{kind:?}: {}",
            run.out
        );
        assert_eq!(cloud.server.uploads(), Vec::<String>::new(), "{kind:?}");
        assert_eq!(cloud.files(), Vec::<String>::new(), "{kind:?}");
        cloud.server.account(|account| account.quota = None);
        assert_eq!(cloud.sync().code, 0);
        cloud.assert_photos(0..1, LARGE);
    }
}

#[test]
fn an_app_password_that_is_revoked_meanwhile_ends_the_run() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(200, SIZE);
        let run = cloud.changed_at("PUT", 20, |account| account.password = None);
        assert_ne!(run.code, 0, "{kind:?}: {}{}", run.out, run.err);
        let codes = run.problem_codes();
        assert!(codes.contains(&"webdav/signed-out".to_owned()), "{kind:?}: {}", run.out);
        let message = run.receipt()["problems"].to_string();
        assert!(message.contains("app password"), "{message}");
        // Ten, and Nextcloud hears nobody from this address for half an hour.
        let wrong = cloud.server.wrong_sign_ins();
        println!(
            "{kind:?}: {wrong} requests with the revoked password, exit code {}",
            run.code
        );
        cloud.server.advance(Duration::from_secs(1900));
        cloud
            .server
            .account(|account| account.password = Account::default().password);
        // By camroll's clock too: the service asked for that half an hour.
        let mut later = cloud.sync_command();
        let later = later.env("CAMROLL_CLOCK_AHEAD", "1900").output();
        let run = Run::of(later.expect("camroll runs"));
        assert_eq!(run.code, 0, "{kind:?}: {}{}", run.out, run.err);
        cloud.assert_photos(0..200, SIZE);
    }
}

#[test]
fn maintenance_is_said_and_over_with_the_next_run() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(60, SIZE);
        let run = cloud.changed_at("PUT", 20, |account| account.maintained = true);
        assert_ne!(run.code, 0, "{kind:?}: {}{}", run.out, run.err);
        assert!(
            run.problem_codes().contains(&"webdav/maintenance".to_owned()),
            "{kind:?}: {}",
            run.out
        );
        cloud.server.account(|account| account.maintained = false);
        // It asked for two minutes, which pass by camroll's clock.
        let mut later = cloud.sync_command();
        let later = later.env("CAMROLL_CLOCK_AHEAD", "180").output();
        let run = Run::of(later.expect("camroll runs"));
        assert_eq!(run.code, 0, "{kind:?}: {}{}", run.out, run.err);
        cloud.assert_photos(0..60, SIZE);
    }
}

#[test]
fn a_file_that_is_locked_comes_later() {
    for kind in KINDS {
        let cloud = Cloud::new(kind);
        cloud.setting.add_photos(10, SIZE);
        let locked = format!("family/2014/05/{}", name(3));
        cloud.server.lock(&locked);
        let run = cloud.sync();
        assert_ne!(run.code, 0, "{kind:?}: {}{}", run.out, run.err);
        assert!(
            run.problem_codes().contains(&"webdav/locked".to_owned()),
            "{kind:?}: {}",
            run.out
        );
        assert_eq!(cloud.files().len(), 9, "{kind:?}: the others are there");
        cloud.server.unlock(&locked);
        // Its bytes are there: only its name is given.
        let run = cloud.sync();
        assert_eq!((run.code, run.put()), (0, 0), "{kind:?}: {}{}", run.out, run.err);
        assert_eq!(run.receipt()["assets"]["settled"], 10, "{kind:?}");
        assert_eq!(
            cloud.setting.apple.count(&format!("download:{}", name(3))),
            1,
            "{kind:?}"
        );
        cloud.assert_photos(0..10, SIZE);
    }
}

#[test]
fn a_line_that_breaks_while_a_crash_is_settled_loses_nothing_that_is_staged() {
    let cloud = Cloud::new(KINDS[0]);
    cloud.setting.add_photos(1, SIZE);
    let killed_at = |point: &str| {
        let mut command = cloud.sync_command();
        let output = command.env("CAMROLL_FAILPOINT", point).output().unwrap();
        assert!(!output.status.success(), "{point} was never passed");
    };
    // The first is the destination's own id. A whole upload, and it hasn't its name.
    killed_at("commit/before=2");
    assert_eq!((cloud.setting.apple.downloaded(), cloud.files().len()), (SIZE, 0));
    let next = cloud.server.count("MOVE") + 1;
    cloud.server.fault("MOVE", Some(next), Action::Status(502));
    let run = cloud.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(cloud.setting.apple.downloaded(), SIZE, "it was fetched twice");
    cloud.assert_photos(0..1, SIZE);

    // Whole, and given up because its mark wasn't kept: as long as that can't be done, it isn't forgotten, and nothing is fetched again.
    cloud.setting.add_photos_from(1, 1, SIZE);
    killed_at("stage/after");
    let taken_away = cloud.server.count("DELETE");
    cloud.server.fault("DELETE", None, Action::Status(502));
    let run = cloud.sync();
    assert!(cloud.server.count("DELETE") > taken_away, "nothing was given up");
    assert_ne!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(cloud.setting.apple.downloaded(), 2 * SIZE);
    cloud.server.mend();
    let run = cloud.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    cloud.assert_photos(0..2, SIZE);
}

#[test]
fn names_that_an_administrator_forbids_are_written_otherwise() {
    let cloud = Cloud::new(KINDS[0]);
    cloud.server.account(|account| account.names = NameRules::windows());
    for (number, name) in (0..).zip(["time 10:30.JPG", "what?.JPG", "con.JPG", "plain.JPG"]) {
        cloud.setting.apple.library(|library| {
            library.add(NewItem {
                name: Some(name.into()),
                ..photo(number, SIZE)
            });
        });
    }
    let run = cloud.sync();
    assert_eq!((run.code, run.put()), (0, 4), "{}{}", run.out, run.err);
    let files = cloud.files();
    assert!(files.contains(&"family/2014/05/plain.JPG".to_owned()), "{files:?}");
    assert!(files.iter().all(|path| !path.contains([':', '?'])), "{files:?}");
    let again = cloud.sync();
    assert_eq!((again.code, again.put()), (0, 0), "{}", again.out);
}
