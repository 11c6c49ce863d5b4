//! Object Lock, on a server that enforces it; an rclone of its own tries to break it.

use camroll_host::Disposal;
use camroll_model::ErrorClass;
use camroll_servers::Act;
use camroll_servers::buckets::SECRET_KEY;
use serde_json::json;

use crate::place::{Place, Saved, class, commit, connect, file, list, noise, rclone, replacing, seaweedfs, stat};

/// A bucket with Object Lock, and the settings that lead there.
fn locked_bucket(place: &Place) -> serde_json::Value {
    place
        .bucket
        .rclone_says(&["mkdir", ":s3:locked", "--s3-bucket-object-lock-enabled"])
        .expect("a bucket with Object Lock");
    let mut settings = place.settings();
    settings["bucket"] = "locked".into();
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_stays() {
    let Some(place) = seaweedfs() else { return };
    let mut settings = locked_bucket(&place);
    settings["lock"] = json!({"mode": "compliance", "for": "30d"});
    let connection = connect(settings.clone(), SECRET_KEY);
    let features = connection.probe().await.expect("it is looked at").features;
    assert!(features.has_trait("immutable") && !features.has_trait("replace"));

    let stored = place
        .put(&connection, file("small.jpg", "small"), b"mine")
        .await
        .expect("it is put");
    let bytes = noise(70 << 20);
    let token = place
        .parts(&connection, file("large.mov", "large"), &bytes, &Saved::default())
        .await
        .expect("it is held");
    commit(&connection, &token).await.expect("put together");

    let over = place.put(&connection, file("small.jpg", "other"), b"other").await;
    assert_eq!(class(over).0, ErrorClass::Conflict);
    let locked = (ErrorClass::Unsupported, "s3/locked".to_owned());
    let replaced = replacing("small.jpg", "third", stored.entry.clone());
    assert_eq!(class(place.put(&connection, replaced, b"other").await), locked);
    assert_eq!(
        class(connection.remove(stored.entry.clone(), Disposal::Delete).await),
        locked
    );
    assert_eq!(
        class(connection.rename(stored.entry.clone(), "b.jpg".to_owned()).await),
        locked
    );
    assert_eq!(stat(&connection, "small.jpg").await, Some(stored.entry));

    assert_eq!(versions(&place, "locked"), 2, "one version of each");
    for path in ["small.jpg", "large.mov"] {
        hide(&place, "locked", path);
        assert_eq!(stat(&connection, path).await, None);
    }
    assert_eq!(
        versions_after_a_purge(&place, "locked"),
        2,
        "the locked versions are there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_without_lock_is_refused_before_anything_is_sent() {
    let Some(place) = seaweedfs() else { return };
    let mut settings = place.settings();
    settings["lock"] = json!({"mode": "governance", "for": "30d"});
    let refused = connect(settings, SECRET_KEY).probe().await;
    assert_eq!(
        class(refused),
        (ErrorClass::InvalidSetting, "s3/bucket-without-lock".to_owned())
    );
    assert_eq!(place.between.count("PUT", ""), 0);
}

/// It takes a lock's headers like any others.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_locks_nothing_is_found_out_by_the_first_object() {
    let Some(place) = rclone() else { return };
    for lock in [json!({"mode": "governance", "for": "30d"}), json!({"legal_hold": true})] {
        let mut settings = place.settings();
        settings["lock"] = lock;
        let connection = connect(settings, SECRET_KEY);
        connection.probe().await.expect("it doesn't know the question");
        let not_locked = (ErrorClass::InvalidSetting, "s3/not-locked".to_owned());
        // The second time it is the object of the first, whose answer was no.
        for _ in 0..2 {
            let put = place.put(&connection, file("small.jpg", "small"), b"mine").await;
            assert_eq!(class(put), not_locked);
        }
        let token = place
            .parts(
                &connection,
                file("large.mov", "large"),
                &noise(70 << 20),
                &Saved::default(),
            )
            .await
            .expect("it is held");
        assert_eq!(class(commit(&connection, &token).await), not_locked);
        for path in list(&connection, "").await {
            let remote = format!(":s3:photos/family/archive/{path}");
            place
                .bucket
                .rclone_says(&["deletefile", &remote])
                .expect("nothing holds it");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_lock_cant_be_seen_counts_for_nothing_until_it_can() {
    let Some(place) = seaweedfs() else { return };
    let mut settings = locked_bucket(&place);
    settings["lock"] = json!({"mode": "governance", "for": "30d", "legal_hold": true});
    for withheld in [
        "x-amz-object-lock-mode",
        "x-amz-object-lock-retain-until-date",
        "x-amz-object-lock-legal-hold",
    ] {
        let connection = connect(settings.clone(), SECRET_KEY);
        let path = format!("{withheld}.jpg");
        // Looked at before, since what is there may not be ours: that one doesn't matter.
        let act = Act::Withhold(withheld.to_owned());
        place.between.meddle("HEAD", &path, 0, 9, act);
        let put = place.put(&connection, file(&path, withheld), b"mine").await;
        assert_eq!(class(put).1, "s3/not-locked", "{withheld}");
        place.between.mend();
        place
            .put(&connection, file(&path, withheld), b"mine")
            .await
            .expect("it is locked");
    }
    assert_eq!(versions(&place, "locked"), 3, "one version of each");
}

/// Versions of files, those that are hidden too.
fn versions(place: &Place, bucket: &str) -> usize {
    let remote = format!(":s3,versions=true:{bucket}/family/archive");
    let listed = place
        .bucket
        .rclone_says(&["lsf", "-R", "--files-only", &remote])
        .expect("a list");
    listed.lines().filter(|line| !line.starts_with(".camroll/")).count()
}

/// What somebody does who has every right and no care: the object is hidden, its version may be held.
fn hide(place: &Place, bucket: &str, path: &str) {
    let remote = format!(":s3:{bucket}/family/archive/{path}");
    place
        .bucket
        .rclone_says(&["deletefile", &remote])
        .expect("it is hidden");
}

fn versions_after_a_purge(place: &Place, bucket: &str) -> usize {
    // It fails where something is held.
    let _ = place
        .bucket
        .rclone_says(&["backend", "cleanup-hidden", &format!(":s3:{bucket}")]);
    versions(place, bucket)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_hold_is_one_too() {
    let Some(place) = seaweedfs() else { return };
    place
        .bucket
        .rclone_says(&["mkdir", ":s3:held", "--s3-bucket-object-lock-enabled"])
        .expect("a bucket with Object Lock");
    let mut settings = place.settings();
    settings["bucket"] = "held".into();
    settings["lock"] = json!({"legal_hold": true});
    let connection = connect(settings, SECRET_KEY);
    place
        .put(&connection, file("small.jpg", "small"), b"mine")
        .await
        .expect("it is put");
    hide(&place, "held", "small.jpg");
    assert_eq!(versions_after_a_purge(&place, "held"), 1, "it is held");

    // Without a lock that very purge takes all of it.
    let mut settings = place.settings();
    settings["bucket"] = "held".into();
    let unlocked = connect(settings, SECRET_KEY);
    place
        .put(&unlocked, file("free.jpg", "free"), b"mine")
        .await
        .expect("it is put");
    hide(&place, "held", "free.jpg");
    assert_eq!(versions_after_a_purge(&place, "held"), 1);
}
