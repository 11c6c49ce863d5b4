//! What is put there, what is there then, and what is never replaced.

use camroll_host::{Connection, Disposal};
use camroll_model::ErrorClass;
use camroll_servers::Samba;
use serde_json::json;

use crate::place::{
    TAKEN, class, connect, file, key, list, noise, orphan, put, read, samba, settings, stage, stat, to_samba, token,
    tools,
};

const NAMES: [&str; 8] = [
    "2024/05/IMG_0001.HEIC",
    "Отпуск/Море.jpg",
    "休暇/写真 1.heic",
    "عطلة/صورة.jpg",
    "חופשה/תמונה.jpg",
    "वर्ष/चित्र.jpg",
    "emoji 👨‍👩‍👧/🏖.jpg",
    "quotes ' $(x) `y` & ; ~/-rf.jpg",
];

async fn all_of_it(connection: &Connection, files: &std::path::Path) {
    assert_eq!(connection.check().await.expect("it signs in").id, None);
    let identity = connection.probe().await.expect("it is looked at");
    assert!(identity.free.is_some_and(|free| free > 0) && identity.total >= identity.free);
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
        assert_eq!(found.modified.expect("a time").seconds, TAKEN, "{name}");
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
    assert_eq!(class(refused), (ErrorClass::Conflict, "smb/conflict".to_owned()));
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

#[tokio::test(flavor = "multi_thread")]
async fn samba_holds_what_is_put_there() {
    let Some(server) = samba() else { return };
    all_of_it(&to_samba(&server), &server.files()).await;
}

/// Each version, signed and encrypted.
#[tokio::test(flavor = "multi_thread")]
async fn servers_of_every_age_hold_what_is_put_there() {
    let Some(tools) = tools("samba") else { return };
    let all: [&[&str]; 8] = [
        &["server smb encrypt = required"],
        &["server smb encrypt = off"],
        &["server smb3 encryption algorithms = AES-256-CCM"],
        &["server max protocol = SMB3_02", "server smb encrypt = required"],
        &["server max protocol = SMB3_02", "server smb encrypt = off"],
        &["server max protocol = SMB3_00"],
        &["server max protocol = SMB2_10"],
        // Nothing larger than what a server takes that knows no larger messages, and few credits.
        &[
            "smb2 max write = 65536",
            "smb2 max read = 65536",
            "smb2 max credits = 128",
        ],
    ];
    for lines in all {
        let server = Samba::with(&tools, lines);
        let connection = to_samba(&server);
        let bytes = noise(3_000_000);
        let at = || format!("{lines:?}");
        put(&connection, file("2024/a.mov", &key("a")), &bytes)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", at()));
        assert_eq!(read(&connection, "2024/a.mov", 0).await, bytes, "{}", at());
        assert_eq!(list(&connection).await.len(), 1, "{}", at());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_the_share_is_all_that_is_seen() {
    let Some(server) = samba() else { return };
    std::fs::create_dir_all(server.files().join("family/archive")).unwrap();
    std::fs::write(server.files().join("beside.jpg"), b"beside").unwrap();
    let mut settings = settings(&server);
    settings["path"] = json!("family/archive");
    let connection = connect(settings, &[("password", Samba::PASSWORD)]).unwrap();
    put(&connection, file("2024/a.jpg", &key("a")), b"bytes")
        .await
        .expect("put");
    assert_eq!(
        std::fs::read(server.files().join("family/archive/2024/a.jpg")).unwrap(),
        b"bytes"
    );
    let listed = list(&connection).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].target.path.as_deref(), Some("2024/a.jpg"));
}

/// Names differ only in their case: there is one file.
#[tokio::test(flavor = "multi_thread")]
async fn capitals_make_no_other_name() {
    let Some(server) = samba() else { return };
    let connection = to_samba(&server);
    put(&connection, file("IMG_1.JPG", &key("one")), b"one")
        .await
        .expect("put");
    let refused = put(&connection, file("img_1.jpg", &key("other")), b"other").await;
    assert_eq!(class(refused).0, ErrorClass::Conflict);
    assert_eq!(std::fs::read(server.files().join("IMG_1.JPG")).unwrap(), b"one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_folder_is_listed_in_pages() {
    let Some(server) = samba() else { return };
    let connection = to_samba(&server);
    connection.check().await.unwrap();
    for number in 0..1234 {
        std::fs::write(server.files().join(format!("{number:05}.jpg")), b"x").unwrap();
    }
    std::os::unix::fs::symlink("00000.jpg", server.files().join("link.jpg")).unwrap();
    let listed = list(&connection).await;
    let mut paths: Vec<_> = listed.into_iter().filter_map(|entry| entry.target.path).collect();
    paths.dedup();
    // Samba shows a link as what it leads to.
    assert_eq!(paths.len(), 1235);
}
