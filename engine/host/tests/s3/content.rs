//! What is put there, what is there then, and what is never replaced. The same on both servers.

use camroll_host::Disposal;
use camroll_model::{Algorithm, ErrorClass};

use crate::place::{Place, TAKEN, class, file, list, rclone, read, replacing, seaweedfs, stat};

const NAMES: [&str; 9] = [
    "2024/05/IMG_0001.HEIC",
    "Отпуск/Море.jpg",
    "休暇/写真 1.heic",
    "عطلة/صورة.jpg",
    "חופשה/תמונה.jpg",
    "वर्ष/चित्र.jpg",
    "emoji 👨‍👩‍👧/🏖.jpg",
    "quotes ' $(x) `y` & ; * !~(1)[2]/-rf.jpg",
    "not encoded/100%25 a+b%2B <x>.jpg",
];

async fn all_of_it(place: &Place, conditions: Conditions) {
    let connection = place.connect();
    connection.check().await.expect("it signs in");
    let identity = connection.probe().await.expect("it is looked at");
    assert!(identity.features.has_trait("replace") && !identity.features.has_trait("immutable"));
    assert_eq!(place.between.count("PUT", ""), 0, "looking writes nothing");
    for name in NAMES {
        let stored = place
            .put(&connection, file(name, name), name.as_bytes())
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(stored.checked, [Algorithm::Md5], "both servers refuse a wrong one");
        assert_eq!(read(&connection, name, 0).await, name.as_bytes());
        let found = stat(&connection, name).await.expect(name);
        assert_eq!(found, stored.entry, "{name}");
        assert_eq!(found.modified.expect("a time").seconds, TAKEN, "{name}");
        assert_eq!(found.digests.len(), 1, "{name}");
    }
    let mut wanted = NAMES.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(list(&connection, "").await, wanted);
    assert_eq!(list(&connection, "2024").await, [NAMES[0]]);
    assert_eq!(stat(&connection, "2024/nothing").await, None);
    assert_eq!(read(&connection, NAMES[0], 5).await, &NAMES[0].as_bytes()[5..]);
    place
        .put(&connection, file("empty", "empty"), b"")
        .await
        .expect("nothing is a file too");
    assert_eq!(read(&connection, "empty", 0).await, b"".as_slice());
    // A server that keeps conditions is asked beforehand only what it does; another one, before each file.
    let looked = place.between.count("HEAD", "/empty");
    assert_eq!(looked, usize::from(conditions == Conditions::Ignored));
    one_key_one_file(place, &connection).await;
    other_keys(&connection).await;
}

async fn one_key_one_file(place: &Place, connection: &camroll_host::Connection) {
    let there = NAMES[0];
    let refused = place.put(connection, file(there, "second"), b"other").await;
    assert_eq!(
        class(refused),
        (ErrorClass::Conflict, "s3/PreconditionFailed".to_owned())
    );
    assert_eq!(read(connection, there, 0).await, there.as_bytes());
    let old = stat(connection, there).await.expect("it is there");
    place
        .put(connection, replacing(there, "third", old.clone()), b"replaced")
        .await
        .expect("that version is replaced");
    assert_eq!(read(connection, there, 0).await, b"replaced".as_slice());
    let late = place
        .put(connection, replacing(there, "fourth", old.clone()), b"late")
        .await;
    assert_eq!(class(late).0, ErrorClass::Conflict);
    assert_eq!(read(connection, there, 0).await, b"replaced".as_slice());
    let gone = place.put(connection, replacing("gone.jpg", "fifth", old), b"x").await;
    assert_eq!(class(gone).0, ErrorClass::Conflict);
    assert_eq!(stat(connection, "gone.jpg").await, None);
}

async fn other_keys(connection: &camroll_host::Connection) {
    let old = stat(connection, NAMES[1]).await.unwrap();
    let moved = connection
        .rename(old.clone(), "elsewhere/é+1.jpg".to_owned())
        .await
        .expect("it moves");
    assert_eq!(stat(connection, NAMES[1]).await, None);
    assert_eq!(read(connection, "elsewhere/é+1.jpg", 0).await, NAMES[1].as_bytes());
    let taken = connection.rename(moved.clone(), NAMES[2].to_owned()).await;
    assert_eq!(class(taken).0, ErrorClass::Conflict);
    let mut other = moved.clone();
    other.version = Some("\"1\"".to_owned());
    assert_eq!(
        class(connection.remove(other, Disposal::Delete).await).0,
        ErrorClass::Conflict
    );
    connection.remove(moved, Disposal::Delete).await.expect("it is removed");
    assert_eq!(stat(connection, "elsewhere/é+1.jpg").await, None);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conditions {
    Kept,
    Ignored,
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs_holds_what_is_put_there() {
    let Some(place) = seaweedfs() else { return };
    all_of_it(&place, Conditions::Kept).await;
    // By buckets' own names as well.
    let mut settings = place.settings();
    let endpoint = format!(
        "http://{}:{}",
        camroll_servers::buckets::DOMAIN,
        place.bucket.address().port()
    );
    settings["endpoint"] = endpoint.into();
    settings["path_style"] = false.into();
    let connection = crate::place::connect(settings, camroll_servers::buckets::SECRET_KEY);
    assert_eq!(read(&connection, NAMES[2], 0).await, NAMES[2].as_bytes());
    place
        .put(&connection, file("by name.jpg", "by name"), b"by name")
        .await
        .expect("it is put");
    assert_eq!(read(&place.connect(), "by name.jpg", 0).await, b"by name".as_slice());
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_holds_what_is_put_there() {
    let Some(place) = rclone() else { return };
    all_of_it(&place, Conditions::Ignored).await;
}
