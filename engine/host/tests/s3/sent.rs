//! What settings say of objects, as it is sent.

use camroll_servers::buckets::SECRET_KEY;
use serde_json::json;

use crate::place::{SESSION_TOKEN, Saved, class, commit, connect, file, noise, rclone};

#[tokio::test(flavor = "multi_thread")]
async fn class_encryption_and_tags_go_with_whatever_makes_an_object() {
    let Some(place) = rclone() else { return };
    let mut settings = place.settings();
    settings["storage_class"] = "STANDARD_IA".into();
    settings["encryption"] = "AES256".into();
    settings["tags"] = json!(["from=camroll", "of=a family"]);
    settings["session_token"] = "secret:session-token".into();
    let connection = connect(settings, SECRET_KEY);
    let stored = place
        .put(&connection, file("small.jpg", "small"), b"mine")
        .await
        .expect("it is put");
    let token = place
        .parts(
            &connection,
            file("large.mov", "large"),
            &noise(70 << 20),
            &Saved::default(),
        )
        .await
        .expect("it is held");
    commit(&connection, &token).await.expect("put together");
    connection
        .rename(stored.entry, "moved.jpg".to_owned())
        .await
        .expect("it is moved");
    let asked = place.between.asked();
    let one = |begin: &str| {
        let mut found = asked.iter().filter(|asked| asked.line.starts_with(begin));
        found.next().unwrap_or_else(|| panic!("no {begin} in {asked:#?}"))
    };
    let photos = "/photos/family/archive";
    for (begin, tags) in [
        (format!("PUT {photos}/small.jpg"), Some("from=camroll&of=a%20family")),
        (
            format!("POST {photos}/large.mov?uploads="),
            Some("from=camroll&of=a%20family"),
        ),
        // A copy's tags are the object's, unless something else is said.
        (format!("PUT {photos}/moved.jpg"), None),
    ] {
        let sent = one(&begin);
        assert_eq!(sent.header("x-amz-storage-class"), Some("STANDARD_IA"), "{begin}");
        assert_eq!(sent.header("x-amz-server-side-encryption"), Some("AES256"), "{begin}");
        assert_eq!(sent.header("x-amz-tagging"), tags, "{begin}");
    }
    let copy = one(&format!("PUT {photos}/moved.jpg"));
    assert_eq!(
        copy.header("x-amz-copy-source"),
        Some("/photos/family/archive/small.jpg")
    );
    assert!(copy.header("x-amz-copy-source-if-match").is_some());
    assert_eq!(copy.header("x-amz-tagging-directive"), None);
    for sent in &asked {
        assert_eq!(
            sent.header("x-amz-security-token"),
            Some(SESSION_TOKEN),
            "{}",
            sent.line
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_a_copy_stays_where_it_is() {
    let Some(place) = rclone() else { return };
    let connection = place.connect();
    let stored = place
        .put(&connection, file("old.jpg", "old"), b"mine")
        .await
        .expect("it is put");
    let mut large = stored.entry;
    large.size = Some((5 << 30) + 1);
    let moved = connection.rename(large, "new.jpg".to_owned()).await;
    assert_eq!(class(moved).1, "s3/copy-too-large");
    assert_eq!(place.between.count("PUT", "/new.jpg"), 0);
    assert_eq!(place.between.count("DELETE", "/old.jpg"), 0);
}
