//! What is put there, what is there then, and what is never replaced. The same on both servers.

use camroll_host::Connection;

use crate::files::holding::Times;
use crate::files::{holding, list};
use crate::place::{openssh, rclone, to_openssh, to_rclone};

const NAMES: [&str; 8] = [
    "2024/05/IMG_0001.HEIC",
    "Отпуск/Море.jpg",
    "休暇/写真 1.heic",
    "عطلة/صورة.jpg",
    "חופשה/תמונה.jpg",
    "वर्ष/चित्र.jpg",
    "emoji 👨‍👩‍👧/🏖.jpg",
    "quotes ' \" $(x) `y` \\ & ; * ?/-rf.jpg",
];

async fn all_of_it(connection: &Connection, files: &std::path::Path) {
    holding::what_is_put_there(connection, files, &NAMES, Times::Kept).await;
    let identity = connection.probe().await.expect("it is looked at");
    assert!(identity.free.is_some_and(|free| free > 0) && identity.total >= identity.free);
    holding::one_name_one_file(connection, files, NAMES[0], "sftp/conflict").await;
    holding::other_names(connection, files, |other| other.version = Some("1-1".to_owned())).await;
    holding::nothing_is_left(connection, files).await;
    holding::a_folder_in_the_way(connection, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_holds_what_is_put_there() {
    let Some(server) = openssh() else { return };
    all_of_it(&to_openssh(&server), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_holds_what_is_put_there() {
    let Some(server) = rclone() else { return };
    all_of_it(&to_rclone(&server), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_folder_is_listed_in_pages() {
    let Some(server) = openssh() else { return };
    let connection = to_openssh(&server);
    connection.check().await.unwrap();
    for number in 0..1234 {
        std::fs::write(server.files().join(format!("{number:05}.jpg")), b"x").unwrap();
    }
    let listed = list(&connection).await;
    let mut paths: Vec<_> = listed.into_iter().filter_map(|entry| entry.target.path).collect();
    paths.dedup();
    assert_eq!(paths.len(), 1234);
}
