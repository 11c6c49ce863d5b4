//! What a hostile connector wastes is its own; each is stopped with a code of its own, and the same host goes on serving others.

use std::time::{Duration, Instant};

use camroll_host::{Limits, StopReason, digest_only};
use camroll_model::{ErrorClass, LibraryId};
use serde_json::json;

use crate::support::{attack, connect, connector_within, guest, host, hostile};

fn short() -> Limits {
    let mut limits = Limits::default();
    limits.guest_time = Duration::from_millis(300);
    limits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_waste_is_stopped_under_its_own_name_and_others_go_on() {
    let host = host(short());
    let bad = host.load(&guest("hostile")).await.unwrap();
    let good = host.load(&guest("mirror")).await.unwrap();
    let good = connect(&good, json!({}));
    for (act, code) in [
        ("loop", "host/time-limit"),
        ("four-gigabytes", "host/memory-limit"),
        ("too-deep", "host/stack-limit"),
        ("trap", "host/trap"),
        ("one-string-a-thousand-times", "host/answer-too-large"),
        ("one-string-to-the-host", "host/answer-too-large"),
        ("random", "host/random-limit"),
        ("wait-long", "host/wait-too-long"),
        ("session", "host/session-read-only"),
        ("reveal", "host/not-revealed"),
        ("tcp", "host/not-built"),
        ("checkpoint", "host/not-built"),
    ] {
        let connection = connect(&bad, json!({"attack": act}));
        let error = attack(&connection).await.expect_err(act);
        assert_eq!(error.code, code, "{act}: {error}");
        assert!(error.message.len() > 20, "{act}: {error}");
        assert_eq!(good.libraries().await.unwrap().len(), 1, "after {act}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_loops_on_two_threads_stop_nobody() {
    let host = host(short());
    let bad = connect(&host.load(&guest("hostile")).await.unwrap(), json!({"attack": "loop"}));
    let good = connect(&host.load(&guest("mirror")).await.unwrap(), json!({}));
    let loops: Vec<_> = (0..4)
        .map(|_| {
            let bad = bad.clone();
            tokio::spawn(async move { attack(&bad).await })
        })
        .collect();
    for _ in 0..20 {
        good.libraries().await.unwrap();
    }
    for looped in loops {
        assert_eq!(looped.await.unwrap().unwrap_err().code, "host/time-limit");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_flood_ends_and_harms_nobody() {
    let connection = hostile(json!({"attack": "log-flood"})).await;
    assert_eq!(attack(&connection).await.unwrap(), "flooded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let connection = hostile(json!({"attack": "many-drafts", "path": folder.path()})).await;
    assert_eq!(attack(&connection).await.unwrap_err().code, "host/too-many-handles");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_body_ends_where_it_should_have_ended() {
    let connection = hostile(json!({})).await;
    let (mut intake, _outlet) = camroll_host::pipe(crate::support::pipe_of(Some(200_000), Vec::new()));
    let error = connection.fetch(Vec::new(), &mut intake).await.unwrap_err();
    assert_eq!(error.code, "host/wrong-size");
    // Without a size it is the guest's own time that ends.
    let connection = connect(&connector_within("hostile", short()).await, json!({}));
    let error = connection
        .fetch(Vec::new(), &mut digest_only(Vec::new(), Vec::new()))
        .await
        .unwrap_err();
    assert_eq!(error.code, "host/time-limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_beyond_the_interface_are_refused() {
    for (act, what) in [
        ("long-cursor", "a cursor of 66560 bytes"),
        ("many-changes", "1001 changes"),
    ] {
        let connection = hostile(json!({"attack": act})).await;
        let error = connection.changes(&LibraryId::from("one"), None).await.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::Unexpected, "host/bad-answer"),
            "{act}"
        );
        assert!(error.message.contains(what), "{error}");
    }
    let (mirror, _folder) = crate::support::mirror().await;
    let error = mirror
        .describe(&LibraryId::from("one"), vec!["a".into(), "b".into()])
        .await
        .unwrap_err();
    assert_eq!(error.code, "host/bad-answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_ends_what_waits_and_what_computes() {
    for act in ["wait", "loop"] {
        let connection = hostile(json!({"attack": act})).await;
        let called = tokio::spawn({
            let connection = connection.clone();
            async move { attack(&connection).await }
        });
        // The call may not have begun: then it doesn't begin at all.
        tokio::task::yield_now().await;
        let asked = Instant::now();
        connection.stop(StopReason::Asked);
        let error = called.await.unwrap().unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::Cancelled, "host/stopped"),
            "{act}"
        );
        assert!(asked.elapsed() < Duration::from_secs(20), "{act}");
        assert_eq!(
            attack(&connection).await.unwrap_err().code,
            "host/stopped",
            "nothing begins afterwards"
        );
    }
}
