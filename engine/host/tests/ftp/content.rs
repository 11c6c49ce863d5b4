//! What is put there, what is there then, and what is never replaced. The same on all servers, with TLS and without.

use camroll_host::{Connection, Disposal};
use camroll_model::ErrorClass;

use bytes::Bytes;
use camroll_servers::ftp::Protection;

use crate::place::{Place, TAKEN, class, file, key, list, noise, orphan, put, read, servers, stage, stat, token};
use crate::trusting::{Question, asked_where_trusted};

const NAMES: [&str; 8] = [
    "2024/05/IMG_0001.HEIC",
    "Отпуск/Море.jpg",
    "休暇/写真 1.heic",
    "عطلة/صورة.jpg",
    "חופשה/תמונה.jpg",
    "वर्ष/चित्र.jpg",
    "emoji 👨‍👩‍👧/🏖.jpg",
    "quotes ' \" $(x) `y` & ; [a] ?/-rf.jpg",
];

pub async fn all_of_it(place: &Place) {
    let connection = &place.connect();
    let files = place.files.as_path();
    assert_eq!(connection.check().await.expect("it signs in").id, None);
    connection.probe().await.expect("it is looked at");
    assert!(
        std::fs::read_dir(files).unwrap().next().is_none(),
        "looking writes nothing"
    );

    for name in NAMES {
        let stored = put(connection, file(name, &key(name)), name.as_bytes())
            .await
            .expect(name);
        assert_eq!(stored.entry.size, Some(name.len() as u64));
        assert_eq!(std::fs::read(files.join(name)).expect(name), name.as_bytes());
        assert_eq!(read(connection, name, 0).await, name.as_bytes());
        let found = stat(connection, name).await.expect(name);
        assert_eq!(found, stored.entry);
        let kept = found.modified.expect("a time").seconds == TAKEN;
        assert_eq!(kept, place.keeps_times, "{name}");
    }
    let mut listed: Vec<_> = list(connection)
        .await
        .into_iter()
        .filter_map(|entry| entry.target.path)
        .collect();
    listed.sort();
    let mut wanted = NAMES.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(listed, wanted);
    assert_eq!(stat(connection, "2024/nothing").await, None);
    assert_eq!(read(connection, NAMES[0], 5).await, &NAMES[0].as_bytes()[5..]);

    put(connection, file("empty", &key("empty")), b"")
        .await
        .expect("nothing is a file too");
    assert_eq!(std::fs::read(files.join("empty")).unwrap(), b"");
    one_name_one_file(connection, files).await;
    other_names(connection, files).await;
    nothing_is_left(connection, files).await;
}

async fn one_name_one_file(connection: &Connection, files: &std::path::Path) {
    let there = NAMES[0];
    let refused = put(connection, file(there, &key("second")), b"other").await;
    assert_eq!(class(refused), (ErrorClass::Conflict, "ftp/conflict".to_owned()));
    assert_eq!(std::fs::read(files.join(there)).unwrap(), there.as_bytes());

    let old = stat(connection, there).await.expect("it is there");
    let mut replacing = file(there, &key("third"));
    replacing.replaces = Some(old.clone());
    put(connection, replacing, b"replaced")
        .await
        .expect("that version is replaced");
    assert_eq!(std::fs::read(files.join(there)).unwrap(), b"replaced");

    let mut stale = file(there, &key("fourth"));
    stale.replaces = Some(old.clone());
    assert_eq!(class(put(connection, stale, b"late").await).0, ErrorClass::Conflict);
    assert_eq!(std::fs::read(files.join(there)).unwrap(), b"replaced");

    let mut gone = file("gone.jpg", &key("fifth"));
    gone.replaces = Some(old);
    assert_eq!(class(put(connection, gone, b"x").await).0, ErrorClass::Conflict);

    // Several at once: each ends on its own.
    let mut tokens = Vec::new();
    for name in ["batch/1", "batch/2", there, "batch/3"] {
        tokens.push(token(
            stage(connection, file(name, &key(&format!("b {name}"))), name.as_bytes())
                .await
                .unwrap(),
        ));
    }
    let ended = connection.commit(tokens.clone()).await.expect("a batch");
    let fine: Vec<_> = ended.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, true, false, true]);
    let again = connection
        .commit(tokens[..1].to_vec())
        .await
        .expect("a batch")
        .remove(0);
    assert_eq!(class(again).0, ErrorClass::Expired, "committed is held no more");
    for name in ["second", "fourth", "fifth", &format!("b {there}")] {
        connection
            .abort(vec![orphan(there, &key(name))])
            .await
            .unwrap()
            .remove(0)
            .unwrap();
    }
}

async fn other_names(connection: &Connection, files: &std::path::Path) {
    let old = stat(connection, "batch/1").await.unwrap();
    let moved = connection
        .rename(old.clone(), "elsewhere/1".to_owned())
        .await
        .expect("it moves");
    assert_eq!(moved.target.path.as_deref(), Some("elsewhere/1"));
    assert!(!files.join("batch/1").exists() && files.join("elsewhere/1").exists());
    assert_eq!(
        class(connection.rename(moved.clone(), "batch/2".to_owned()).await).0,
        ErrorClass::Conflict
    );
    assert_eq!(std::fs::read(files.join("batch/2")).unwrap(), b"batch/2");

    let mut other = moved.clone();
    other.version = Some("1-1".to_owned());
    other.size = Some(1);
    assert_eq!(
        class(connection.remove(other, Disposal::Delete).await).0,
        ErrorClass::Conflict
    );
    connection
        .remove(moved.clone(), Disposal::Delete)
        .await
        .expect("it is removed");
    assert!(!files.join("elsewhere/1").exists());
    assert_eq!(
        class(connection.remove(moved, Disposal::Delete).await).0,
        ErrorClass::NotFound
    );
}

async fn nothing_is_left(connection: &Connection, files: &std::path::Path) {
    let staged = stage(connection, file("aborted.jpg", &key("aborted")), &noise(300_000))
        .await
        .unwrap();
    let mut orphan = orphan("aborted.jpg", &key("aborted"));
    orphan.held = Some(token(staged));
    connection
        .abort(vec![orphan.clone()])
        .await
        .unwrap()
        .remove(0)
        .expect("taken away");
    connection
        .abort(vec![orphan])
        .await
        .unwrap()
        .remove(0)
        .expect("nothing to take away is fine");
    assert!(!files.join("aborted.jpg").exists());
    let left: Vec<_> = std::fs::read_dir(files.join(".camroll/staging"))
        .unwrap()
        .flatten()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A large file, there and back.
pub async fn large(place: &Place) {
    let connection = place.connect();
    let bytes = Bytes::from(noise(80 << 20));
    let started = std::time::Instant::now();
    put(&connection, file("large.mov", &key("large")), &bytes)
        .await
        .expect("80 MiB");
    let there = started.elapsed();
    assert!(std::fs::read(place.files.join("large.mov")).unwrap() == bytes);
    let started = std::time::Instant::now();
    assert!(read(&connection, "large.mov", 0).await == bytes);
    assert!(read(&connection, "large.mov", 79 << 20).await == bytes.slice(79 << 20..));
    println!("80 MiB there in {there:?}, back in {:?}", started.elapsed());
}

/// More than a page of a folder; what begins with a dot is there too.
pub async fn many(place: &Place) {
    let connection = place.connect();
    for number in 0..1234 {
        std::fs::write(place.files.join(format!(".{number:05}.jpg")), b"x").unwrap();
    }
    let listed = list(&connection).await;
    let mut paths: Vec<_> = listed.into_iter().filter_map(|entry| entry.target.path).collect();
    paths.retain(|path| path.starts_with(".0"));
    paths.dedup();
    assert_eq!(paths.len(), 1234);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_holds_what_is_put_there() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        all_of_it(&place).await;
        large(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_lists_a_large_folder() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        many(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_holds_what_is_put_there_with_tls() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        for (name, server, place) in servers(protection) {
            println!("{name}, {}", protection.word());
            asked_where_trusted(&server, &place, Question::AllOfIt).await;
        }
    }
}
