//! What breaks on the way: nothing half is seen, and what can go on goes on.

use bytes::Bytes;
use camroll_model::ErrorClass;
use camroll_servers::Samba;
use serde_json::json;

use crate::files::{breaking, class, file, key, noise, put, read};
use crate::meddler::Meddler;
use crate::place::{connect, samba, settings, to_samba, tools};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_its_last_byte_is_seen_nowhere() {
    let Some(server) = samba() else { return };
    breaking::wrong_at_the_end(&to_samba(&server), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_midst_is_transient_and_it_goes_on_afterwards() {
    let Some(mut server) = samba() else { return };
    let connection = to_samba(&server);
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
    let Some(server) = samba() else { return };
    let connection = to_samba(&server);
    let bytes = Bytes::from(noise(80 << 20));
    let checkpoint = breaking::broken_off(&connection, &bytes, 70 << 20).await;
    let checkpoint = checkpoint.expect("one was saved");
    // All but what was on its way: 4 MiB of the source and 8 MiB of unanswered writes.
    assert!(checkpoint.reached >= 58 << 20, "{}", checkpoint.reached);
    breaking::goes_on(&connection, &bytes, checkpoint).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_where_a_file_is_and_one_that_may_not_be_written() {
    let Some(server) = samba() else { return };
    let connection = to_samba(&server);
    put(&connection, file("taken", &key("taken")), b"a file").await.unwrap();
    let refused = put(&connection, file("taken/below.jpg", &key("below")), b"x").await;
    assert_eq!(class(refused).0, ErrorClass::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_somebody_alters_is_told_as_that_and_the_next_connection_is_a_new_one() {
    let Some(tools) = tools("samba") else { return };
    for lines in [
        [].as_slice(),
        &["server smb encrypt = off"],
        &["server max protocol = SMB2_10"],
    ] {
        let server = Samba::with(&tools, lines);
        let meddler = Meddler::before(server.port());
        let mut settings = settings(&server);
        settings["port"] = json!(meddler.port());
        let connection = connect(settings, &[("password", Samba::PASSWORD)]).unwrap();
        put(&connection, file("a.jpg", &key("a")), b"bytes").await.expect("put");
        meddler.alter();
        let refused = put(&connection, file("b.jpg", &key("b")), b"other bytes").await;
        assert_eq!(
            class(refused),
            (ErrorClass::PermissionDenied, "smb/tampered".to_owned()),
            "{lines:?}"
        );
        assert!(!server.files().join("b.jpg").exists());
        assert_eq!(read(&connection, "a.jpg", 0).await, "bytes", "{lines:?}");
    }
}
