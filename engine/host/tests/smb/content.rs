//! What is put there, what is there then, and what is never replaced.

use camroll_host::Connection;
use camroll_model::ErrorClass;
use camroll_servers::Samba;
use serde_json::json;

use crate::files::holding::Times;
use crate::files::{class, file, holding, key, list, noise, put, read};
use crate::place::{connect, samba, settings, to_samba, tools};

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
    holding::what_is_put_there(connection, files, &NAMES, Times::Kept).await;
    let identity = connection.probe().await.expect("it is looked at");
    assert!(identity.free.is_some_and(|free| free > 0) && identity.total >= identity.free);
    holding::one_name_one_file(connection, files, NAMES[0], "smb/conflict").await;
    holding::other_names(connection, files, |entry| entry.version = Some("1-1".to_owned())).await;
    holding::nothing_is_left(connection, files).await;
    holding::a_folder_in_the_way(connection, files).await;
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
