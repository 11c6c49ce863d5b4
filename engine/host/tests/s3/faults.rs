//! What breaks on the way of small files: nothing half is seen, and what was done is known for done.

use camroll_host::Keep;
use camroll_model::{Algorithm, Digest, ErrorClass};
use camroll_servers::Act;

use crate::place::{Saved, class, file, list, pour, rclone, read, replacing, seaweedfs, stat};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_answer_was_lost_is_ours_and_not_anothers() {
    for place in [seaweedfs(), rclone()].into_iter().flatten() {
        let connection = place.connect();
        place.between.meddle("PUT", "/lost.jpg", 0, 1, Act::LoseTheAnswer);
        let lost = place.put(&connection, file("lost.jpg", "lost"), b"one").await;
        assert_eq!(class(lost).0, ErrorClass::Transient);
        let again = place
            .put(&connection, file("lost.jpg", "lost"), b"one")
            .await
            .expect("it is there");
        assert_eq!(again.checked, [Algorithm::Md5]);
        let another = place.put(&connection, file("lost.jpg", "another"), b"one").await;
        assert_eq!(
            class(another).0,
            ErrorClass::Conflict,
            "the same bytes, staged by somebody else"
        );
        // In another one's place as well.
        place.between.meddle("PUT", "/lost.jpg", 0, 1, Act::LoseTheAnswer);
        let old = again.entry;
        let lost = place
            .put(&connection, replacing("lost.jpg", "new", old.clone()), b"two")
            .await;
        assert_eq!(class(lost).0, ErrorClass::Transient);
        place
            .put(&connection, replacing("lost.jpg", "new", old), b"two")
            .await
            .expect("it is there");
        assert_eq!(read(&connection, "lost.jpg", 0).await, b"two".as_slice());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_that_was_cut_off_after_its_copy_takes_nothing_away_when_it_is_asked_for_again() {
    let Some(place) = seaweedfs() else { return };
    let connection = place.connect();
    let stored = place
        .put(&connection, file("old.jpg", "moves"), b"one")
        .await
        .expect("it is put");
    let busy = Act::AnswerAtOnce("500 Internal Server Error".to_owned(), Vec::new(), String::new());
    place.between.meddle("DELETE", "/old.jpg", 0, 1, busy);
    let cut = connection.rename(stored.entry.clone(), "new.jpg".to_owned()).await;
    assert_eq!(class(cut).0, ErrorClass::Transient);
    assert_eq!(list(&connection, "").await, ["new.jpg", "old.jpg"]);
    // By what is there it can't be told whether that is two objects or one with two names.
    let again = connection.rename(stored.entry, "new.jpg".to_owned()).await;
    assert_eq!(class(again).0, ErrorClass::Conflict);
    assert_eq!(list(&connection, "").await, ["new.jpg", "old.jpg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_leaves_nothing() {
    let Some(place) = seaweedfs() else { return };
    let connection = place.connect();
    let bytes = crate::place::noise(3 << 20);
    place.between.meddle("PUT", "/cut.jpg", 0, 1, Act::Cut(1 << 20));
    let cut = place.put(&connection, file("cut.jpg", "cut"), &bytes).await;
    assert_eq!(class(cut).0, ErrorClass::Transient);
    assert_eq!(stat(&connection, "cut.jpg").await, None);
    place
        .put(&connection, file("cut.jpg", "cut"), &bytes)
        .await
        .expect("again");
    assert_eq!(read(&connection, "cut.jpg", 0).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_a_wrong_digest_proves_nothing() {
    let Some(place) = rclone() else { return };
    let taken = Act::Answer("200 OK".to_owned(), Vec::new(), String::new());
    place.between.meddle("PUT", ".camroll/probe", 0, 9, taken);
    let connection = place.connect();
    let stored = place
        .put(&connection, file("x.jpg", "x"), b"x")
        .await
        .expect("it is put");
    assert!(stored.checked.is_empty(), "{stored:?}");
    // It tells a digest all the same, which is the service's own word.
    assert_eq!(stored.entry.digests.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_its_last_byte_is_no_object() {
    for place in [seaweedfs(), rclone()].into_iter().flatten() {
        let connection = place.connect();
        // A small one is never begun: it goes when all of it is known. A large one is on its way by then.
        let bytes = crate::place::noise(70 << 20);
        let wrong = Digest {
            algorithm: Algorithm::Sha256,
            value: vec![0; 32],
        };
        let (intake, outlet) = place.body(bytes.len() as u64, Keep::Behind(40 << 20), vec![wrong]);
        let outlet = outlet.saving(Saved::default().saver());
        let wanted = file("large.mov", "large");
        let (staged, poured) = tokio::join!(connection.stage(wanted.clone(), outlet), pour(intake, bytes));
        assert!(poured.is_err());
        assert_eq!(class(staged).0, ErrorClass::Corrupt);
        crate::place::abort(&connection, crate::place::orphan(&wanted)).await;
        assert_eq!(list(&connection, "").await, Vec::<String>::new());
        assert!(!place.uploads().contains("large.mov"), "{}", place.uploads());
        assert_eq!(place.between.count("POST", "large.mov?uploads="), 1);
        assert_eq!(place.between.count("DELETE", "large.mov?uploadId="), 1);
        assert_eq!(
            place.between.count("POST", "large.mov?uploadId="),
            0,
            "never put together"
        );
    }
}
