//! What breaks on the way: nothing half is seen, and what can go on goes on.

use bytes::Bytes;
use camroll_model::ErrorClass;
use camroll_servers::OpenSsh;

use crate::files::{breaking, class, file, key, noise, put};
use crate::place::{openssh, rclone, to_openssh, to_rclone, tools};
use crate::replacing;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_its_last_byte_is_seen_nowhere() {
    let Some(server) = openssh() else { return };
    breaking::wrong_at_the_end(&to_openssh(&server), &server.files()).await;
    let Some(server) = rclone() else { return };
    breaking::wrong_at_the_end(&to_rclone(&server), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_that_was_cut_off_anywhere_is_mended() {
    let Some(tools) = tools("openssh") else { return };
    let server = OpenSsh::that_replaces_nothing(&tools);
    replacing::cut_off_anywhere(&to_openssh(&server), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_midst_is_transient_and_it_goes_on_afterwards() {
    let Some(mut server) = openssh() else { return };
    let connection = to_openssh(&server);
    connection.check().await.unwrap();
    let bytes = Bytes::from(noise(20_000_000));
    let files = server.files();
    breaking::killed(&connection, &files, &bytes, || server.kill().expect("killed")).await;
    server.restart();
    put(&connection, file("killed.mov", &key("killed")), &bytes)
        .await
        .expect("again");
    assert_eq!(std::fs::read(server.files().join("killed.mov")).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_from_its_checkpoint() {
    let Some(server) = openssh() else { return };
    let connection = to_openssh(&server);
    let bytes = Bytes::from(noise(96 << 20));
    // On a busy machine it takes two connections, with 8 MiB of each under way: so far beyond 64 MiB these were answered, whatever the disk does.
    let checkpoint = breaking::broken_off(&connection, &bytes, 84 << 20).await;
    let checkpoint = checkpoint.expect("one was saved");
    assert!(checkpoint.reached >= 64 << 20);
    breaking::goes_on(&connection, &bytes, checkpoint).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_where_a_file_is_and_one_that_may_not_be_written() {
    let Some(server) = openssh() else { return };
    let connection = to_openssh(&server);
    put(&connection, file("taken", &key("taken")), b"a file").await.unwrap();
    let refused = put(&connection, file("taken/below.jpg", &key("below")), b"x").await;
    assert_eq!(class(refused).0, ErrorClass::Conflict);
}
