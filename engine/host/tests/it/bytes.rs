//! Bytes on their way: what isn't what was promised never gets its last block out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use camroll_host::{PipeOptions, digest_only, from_bytes, memory, pipe};
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass, Staged};
use sha2::{Digest as _, Sha256};

use crate::support::{file, mirror, open_gate, own_bytes, pipe_of};

fn sha256(bytes: &[u8]) -> Digest {
    Digest {
        algorithm: Algorithm::Sha256,
        value: Sha256::digest(bytes).to_vec(),
    }
}

/// Sends the mirror's own bytes into its folder and publishes them.
async fn through(count: usize, options: PipeOptions) -> (Result<(), ConnectorError>, tempfile::TempDir) {
    let (connection, folder) = mirror().await;
    let (mut intake, outlet) = pipe(options);
    let fetching = async {
        connection
            .fetch(format!("own {count}").into_bytes(), &mut intake)
            .await?;
        intake.finish().await.map(|_| ())
    };
    let (fetched, staged) = tokio::join!(fetching, connection.stage(file("a/b.bin", "key"), outlet));
    let result = match (fetched, staged) {
        (Ok(()), Ok(Staged::Held(held))) => connection
            .commit(vec![held])
            .await
            .and_then(|mut all| all.remove(0))
            .map(|_| ()),
        (Ok(()), Ok(Staged::Stored(_))) => panic!("the mirror holds"),
        (Err(fetched), Err(staged)) => {
            assert_eq!(staged.class, fetched.class, "both ends say the same");
            Err(fetched)
        }
        (fetched, staged) => panic!("one end failed and the other didn't: {fetched:?} {staged:?}"),
    };
    (result, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_all_sizes_arrive_whole() {
    for count in [0, 1, 4096, 131_071, 131_072, 131_073, 300_000, 5_000_000] {
        let bytes = own_bytes(count);
        let (result, folder) = through(count, pipe_of(Some(count as u64), vec![sha256(&bytes)])).await;
        result.unwrap();
        let path = folder.path().join("a/b.bin");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{count}");
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(
            modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(),
            1_500_000_000
        );
        assert_eq!(
            std::fs::read_dir(folder.path().join(".camroll/drafts"))
                .unwrap()
                .count(),
            0
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_bytes_are_never_published() {
    for count in [0, 1000, 200_000, 3_000_000] {
        let promised = sha256(b"other bytes");
        let (result, folder) = through(count, pipe_of(None, vec![promised])).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::Corrupt, "host/wrong-digest"),
            "{count}"
        );
        assert!(!folder.path().join("a").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_length_is_noticed_either_way() {
    for (count, promised) in [
        (1000, 1001),
        (1000, 999),
        (2_000_000, 1_000_000),
        (2_000_000, 2_000_001),
        (1, 0),
        (0, 1),
    ] {
        let (result, folder) = through(count, pipe_of(Some(promised), Vec::new())).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::Corrupt, "host/wrong-size"),
            "{count} {promised}"
        );
        assert!(!folder.path().join("a").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_opens_before_the_destination_has_all_bytes_and_can_stay_shut() {
    let shut = PipeOptions {
        gate: Box::new(|proven| {
            Box::pin(async move {
                assert_eq!(proven.size, 400_000);
                Err(ConnectorError::new(
                    ErrorClass::Unexpected,
                    "state/unusable",
                    "no space for the journal",
                ))
            })
        }),
        ..pipe_of(None, Vec::new())
    };
    let (result, folder) = through(400_000, shut).await;
    assert_eq!(result.unwrap_err().code, "state/unusable");
    assert!(!folder.path().join("a").exists());

    // When the gate is asked, the last block isn't in the draft.
    let (connection, folder) = mirror().await;
    let draft = folder.path().join(".camroll/drafts/d-key");
    let opened = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&opened);
    let (mut intake, outlet) = pipe(PipeOptions {
        gate: Box::new(move |_| {
            Box::pin(async move {
                let there = std::fs::metadata(&draft).map_or(0, |facts| facts.len());
                assert!(there < 1_000_000, "{there}");
                seen.store(true, Ordering::SeqCst);
                Ok(())
            })
        }),
        ..pipe_of(None, Vec::new())
    });
    let fetching = async {
        connection.fetch(b"own 1000000".to_vec(), &mut intake).await.unwrap();
        intake.finish().await.unwrap()
    };
    let (proven, staged) = tokio::join!(fetching, connection.stage(file("b", "key"), outlet));
    staged.unwrap();
    assert!(opened.load(Ordering::SeqCst));
    assert_eq!(proven.digests[0], sha256(&own_bytes(1_000_000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_goes_on_where_it_was() {
    let (connection, folder) = mirror().await;
    std::fs::write(folder.path().join("source.bin"), own_bytes(900_000)).unwrap();
    let mut intake = digest_only(vec![sha256(&own_bytes(900_000))], vec![Algorithm::ApplePhotos]);
    connection.fetch(b"own 300000".to_vec(), &mut intake).await.unwrap();
    assert_eq!(intake.offset(), 300_000);
    connection
        .fetch(b"file source.bin".to_vec(), &mut intake)
        .await
        .unwrap();
    assert_eq!(intake.offset(), 900_000);
    let proven = intake.finish().await.unwrap();
    assert_eq!(
        proven.digests.iter().map(|digest| digest.algorithm).collect::<Vec<_>>(),
        [Algorithm::Sha256, Algorithm::ApplePhotos]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_up_source_fails_the_destination() {
    let (connection, folder) = mirror().await;
    let (intake, outlet) = pipe(pipe_of(None, Vec::new()));
    drop(intake);
    let error = connection.stage(file("a", "key"), outlet).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Cancelled, "host/body-broke-off")
    );
    let (intake, outlet) = pipe(pipe_of(None, Vec::new()));
    intake.fail(ConnectorError::new(
        ErrorClass::Transient,
        "source/reset",
        "the line broke",
    ));
    let error = connection.stage(file("a", "key"), outlet).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Transient, "host/body-broke-off")
    );
    assert!(!folder.path().join("a").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_stops_reading_frees_the_source() {
    let (connection, _folder) = mirror().await;
    let (mut intake, outlet) = pipe(PipeOptions {
        gate: open_gate(),
        ..pipe_of(None, Vec::new())
    });
    drop(outlet);
    let error = connection
        .fetch(b"own 9000000".to_vec(), &mut intake)
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Cancelled, "host/body-unread")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_can_look_at_the_bytes_too() {
    let (connection, folder) = mirror().await;
    let (mut intake, outlet) = pipe(pipe_of(Some(2_000_000), Vec::new()));
    let by_hand = camroll_model::StageFile {
        media_type: "application/x-by-hand".to_owned(),
        ..file("a", "key")
    };
    let fetching = async {
        connection.fetch(b"own 2000000".to_vec(), &mut intake).await.unwrap();
        intake.finish().await.unwrap();
    };
    let ((), staged) = tokio::join!(fetching, connection.stage(by_hand, outlet));
    let Staged::Held(held) = staged.unwrap() else { panic!() };
    connection.commit(vec![held]).await.unwrap().remove(0).unwrap();
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), own_bytes(2_000_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_files_from_and_into_memory() {
    let (connection, _folder) = mirror().await;
    let own = camroll_model::StageFile {
        asset: None,
        role: None,
        ..file(".camroll/id", "own-id")
    };
    let Staged::Held(held) = connection
        .stage(own, from_bytes(Bytes::from_static(b"an id\n")))
        .await
        .unwrap()
    else {
        panic!()
    };
    connection.commit(vec![held]).await.unwrap().remove(0).unwrap();
    let target = camroll_model::Target::at(".camroll/id");
    let mut kept = memory(100);
    connection.read(target.clone(), 0, &mut kept).await.unwrap();
    assert_eq!(kept.into_bytes(), "an id\n");
    let error = connection.read(target, 0, &mut memory(5)).await.unwrap_err();
    assert_eq!(error.code, "host/too-large");
}
