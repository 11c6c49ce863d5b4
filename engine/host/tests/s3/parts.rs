//! Large files: in parts that nobody sees, taken up where they were cut off.

use camroll_model::{Algorithm, ErrorClass};
use camroll_servers::Act;

use crate::place::{Saved, abort, class, commit, file, list, noise, orphan, rclone, read, seaweedfs, stat};

/// In parts of 8 MiB: nine of them.
const LARGE: usize = 70 << 20;
const PARTS: usize = 9;

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_seen_together_or_not_at_all() {
    // rclone's compares no checksum that follows the bytes.
    for (place, compared) in [(seaweedfs(), Algorithm::Crc32c), (rclone(), Algorithm::Md5)] {
        let Some(place) = place else { continue };
        let connection = place.connect();
        let bytes = noise(LARGE);
        let token = place
            .parts(&connection, file("a b/long+é.mov", "long"), &bytes, &Saved::default())
            .await
            .expect("it is held");
        assert_eq!(stat(&connection, "a b/long+é.mov").await, None);
        assert_eq!(place.between.count("PUT", "mov?partNumber="), PARTS);
        let stored = commit(&connection, &token).await.expect("put together");
        assert_eq!(stored.checked, [compared]);
        assert_eq!(stored.entry.size, Some(LARGE as u64));
        assert_eq!(read(&connection, "a b/long+é.mov", 0).await, bytes);
        let again = commit(&connection, &token).await;
        assert_eq!(class(again).0, ErrorClass::Expired, "nothing is held any more");
        // Somebody was faster.
        let second = file("second.mov", "second");
        let token = place
            .parts(&connection, second.clone(), &bytes, &Saved::default())
            .await
            .expect("it is held");
        place
            .put(&connection, file("second.mov", "other"), b"first")
            .await
            .expect("there is nothing yet");
        assert_eq!(class(commit(&connection, &token).await).0, ErrorClass::Conflict);
        assert_eq!(read(&connection, "second.mov", 0).await, b"first".as_slice());
        let mut left = orphan(&second);
        left.held = Some(token);
        assert!(place.uploads().contains("second.mov"));
        abort(&connection, left.clone()).await;
        abort(&connection, left).await;
        assert!(!place.uploads().contains("second.mov"), "{}", place.uploads());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parts_etag_is_no_digest_where_the_bucket_encrypts_by_its_own_key() {
    // Its parts are sent with their MD5.
    let Some(place) = rclone() else { return };
    let bytes = noise(LARGE);
    let etag = ("ETag".to_owned(), format!("\"{}\"", "0".repeat(32)));
    let encrypted = ("x-amz-server-side-encryption".to_owned(), "aws:kms".to_owned());
    let answers = |headers| Act::Answer("200 OK".to_owned(), headers, String::new());
    place
        .between
        .meddle("PUT", "partNumber=3", 0, 1, answers(vec![etag.clone(), encrypted]));
    place
        .parts(&place.connect(), file("a.mov", "a"), &bytes, &Saved::default())
        .await
        .expect("it is held");
    // Where nothing says so, it is another part than was sent.
    place.between.meddle("PUT", "partNumber=3", 0, 1, answers(vec![etag]));
    let differs = place
        .parts(&place.connect(), file("b.mov", "b"), &bytes, &Saved::default())
        .await;
    assert_eq!(class(differs).1, "s3/part-differs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_changes_on_its_way_is_refused_by_the_checksum_behind_it() {
    let Some(place) = seaweedfs() else { return };
    let bytes = noise(LARGE);
    place.between.meddle("PUT", "partNumber=2", 0, 1, Act::Flip(4 << 20));
    let saved = Saved::default();
    let put = place.parts(&place.connect(), file("a.mov", "a"), &bytes, &saved).await;
    assert_eq!(class(put).0, ErrorClass::Transient);
    // It goes on from what arrived as it was sent.
    assert_eq!(saved.last().expect("one was saved").reached, 8 << 20);
    let mut again = file("a.mov", "a");
    again.checkpoint = saved.last().map(|checkpoint| checkpoint.state);
    let connection = place.connect();
    let token = place
        .parts(&connection, again, &bytes, &saved)
        .await
        .expect("it goes on");
    commit(&connection, &token).await.expect("put together");
    assert_eq!(read(&connection, "a.mov", 0).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_where_it_was_cut_off() {
    for place in [seaweedfs(), rclone()].into_iter().flatten() {
        let bytes = noise(LARGE);
        let saved = Saved::default();
        place.between.meddle("PUT", "partNumber=7", 0, 1, Act::Cut(1 << 20));
        let cut = place
            .parts(&place.connect(), file("long.mov", "long"), &bytes, &saved)
            .await;
        assert_eq!(class(cut).0, ErrorClass::Transient);
        let checkpoint = saved.last().expect("one was saved");
        assert_eq!(checkpoint.reached, 6 * (8 << 20));
        // Another process, days later.
        let connection = place.connect();
        let mut again = file("long.mov", "long");
        again.checkpoint = Some(checkpoint.state);
        let token = place
            .parts(&connection, again, &bytes, &saved)
            .await
            .expect("it goes on");
        for part in 1..=6 {
            let sent = place.between.count("PUT", &format!("mov?partNumber={part}&"));
            assert_eq!(sent, 1, "part {part} was there");
        }
        assert_eq!(place.between.count("POST", "mov?uploads="), 1, "it is the same upload");
        commit(&connection, &token).await.expect("put together");
        assert_eq!(read(&connection, "long.mov", 0).await, bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_the_service_forgot_begins_anew() {
    let Some(place) = seaweedfs() else { return };
    let connection = place.connect();
    let bytes = noise(LARGE);
    let saved = Saved::default();
    place.between.meddle("PUT", "partNumber=4", 0, 1, Act::Cut(0));
    let wanted = file("long.mov", "long");
    let cut = place.parts(&connection, wanted.clone(), &bytes, &saved).await;
    assert_eq!(class(cut).0, ErrorClass::Transient);
    assert!(place.uploads().contains("long.mov"));
    // Only its key is known.
    abort(&connection, orphan(&wanted)).await;
    assert!(!place.uploads().contains("long.mov"), "{}", place.uploads());
    let mut again = wanted;
    again.checkpoint = saved.last().map(|checkpoint| checkpoint.state);
    let token = place
        .parts(&connection, again, &bytes, &saved)
        .await
        .expect("from the beginning");
    commit(&connection, &token).await.expect("put together");
    assert_eq!(read(&connection, "long.mov", 0).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn putting_together_can_fail_with_status_200_or_be_done_unheard() {
    let Some(place) = seaweedfs() else { return };
    let connection = place.connect();
    let bytes = noise(LARGE);
    let token = place
        .parts(&connection, file("long.mov", "long"), &bytes, &Saved::default())
        .await
        .expect("it is held");
    let body = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>Try again.</Message></Error>";
    let late = Act::Answer("200 OK".to_owned(), Vec::new(), body.to_owned());
    place.between.meddle("POST", "uploadId=", 0, 1, late);
    place.between.meddle("POST", "uploadId=", 0, 1, Act::LoseTheAnswer);
    assert_eq!(
        class(commit(&connection, &token).await),
        (ErrorClass::Transient, "s3/InternalError".to_owned())
    );
    assert_eq!(list(&connection, "").await, Vec::<String>::new());
    assert_eq!(class(commit(&connection, &token).await).0, ErrorClass::Transient);
    // It was done: held is nothing, and there it is.
    assert_eq!(class(commit(&connection, &token).await).0, ErrorClass::Expired);
    assert_eq!(read(&connection, "long.mov", 0).await, bytes);
}
