//! A large file to a server that is far away goes in ranges where the server proves that it puts them together, else whole; and what breaks off begins anew.

use bytes::Bytes;
use camroll_host::Connection;
use camroll_model::{Digest, ErrorClass, Staged};
use camroll_servers::Act;

use crate::files::{body, breaking, class, file, key, noise, orphan, pour, put, stat};
use crate::place::{Place, apache, rclone, wsgidav};

/// Of a file that goes in ranges; not a multiple of their size.
const LARGE: usize = (72 << 20) + 7;
/// Ranges of the trial.
const TRIED: usize = 2;

/// Ranges of the file itself: the trial's are of a few bytes.
fn of_the_file(place: &Place) -> Vec<String> {
    let end = format!("/{LARGE}");
    place
        .ranges()
        .into_iter()
        .filter(|range| range.ends_with(&end))
        .collect()
}

async fn arrives(place: &Place, connection: &Connection, path: &str, bytes: &Bytes) {
    put(connection, file(path, &key(path)), bytes).await.expect("72 MiB");
    assert!(std::fs::read(place.files.join(path)).unwrap() == *bytes);
    assert_eq!(place.staged(), <[std::path::PathBuf; 0]>::default());
    let put_to_its_name = place.between.count("PUT", path);
    assert_eq!(put_to_its_name, 0, "only temporary names are written to");
}

/// What the source gave before it broke off.
async fn breaks_off(connection: &Connection, bytes: &Bytes, after: usize) {
    let large = file("large.mov", &key("large.mov"));
    let pipe = body(Some(bytes.len() as u64), Vec::new());
    let staged = breaking::source_breaks(connection, large, pipe, bytes.slice(..after)).await;
    assert_eq!(class(staged).0, ErrorClass::Transient);
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_puts_them_together() {
    let Some(place) = apache() else { return };
    let (connection, bytes) = (place.connect(), Bytes::from(noise(LARGE)));
    arrives(&place, &connection, "large.mov", &bytes).await;
    // The first makes the file.
    assert_eq!(
        of_the_file(&place).len(),
        LARGE.div_ceil(4 << 20) - 1,
        "{:?}",
        place.ranges()
    );
    assert_eq!(place.ranges().len(), of_the_file(&place).len() + TRIED);
    // It is tried once.
    arrives(&place, &connection, "another.mov", &bytes).await;
    assert_eq!(place.ranges().len(), of_the_file(&place).len() + TRIED);
    assert_eq!(place.between.count("OPTIONS", ""), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_whole() {
    let Some(place) = apache() else { return };
    let bytes = noise(5 << 20);
    put(&place.connect(), file("small.mov", &key("small")), &bytes)
        .await
        .expect("5 MiB");
    assert!(std::fs::read(place.files.join("small.mov")).unwrap() == bytes);
    assert_eq!((place.ranges().len(), place.between.count("OPTIONS", "")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_sent_it_whole_and_arent_tried() {
    for place in [rclone(), wsgidav()].into_iter().flatten() {
        let (connection, bytes) = (place.connect(), Bytes::from(noise(LARGE)));
        arrives(&place, &connection, "large.mov", &bytes).await;
        assert_eq!(place.ranges(), <[String; 0]>::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_only_says_that_it_is_apache_is_found_out() {
    for place in [rclone(), wsgidav()].into_iter().flatten() {
        let says = ["1,2", "<http://apache.org/dav/propset/fs/1>"].map(|says| ("DAV".to_owned(), says.to_owned()));
        let says = Act::Answer("200 OK".to_owned(), says.to_vec(), String::new());
        place.between.meddle("OPTIONS", "", 0, 10, says);
        let (connection, bytes) = (place.connect(), Bytes::from(noise(LARGE)));
        arrives(&place, &connection, "large.mov", &bytes).await;
        assert!((1..=TRIED).contains(&place.ranges().len()), "{:?}", place.ranges());
        assert_eq!(of_the_file(&place), <[String; 0]>::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_begins_anew() {
    let Some(place) = apache() else { return };
    let bytes = Bytes::from(noise(LARGE));
    breaks_off(&place.connect(), &bytes, 60 << 20).await;
    assert!(of_the_file(&place).len() > 5, "{:?}", place.ranges());
    let left = place.staged();
    assert_eq!(left.len(), 1, "{left:?}");
    // As after a kill: nothing is known of it.
    let connection = place.connect();
    assert_eq!(stat(&connection, "large.mov").await, None);
    let before = of_the_file(&place).len();
    arrives(&place, &connection, "large.mov", &bytes).await;
    assert_eq!(of_the_file(&place).len() - before, LARGE.div_ceil(4 << 20) - 1);
    let names: std::collections::BTreeSet<String> = place
        .between
        .requests()
        .into_iter()
        .filter(|line| line.starts_with("PUT ") && line.contains(&key("large.mov")))
        .collect();
    // Of two trials and two attempts.
    assert_eq!(names.len(), 4, "no attempt writes where another did: {names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_is_taken_away() {
    let Some(place) = apache() else { return };
    let bytes = Bytes::from(noise(LARGE));
    breaks_off(&place.connect(), &bytes, 60 << 20).await;
    assert_eq!(place.staged().len(), 1);
    let orphans = vec![
        orphan("other.mov", &key("other")),
        orphan("large.mov", &key("large.mov")),
    ];
    for cleared in place.connect().abort(orphans).await.expect("an answer") {
        cleared.expect("taken away");
    }
    assert_eq!(place.staged(), <[std::path::PathBuf; 0]>::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_fails_fails_the_file_and_the_next_try_goes_whole() {
    let full = Act::Answer("507 Insufficient Storage".to_owned(), Vec::new(), String::new());
    let locked = Act::Answer("423 Locked".to_owned(), Vec::new(), String::new());
    for (act, expected) in [
        (full, ErrorClass::Quota),
        (locked, ErrorClass::Transient),
        (Act::Cut(1 << 20), ErrorClass::Transient),
        (Act::LoseTheAnswer, ErrorClass::Transient),
    ] {
        let Some(place) = apache() else { return };
        let (connection, bytes) = (place.connect(), Bytes::from(noise(LARGE)));
        // The trial's three, and some of the file's.
        place.between.meddle("PUT", ".camroll/staging/", 9, 1, act.clone());
        let failed = put(&connection, file("large.mov", &key("large.mov")), &bytes).await;
        assert_eq!(class(failed).0, expected, "{act:?}");
        assert_eq!(stat(&connection, "large.mov").await, None);
        let before = place.ranges().len();
        assert!(before > TRIED);
        for cleared in connection
            .abort(vec![orphan("large.mov", &key("large.mov"))])
            .await
            .unwrap()
        {
            cleared.expect("taken away");
        }
        arrives(&place, &connection, "large.mov", &bytes).await;
        assert_eq!(place.ranges().len(), before, "{act:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_taken_away_between_its_ranges_isnt_believed() {
    let Some(place) = apache() else { return };
    let (connection, bytes) = (place.connect(), Bytes::from(noise(LARGE)));
    let (mut intake, outlet) = body(Some(bytes.len() as u64), Vec::new());
    let staging = connection.stage(file("large.mov", &key("large.mov")), outlet);
    let taking = async {
        // Two ranges and a little: most of the others can't have begun, however long they get where answers are slow.
        const FIRST: usize = 9 << 20;
        intake.append(bytes.slice(..FIRST)).await.expect("it is taken");
        // The trial's own file is made, and taken away, before that.
        let goes_on = async {
            while of_the_file(&place).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), goes_on)
            .await
            .expect("the first range makes the file, and others follow");
        // As older versions of Apache do when a range breaks off.
        for staged in place.staged() {
            std::fs::remove_file(staged).expect("it is there");
        }
        let _ = intake.append(bytes.slice(FIRST..)).await;
        let _ = intake.finish().await;
    };
    let (staged, ()) = tokio::join!(staging, taking);
    let (class, code) = class(staged);
    assert_eq!((class, code.as_str()), (ErrorClass::Transient, "webdav/draft-gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_never_arrive_whole() {
    let Some(place) = apache() else { return };
    let bytes = Bytes::from(noise(LARGE));
    let wrong = Digest {
        algorithm: camroll_model::Algorithm::Sha256,
        value: vec![0; 32],
    };
    let (intake, outlet) = body(Some(bytes.len() as u64), vec![wrong]);
    let connection = place.connect();
    let staging = connection.stage(file("large.mov", &key("large.mov")), outlet);
    let (staged, poured): (Result<Staged, _>, _) = tokio::join!(staging, pour(intake, bytes.clone()));
    assert!(poured.is_err());
    assert_eq!(class(staged).0, ErrorClass::Corrupt);
    let lengths: Vec<u64> = place
        .staged()
        .iter()
        .map(|staged| std::fs::metadata(staged).unwrap().len())
        .collect();
    assert!(
        matches!(lengths[..], [length] if length < bytes.len() as u64),
        "{lengths:?}"
    );
    assert_eq!(stat(&connection, "large.mov").await, None);
}
