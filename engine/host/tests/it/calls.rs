//! Which instance gets a call, and what a connection keeps between calls.

use camroll_model::LibraryId;
use serde_json::json;

use crate::support::{connect, connector};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_library_go_to_one_instance() {
    let connection = connect(&connector("mirror").await, json!({}));
    let (one, two) = (LibraryId::from("one"), LibraryId::from("two"));
    for calls in 1..=3 {
        connection.libraries().await.unwrap();
        assert_eq!(connection.changes(&one, None).await.unwrap().done, Some(calls));
    }
    assert!(connection.changes(&two, None).await.unwrap().done <= Some(1));
    let many: Vec<_> = (0..8)
        .map(|_| {
            let (connection, one) = (connection.clone(), one.clone());
            tokio::spawn(async move { connection.changes(&one, None).await.unwrap().done })
        })
        .collect();
    let mut seen = Vec::new();
    for call in many {
        seen.push(call.await.unwrap().unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, [4, 5, 6, 7, 8, 9, 10, 11]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_given_up_takes_its_instance_with_it() {
    let connection = connect(&connector("hostile").await, json!({"attack": "wait"}));
    for _ in 0..3 {
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(30), connection.libraries()).await;
        assert!(given_up.is_err());
    }
    assert!(connection.changes(&LibraryId::from("one"), None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn futures_can_move_between_threads() {
    fn sendable<T: Send>(_: &T) {}
    let connection = connect(&connector("mirror").await, json!({}));
    let mut intake = camroll_host::digest_only(Vec::new(), Vec::new());
    let call = connection.fetch(b"own 1".to_vec(), &mut intake);
    sendable(&call);
    call.await.unwrap();
}
