//! Uploads that are broken off, and what comes after.

use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use camroll_host::{Checkpoint, Connection, Intake, Keep, Outlet, OutletOptions, PipeOptions, pipe};
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass, StageFile, Staged};

use super::{body, class, file, key, noise, orphan, pour, put, read, stat};

/// Wrong at its last byte: nothing at the real name, and after `abort` nothing at all.
pub async fn wrong_at_the_end(connection: &Connection, files: &Path) {
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

/// Stages "killed.mov" and has the server killed in its midst: nothing is at its name, and the failure is one that passes.
pub async fn killed(connection: &Connection, files: &Path, bytes: &Bytes, kill: impl FnOnce()) {
    let (mut intake, outlet) = body(Some(bytes.len() as u64), Vec::new());
    let staging = connection.stage(file("killed.mov", &key("killed")), outlet);
    let killing = async {
        // More than the window holds: so some of it went out.
        intake.append(bytes.slice(..12_000_000)).await.expect("it is taken");
        kill();
        // Whoever reads it has gone, or goes.
        let _ = intake.append(bytes.slice(12_000_000..)).await;
        let _ = intake.finish().await;
    };
    let (staged, ()) = tokio::join!(staging, killing);
    assert_eq!(class(staged).0, ErrorClass::Transient);
    assert!(!files.join("killed.mov").exists());
}

/// Stages a file whose source breaks off after so many bytes.
pub async fn source_breaks(
    connection: &Connection,
    file: StageFile,
    (mut intake, outlet): (Intake, Outlet),
    given: Bytes,
) -> Result<Staged, ConnectorError> {
    let staging = connection.stage(file, outlet);
    let breaking = async {
        intake.append(given).await.expect("it is taken");
        intake.fail(ConnectorError::new(
            ErrorClass::Transient,
            "test/broke",
            "The source broke off.",
        ));
    };
    tokio::join!(staging, breaking).0
}

/// Stages "long.mov" until its source breaks off after so many bytes; the last checkpoint that was saved.
pub async fn broken_off(connection: &Connection, bytes: &Bytes, after: usize) -> Option<Checkpoint> {
    let saved = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&saved);
    let (intake, outlet) = body(Some(bytes.len() as u64), Vec::new());
    let outlet = outlet.saving(Arc::new(move |checkpoint: Checkpoint| {
        let keep = Arc::clone(&keep);
        Box::pin(async move {
            *keep.lock().expect("nobody panicked with it") = Some(checkpoint);
            Ok(())
        })
    }));
    let long = file("long.mov", &key("long"));
    let staged = source_breaks(connection, long, (intake, outlet), bytes.slice(..after)).await;
    assert!(staged.is_err());
    saved.lock().unwrap().take()
}

/// The same again from a checkpoint: what comes after is enough for the whole.
pub async fn goes_on(connection: &Connection, bytes: &Bytes, checkpoint: Checkpoint) {
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
    let Staged::Held(token) = staged.expect("it goes on") else {
        panic!("held")
    };
    connection
        .commit(vec![token])
        .await
        .unwrap()
        .remove(0)
        .expect("committed");
    assert!(read(connection, "long.mov", 0).await == *bytes);
}
