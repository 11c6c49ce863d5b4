//! What breaks on the way: nothing half is seen, and what can go on goes on.

use bytes::Bytes;
use camroll_host::{Connection, Keep, OutletOptions, PipeOptions, pipe};
use camroll_model::{Algorithm, Digest, ErrorClass};
use camroll_servers::Samba;
use serde_json::json;

use crate::meddler::Meddler;
use crate::place::{
    body, class, connect, file, key, noise, orphan, pour, put, read, samba, settings, stat, to_samba, tools,
};

/// Wrong at its last byte: nothing at the real name, and after `abort` nothing at all.
async fn wrong_at_the_end(connection: &Connection, files: &std::path::Path) {
    let bytes = noise(3_000_000);
    let wrong = Digest {
        algorithm: Algorithm::Sha256,
        value: vec![0; 32],
    };
    let (intake, outlet) = body(Some(bytes.len() as u64), vec![wrong]);
    let (staged, poured) = tokio::join!(
        connection.stage(file("2024/wrong.heic", &key("wrong")), outlet),
        pour(intake, bytes.into())
    );
    assert!(poured.is_err());
    assert_eq!(class(staged).0, ErrorClass::Corrupt);
    assert!(!files.join("2024/wrong.heic").exists());
    let aborted = connection.abort(vec![orphan("2024/wrong.heic", &key("wrong"))]).await;
    aborted.unwrap().remove(0).expect("taken away");
    assert!(
        std::fs::read_dir(files.join(".camroll/staging"))
            .unwrap()
            .next()
            .is_none()
    );
    assert_eq!(stat(connection, "2024/wrong.heic").await, None);
    put(connection, file("2024/right.heic", &key("right")), b"right")
        .await
        .expect("and the next one goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_its_last_byte_is_seen_nowhere() {
    let Some(server) = samba() else { return };
    wrong_at_the_end(&to_samba(&server), &server.files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_midst_is_transient_and_it_goes_on_afterwards() {
    let Some(mut server) = samba() else { return };
    let connection = to_samba(&server);
    connection.check().await.unwrap();
    let bytes = Bytes::from(noise(20_000_000));
    let (mut intake, outlet) = body(Some(bytes.len() as u64), Vec::new());
    let staging = connection.stage(file("killed.mov", &key("killed")), outlet);
    let killing = async {
        // More than the window holds: so some of it went out.
        intake.append(bytes.slice(..12_000_000)).await.expect("it is taken");
        server.kill().expect("killed");
        // Whoever reads it has gone, or goes.
        let _ = intake.append(bytes.slice(12_000_000..)).await;
        let _ = intake.finish().await;
    };
    let (staged, ()) = tokio::join!(staging, killing);
    assert_eq!(class(staged).0, ErrorClass::Transient);
    assert!(!server.files().join("killed.mov").exists());
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
    let saved = std::sync::Arc::new(std::sync::Mutex::new(None));
    let keep = std::sync::Arc::clone(&saved);
    let (mut intake, outlet) = body(Some(bytes.len() as u64), Vec::new());
    let outlet = outlet.saving(std::sync::Arc::new(move |checkpoint: camroll_host::Checkpoint| {
        let keep = std::sync::Arc::clone(&keep);
        Box::pin(async move {
            *keep.lock().expect("nobody panicked with it") = Some(checkpoint);
            Ok(())
        })
    }));
    let staging = connection.stage(file("long.mov", &key("long")), outlet);
    let breaking = async {
        intake.append(bytes.slice(..70 << 20)).await.expect("it is taken");
        intake.fail(camroll_model::ConnectorError::new(
            ErrorClass::Transient,
            "test/broke",
            "The source broke off.",
        ));
    };
    let (staged, ()) = tokio::join!(staging, breaking);
    assert!(staged.is_err());
    let checkpoint = saved.lock().unwrap().take().expect("one was saved");
    // All but what was on its way: 4 MiB of the source and 8 MiB of unanswered writes.
    assert!(checkpoint.reached >= 58 << 20, "{}", checkpoint.reached);
    // Only what comes after is there to be read.
    let intake = pipe(PipeOptions {
        size: Some(bytes.len() as u64),
        digests: Vec::new(),
        compute: Vec::new(),
        window: 4 << 20,
        spool: None,
        turns: None,
    });
    let outlet = intake.outlet(OutletOptions {
        keep: Keep::Nothing,
        gate: Box::new(|_| Box::pin(async { Ok(()) })),
    });
    let mut again = file("long.mov", &key("long"));
    again.checkpoint = Some(checkpoint.state);
    let (staged, poured) = tokio::join!(connection.stage(again, outlet), pour(intake, bytes.clone()));
    poured.unwrap();
    let camroll_model::Staged::Held(token) = staged.expect("it goes on") else {
        panic!("held")
    };
    connection
        .commit(vec![token])
        .await
        .unwrap()
        .remove(0)
        .expect("committed");
    assert_eq!(read(&connection, "long.mov", 0).await, bytes);
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
