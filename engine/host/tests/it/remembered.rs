//! What answers bring is durable before the connector sees them, and secrets in them aren't what it sees.

use std::sync::Arc;

use camroll_host::Limits;
use http_body_util::Full;
use serde_json::json;

use crate::network::Rebinding;
use crate::server::{Answer, Asked, Server, ok, status};
use crate::support::{MemoryStore, attack, host, remembering};

const TOKEN: &str = "captured-51c8-token";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_and_captures_are_durable_before_the_next_request() {
    let store: Arc<MemoryStore> = Arc::default();
    let durable = Arc::clone(&store);
    let server = Server::start(move |asked: &Asked| -> Answer {
        match asked.path.as_str() {
            "/cookie" => status(200, Some(("Set-Cookie", "session=cookie-9e2d; Path=/")), "set"),
            "/token" => ok(json!({ "token": TOKEN }).to_string()),
            // What the guest had when it asked this.
            _ => ok(format!(
                "{} {}",
                durable.text().contains("cookie-9e2d"),
                durable.text().contains(TOKEN)
            )),
        }
    })
    .await;
    let host = host(Limits::default(), Arc::new(Rebinding));
    for (first, told) in [("/cookie", "| 200 true false"), ("/token", "| 200 true true")] {
        let settings = json!({
            "attack": "ask-twice", "server": server.url(),
            "first": format!("{}{first}", server.url()), "target": format!("{}/durable", server.url()),
        });
        let connection = remembering(&host, settings, None, Arc::clone(&store));
        let said = attack(&connection).await.expect("it asks twice");
        assert!(said.contains(told), "{first}: {said}");
        assert!(!said.contains(TOKEN), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_no_string_is_taken_out_and_the_rest_stays() {
    let answer =
        r#"{"size": 123456789012345678901234567890, "token": {"b": "captured-51c8-token", "a": 1.50}, "last":1e2}"#;
    let server = Server::start(move |_| {
        let mut answer = ok(answer);
        answer.headers_mut().insert("Content-MD5", "x".parse().unwrap());
        answer
    })
    .await;
    let settings = json!({"attack": "ask", "server": server.url(), "target": format!("{}/token", server.url())});
    let host = host(Limits::default(), Arc::new(Rebinding));
    let store: Arc<MemoryStore> = Arc::default();
    let said = attack(&remembering(&host, settings, None, Arc::clone(&store)))
        .await
        .expect("it is answered");
    let seen = r#"200 {"size": 123456789012345678901234567890, "token": "secret:token", "last":1e2}"#;
    assert!(said.starts_with(seen), "{said}");
    assert!(
        !said.contains("content-md5") && !said.contains("content-length"),
        "{said}"
    );
    assert!(store.text().contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cant_be_looked_through_has_no_body() {
    let server = Server::start(|_| {
        let mut bytes = b"\xff{\"token\":\"".to_vec();
        bytes.extend_from_slice(TOKEN.as_bytes());
        hyper::Response::new(Full::new(bytes.into()))
    })
    .await;
    let settings = json!({"attack": "ask", "server": server.url(), "target": format!("{}/token", server.url())});
    let host = host(Limits::default(), Arc::new(Rebinding));
    let said = attack(&remembering(&host, settings, None, Arc::default()))
        .await
        .expect("it is answered");
    assert!(said.starts_with("200  "), "{said}");
}
