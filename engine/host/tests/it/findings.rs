//! What instances of a connection find out for each other.

use camroll_model::ConnectorError;
use futures::future::join_all;
use serde_json::json;

use crate::server::{Server, ok};
use crate::support::{attack, hostile, plain_host};

/// As many calls at a time, each by an instance of its own.
const AT_ONCE: usize = 8;

/// What each of many calls at a time said, and how many requests they took.
async fn many(attack_name: &str) -> (Vec<Result<String, ConnectorError>>, usize) {
    let server = Server::start(|_| ok("it does")).await;
    let settings = json!({"attack": attack_name, "server": server.url(), "target": format!("{}/trial", server.url())});
    let connection = hostile(&plain_host(), settings, None);
    let said = join_all((0..AT_ONCE).map(|_| attack(&connection))).await;
    (said, server.asked().len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_finds_it_out_and_the_others_are_told() {
    let (said, requests) = many("find-out").await;
    let said: Vec<String> = said.into_iter().map(|one| one.expect("it is told")).collect();
    assert_eq!(requests, 1, "{said:?}");
    let found = said.iter().filter(|one| one.starts_with("found: 200 it does")).count();
    let told = said.iter().filter(|one| one.starts_with("told: 200 it does")).count();
    assert_eq!((found, told), (1, AT_ONCE - 1), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_keeps_it_to_itself_or_falls_holds_nobody_up() {
    let (said, requests) = many("find-out-and-keep-it").await;
    assert_eq!(requests, AT_ONCE, "{said:?}");
    assert!(said.iter().all(Result::is_ok), "{said:?}");

    let (said, requests) = many("find-out-and-fall").await;
    assert_eq!(requests, AT_ONCE, "{said:?}");
    for one in said {
        assert_eq!(one.expect_err("it fell").code, "host/trapped");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_has_a_bound() {
    let settings = json!({"attack": "tell-too-much", "server": "http://127.0.0.1:1"});
    let connection = hostile(&plain_host(), settings, None);
    assert_eq!(
        attack(&connection).await.expect_err("there is a bound").code,
        "host/too-large"
    );
}
