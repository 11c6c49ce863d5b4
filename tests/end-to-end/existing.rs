//! `existing:` at servers that somebody else filled: what counts as there already, what is read for it, and that nothing of it is touched.

mod places;
mod setting;

use std::ops::RangeInclusive;
use std::process::{Command, Stdio};
use std::time::Duration;

use camroll_cloud_apple::Content;
use camroll_servers::{Act, Between};
use places::{Place, apache, command, openssh, rclone_agrees, rclone_fills, run, seaweedfs, write_spec};
use setting::{Setting, name};

/// Larger than all that a server says besides a file's bytes.
const SIZE: u64 = 300_000;
const COUNT: u64 = 4;

fn content(number: u64) -> Vec<u8> {
    Content::generated(number + 1, SIZE).block(0, usize::MAX).to_vec()
}

/// What a mode comes to.
struct Expected {
    mode: &'static str,
    /// Photos that are sent, under the names that they get: with a suffix where something else has the name.
    sent: &'static [(u64, Named)],
    /// How often a file's bytes are looked at. All have one size; each is read once at most, and once more for the photo that it is. In what order they are listed is the server's affair.
    read: RangeInclusive<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Named {
    Plainly,
    WithSuffix,
}
use Named::{Plainly, WithSuffix};

/// There are: the first photo under another path, the second where it shall be, and another content of the same size where the third shall be.
const MODES: [Expected; 3] = [
    Expected {
        mode: "compare",
        sent: &[(2, WithSuffix), (3, Plainly)],
        read: 3..=4,
    },
    Expected {
        mode: "skip",
        sent: &[(0, Plainly), (2, WithSuffix), (3, Plainly)],
        read: 2..=2,
    },
    Expected {
        mode: "ignore",
        sent: &[(0, Plainly), (1, WithSuffix), (2, WithSuffix), (3, Plainly)],
        read: 0..=0,
    },
];

#[test]
fn at_servers_what_is_there_counts_as_the_spec_says() {
    for make in [seaweedfs, apache, openssh] {
        let Some(mut place) = make() else { continue };
        let mut was = "family".to_owned();
        for expected in &MODES {
            place = place.moved(&was, expected.mode);
            was = expected.mode.to_owned();
            holds(&place, expected);
        }
    }
}

fn holds(place: &Place, expected: &Expected) {
    let at = format!("{}, {}", place.name, expected.mode);
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    let theirs = setting.path("theirs");
    for (path, bytes) in [
        ("old/x.jpg".to_owned(), content(0)),
        (format!("2014/05/{}", name(1)), content(1)),
        (format!("2014/05/{}", name(2)), content(99)),
    ] {
        let path = theirs.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    rclone_fills(place, &theirs);
    let before = place.listed_without(".camroll/");
    let (place, meter) = place.metered();
    write_spec(&setting, &place, &format!("  existing: {}\n", expected.mode));
    setting.login();

    let synced = run(&setting, &place, &["sync", "family.yaml", "--json"]);
    let sent = expected.sent.len() as u64;
    assert_eq!(
        (synced.code, synced.put()),
        (0, sent),
        "{at}: {}{}",
        synced.out,
        synced.err
    );
    assert_eq!(
        setting.apple.downloaded(),
        sent * SIZE,
        "{at}: what counts isn't fetched"
    );
    let receipt = synced.receipt();
    let there = &receipt["destinations"]["default"];
    assert_eq!(
        (&there["resources"]["already_there"], &there["proof"]["read-back"]),
        (&(COUNT - sent).into(), &(COUNT - sent).into()),
        "{at}: {receipt}"
    );
    let read = meter.told() / SIZE;
    assert!(
        expected.read.contains(&read),
        "{at}: {} bytes came from there",
        meter.told()
    );

    // What somebody put there is as it was, and beside it is what was sent.
    let after = place.listed_without(".camroll/");
    assert!(before.iter().all(|line| after.contains(line)), "{at}: {after:#?}");
    let mut new = after.iter().filter(|line| !before.contains(line));
    for (number, named) in expected.sent {
        let path = new.next().and_then(|line| line.split(';').next()).expect("a file");
        let plain = format!("2014/05/{}", name(*number));
        let stem = plain.strip_suffix(".JPG").expect("one of the setting's names");
        match named {
            Plainly => assert_eq!(path, plain, "{at}"),
            WithSuffix => assert!(
                path.starts_with(&format!("{stem}-")) && path.len() == plain.len() + "-12345678".len(),
                "{at}: {path}"
            ),
        }
        std::fs::write(theirs.join(path), content(*number)).unwrap();
    }
    assert_eq!(new.next(), None, "{at}");
    assert!(rclone_agrees(&place, &theirs.display().to_string()), "{at}");

    let again = run(&setting, &place, &["sync", "family.yaml", "--json"]);
    assert_eq!((again.code, again.put()), (0, 0), "{at}: {}{}", again.out, again.err);
    assert_eq!(place.listed_without(".camroll/"), after, "{at}");
}

/// A library that goes to a place by what meddles with its requests.
fn meddled_with(place: &Place) -> (Setting, Between, Place) {
    let between = Between::start(place.address());
    let by_proxy = place.behind(between.port());
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    write_spec(&setting, &by_proxy, "");
    setting.login();
    (setting, between, by_proxy)
}

#[test]
fn a_path_that_may_not_be_looked_at_keeps_no_other_photo_back() {
    let Some(place) = apache() else { return };
    let (setting, between, by_proxy) = meddled_with(&place);
    let refused = Act::Answer("403 Forbidden".into(), Vec::new(), String::new());
    between.meddle("PROPFIND", &name(1), 0, 1_000, refused);
    let first = run(&setting, &by_proxy, &["sync", "family.yaml", "--json"]);
    assert_eq!((first.code, first.put()), (6, COUNT - 1), "{}{}", first.out, first.err);
    assert_eq!(
        first.receipt()["problems"][0]["name"],
        name(1).as_str(),
        "{}",
        first.out
    );
    between.mend();
    let again = run(&setting, &by_proxy, &["sync", "family.yaml", "--json"]);
    assert_eq!((again.code, again.put()), (0, 1), "{}{}", again.out, again.err);
}

/// A person stops it while it looks: what was planned by then isn't all.
#[test]
fn a_plan_that_is_interrupted_is_not_saved() {
    let Some(place) = apache() else { return };
    let (setting, between, by_proxy) = meddled_with(&place);
    between.meddle("PROPFIND", "/2014", 0, 1_000, Act::Hold);
    let mut child = command(&setting, &by_proxy, &["plan", "family.yaml", "-o", "part.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("camroll runs");
    setting.until(&mut child, "it looks", || between.count("PROPFIND", "/2014") > 0);
    // Gently first, and then at once: what it waits for never comes.
    for _ in 0..2 {
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }
    let run = setting.ended(child, Duration::from_secs(60));
    assert_eq!(run.code, 10, "{}{}", run.out, run.err);
    assert!(run.err.contains("this is no plan"), "{}", run.err);
    assert!(!setting.path("part.json").exists(), "it was saved");
}
