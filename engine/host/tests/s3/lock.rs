//! Object Lock, on a server that enforces it; an rclone of its own tries to break it.

use camroll_host::Disposal;
use camroll_model::ErrorClass;
use camroll_servers::buckets::SECRET_KEY;
use serde_json::json;

use crate::place::{Saved, class, commit, connect, file, noise, read, replacing, seaweedfs, stat};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_stays() {
    let Some(place) = seaweedfs() else { return };
    place
        .bucket
        .rclone_says(&["mkdir", ":s3:locked", "--s3-bucket-object-lock-enabled"])
        .expect("a bucket with Object Lock");
    let mut settings = place.settings();
    settings["bucket"] = "locked".into();
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

    // The service holds each of them: not even its administrator takes one away.
    let listed = place
        .bucket
        .rclone_says(&["lsf", "-R", "--files-only", ":s3,versions=true:locked/family/archive"])
        .expect("a list");
    let files: Vec<&str> = listed.lines().filter(|line| !line.starts_with(".camroll/")).collect();
    assert_eq!(files.len(), 2, "one version of each: {listed}");
    for path in ["small.jpg", "large.mov"] {
        let remote = format!(":s3:locked/family/archive/{path}");
        place
            .bucket
            .rclone_says(&["deletefile", &remote])
            .expect("it is hidden");
        assert_eq!(stat(&connection, path).await, None);
    }
    place.bucket.rclone_says(&["cleanup", "--s3-versions", ":s3:locked"]);
    place.bucket.rclone_says(&["backend", "cleanup-hidden", ":s3:locked"]);
    let left = place
        .bucket
        .rclone_says(&["lsf", "-R", "--files-only", ":s3,versions=true:locked/family/archive"])
        .expect("a list");
    let left: Vec<&str> = left.lines().filter(|line| !line.starts_with(".camroll/")).collect();
    assert_eq!(left.len(), 2, "the locked versions are there: {left:?}");
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
    assert_eq!(read(&connection, "small.jpg", 0).await, b"mine".as_slice());
}
