//! What breaks on the way: nothing half is seen, and what can go on goes on.

use bytes::Bytes;
use camroll_model::ErrorClass;
use camroll_servers::ftp::{Ftp, Protection};

use crate::files::{body, breaking, class, file, key, noise, pour, put};
use crate::place::{Place, servers, tools};
use crate::replacing;
use crate::trusting::{Question, asked_where_trusted};

pub async fn wrong_at_the_end(place: &Place) {
    breaking::wrong_at_the_end(&place.connect(), &place.files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_its_last_byte_is_seen_nowhere() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        wrong_at_the_end(&place).await;
    }
    for (name, server, place) in servers(Protection::Explicit) {
        println!("{name}, explicit");
        asked_where_trusted(&server, &place, Question::WrongAtTheEnd).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_that_was_cut_off_anywhere_is_mended() {
    let Some(tools) = tools("proftpd") else { return };
    let server = Ftp::that_overwrites_nothing(&tools);
    replacing::cut_off_anywhere(&Place::of(&server).connect(), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_midst_is_transient_and_it_goes_on_afterwards() {
    let Some(tools) = tools("pyftpdlib") else { return };
    let mut server = Ftp::pyftpdlib(&tools, Protection::Plain);
    let connection = Place::of(&server).connect();
    connection.check().await.unwrap();
    let bytes = Bytes::from(noise(20_000_000));
    let files = server.files();
    breaking::killed(&connection, &files, &bytes, || server.kill().expect("killed")).await;
    server.restart();
    put(&connection, file("killed.mov", &key("killed")), &bytes)
        .await
        .expect("again");
    assert!(std::fs::read(server.files().join("killed.mov")).unwrap() == bytes);
}

/// What is cut off goes on from its checkpoint, and ends with the right bytes; where the server can't, none is saved.
pub async fn goes_on(place: &Place) {
    let connection = place.connect();
    let bytes = Bytes::from(noise(80 << 20));
    let checkpoint = breaking::broken_off(&connection, &bytes, 74 << 20).await;
    assert_eq!(checkpoint.is_some(), place.goes_on);
    let Some(checkpoint) = checkpoint else { return };
    assert_eq!(checkpoint.reached, 64 << 20);
    breaking::goes_on(&connection, &bytes, checkpoint).await;
    let left = std::fs::read_dir(place.files.join(".camroll/staging")).unwrap().count();
    assert_eq!(left, 0, "what was tried is taken away");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_from_its_checkpoint_where_the_server_can() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        goes_on(&place).await;
    }
    for (name, server, place) in servers(Protection::Explicit) {
        println!("{name}, explicit");
        asked_where_trusted(&server, &place, Question::GoesOn).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_what_is_gone_has_expired() {
    for (name, _server, place) in servers(Protection::Plain) {
        let connection = place.connect();
        let (intake, outlet) = body(Some(10), Vec::new());
        let mut lost = file("lost.mov", &key("lost"));
        lost.checkpoint = Some(br#"{"bytes":5}"#.to_vec());
        let (staged, _) = tokio::join!(connection.stage(lost, outlet), pour(intake, noise(10).into()));
        assert_eq!(
            class(staged),
            (ErrorClass::Expired, "ftp/upload-lost".to_owned()),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_where_a_file_is() {
    for (name, _server, place) in servers(Protection::Plain) {
        let connection = place.connect();
        put(&connection, file("taken", &key("taken")), b"a file").await.unwrap();
        let refused = put(&connection, file("taken/below.jpg", &key("below")), b"x").await;
        assert_eq!(class(refused).0, ErrorClass::Conflict, "{name}");
        // And a file where a folder is, which isn't one that could be replaced.
        put(&connection, file("folder/a", &key("a")), b"x").await.unwrap();
        let refused = put(&connection, file("folder", &key("folder")), b"x").await;
        assert_eq!(class(refused).0, ErrorClass::Conflict, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_went_is_made_again() {
    for (name, _server, place) in servers(Protection::Plain) {
        let connection = place.connect();
        put(&connection, file("2024/a", &key("a")), b"a").await.unwrap();
        std::fs::remove_dir_all(place.files.join(".camroll")).unwrap();
        std::fs::remove_dir_all(place.files.join("2024")).unwrap();
        let mut ended = put(&connection, file("2024/b", &key("b")), b"b").await;
        if ended.is_err() {
            // What was known of the folder is forgotten with the first refusal.
            ended = put(&connection, file("2024/b", &key("b")), b"b").await;
        }
        ended.expect(name);
        assert_eq!(std::fs::read(place.files.join("2024/b")).unwrap(), b"b", "{name}");
    }
}
