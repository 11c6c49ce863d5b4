//! What a hostile connector wastes is its own.

use std::sync::Arc;
use std::time::Duration;

use camroll_host::{Limits, SystemResolver};
use camroll_model::LibraryId;
use http_body_util::Full;
use serde_json::json;

use crate::server::{Answer, Server};
use crate::support::{attack, host, hostile, plain_host};

fn short() -> Limits {
    Limits {
        guest_time: Duration::from_millis(300),
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_waste_is_stopped_under_its_own_name_and_others_go_on() {
    let host = host(short(), Arc::new(SystemResolver));
    for (act, code) in [
        ("loop", "host/guest-time"),
        ("four-gigabytes", "host/memory-limit"),
        ("too-deep", "host/stack"),
        ("trap", "host/trapped"),
        ("one-string-a-thousand-times", "host/call-too-large"),
        ("one-string-to-the-host", "host/call-too-large"),
        ("session", "host/session-read-only"),
        ("reveal", "host/not-revealed"),
        ("fill-other-slot", "host/not-computed"),
        ("fill-slot", "host/not-computed"),
        ("tcp", "host/not-granted"),
        ("checkpoint", "host/not-staging"),
    ] {
        let connection = hostile(&host, json!({"attack": act}), Some("canary-secret"));
        let error = attack(&connection).await.expect_err(act);
        assert_eq!(error.code, code, "{act}: {error}");
        assert!(
            error.message.len() > 20 && !error.message.contains("canary"),
            "{act}: {error}"
        );
        // The same host, and the same connection, go on.
        let fine = hostile(&host, json!({"attack": "random"}), None);
        assert_eq!(attack(&fine).await.expect("it goes on"), "65536 bytes", "after {act}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_asks_often_for_long_has_not_computed_for_long() {
    let server = Server::start(|_| {
        // A server that takes its time is what this is about; nobody waits for it to be over. Longer than a tick of the guests' clock, so that each tick finds the guest at work.
        std::thread::sleep(Duration::from_millis(15));
        Answer::new(Full::default())
    })
    .await;
    let settings = json!({"attack": "ask-a-hundred-times", "server": server.url(), "target": server.url()});
    let limits = Limits {
        guest_time: Duration::from_millis(500),
        ..Limits::default()
    };
    let connection = hostile(&host(limits, Arc::new(SystemResolver)), settings, None);
    assert_eq!(attack(&connection).await.expect("it goes on"), "asked");
    assert_eq!(server.asked().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_flood_ends_and_harms_nobody() {
    let connection = hostile(&plain_host(), json!({"attack": "log-flood"}), None);
    assert_eq!(attack(&connection).await.expect("it ends"), "flooded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = hostile(
        &plain_host(),
        json!({"attack": "many-drafts", "path": folder.path()}),
        None,
    );
    let error = attack(&connection).await.expect_err("a hundred thousand drafts");
    assert!(
        matches!(error.code.as_str(), "host/too-many" | "host/trapped"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_beyond_the_interface_are_refused() {
    for act in ["long-cursor", "many-changes"] {
        let connection = hostile(&plain_host(), json!({"attack": act}), None);
        let error = connection.changes(&LibraryId::from("one"), None).await.expect_err(act);
        assert_eq!(error.code, "host/answer-too-large", "{act}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_body_ends() {
    let connection = hostile(&host(short(), Arc::new(SystemResolver)), json!({}), None);
    let mut intake = camroll_host::memory(200_000);
    let error = connection
        .fetch(Vec::new(), &mut intake)
        .await
        .expect_err("it never ends by itself");
    assert!(
        matches!(error.code.as_str(), "host/too-large" | "host/guest-time"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_ends_what_waits() {
    let connection = hostile(&plain_host(), json!({"attack": "wait"}), None);
    let called = tokio::spawn({
        let connection = connection.clone();
        async move { attack(&connection).await }
    });
    tokio::task::yield_now().await;
    connection.stop();
    assert_eq!(
        called.await.expect("no panic").expect_err("it was stopped").code,
        "host/stopped"
    );
}
