//! Auth schemes: what the host adds, where, and what it learns from refusals.

use std::sync::atomic::{AtomicUsize, Ordering};

use camroll_host::{Connection, SystemResolver};
use http_body_util::Full;
use hyper::Response;
use serde_json::json;

use crate::server::{Answer, Asked, Server, ok, status};
use crate::support::{attack, host, hostile};

const CANARY: &str = "canary-91c2-password";

fn with(scheme: &str, server: &Server, path: &str) -> Connection {
    let settings = json!({
        "attack": "ask", "server": server.url(), "target": format!("{}{path}", server.url()),
        "auth": scheme, "user": "alice", "password": "secret:password",
    });
    let host = host(camroll_host::Limits::default(), std::sync::Arc::new(SystemResolver));
    hostile(&host, settings, Some(CANARY))
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked
        .headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

fn authorizations(server: &Server) -> Vec<String> {
    let asked = server.asked();
    asked
        .iter()
        .map(|asked| header(asked, "authorization").unwrap_or("nothing").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_goes_as_it_is_only_to_its_origin() {
    let elsewhere = Server::start(|_| ok("elsewhere")).await;
    let away = elsewhere.url();
    let server = Server::start(move |asked: &Asked| match asked.path.as_str() {
        "/on" => status(307, Some(("Location", "/there")), ""),
        "/list" => ok(json!({"items": [{"url": format!("{away}/file")}]}).to_string()),
        "/away" => status(307, Some(("Location", &format!("{away}/file"))), ""),
        _ => ok("home"),
    })
    .await;
    for (scheme, expected) in [
        ("basic", "Basic YWxpY2U6Y2FuYXJ5LTkxYzItcGFzc3dvcmQ="),
        ("bearer", "Bearer canary-91c2-password"),
    ] {
        let before = server.asked().len();
        let told = attack(&with(scheme, &server, "/on")).await.expect("it is answered");
        assert!(told.starts_with("200 home") && !told.contains(CANARY), "{told}");
        assert_eq!(authorizations(&server)[before..], [expected, expected], "{scheme}");
    }
    let settings = json!({
        "attack": "ask-twice", "server": server.url(), "first": format!("{}/list", server.url()), "target": format!("{}/away", server.url()),
        "method": "POST", "auth": "bearer", "password": "secret:password",
    });
    let host = host(camroll_host::Limits::default(), std::sync::Arc::new(SystemResolver));
    let told = attack(&hostile(&host, settings, Some(CANARY)))
        .await
        .expect("it is answered");
    assert!(told.contains("| 200 elsewhere"), "{told}");
    assert_eq!(authorizations(&elsewhere), ["nothing"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_goes_into_its_header_and_no_further() {
    let elsewhere = Server::start(|_| ok("elsewhere")).await;
    let away = elsewhere.url();
    let server = Server::start(move |asked: &Asked| match asked.path.as_str() {
        "/on" => status(307, Some(("Location", "/there")), ""),
        "/list" => ok(json!({"items": [{"url": format!("{away}/file")}]}).to_string()),
        "/away" => status(307, Some(("Location", &format!("{away}/file"))), ""),
        _ => ok("home"),
    })
    .await;
    let told = attack(&with("key", &server, "/on")).await.expect("it is answered");
    assert!(told.starts_with("200 home") && !told.contains(CANARY), "{told}");
    for asked in server.asked() {
        assert_eq!(header(&asked, "x-test-key"), Some(CANARY));
        assert_eq!(header(&asked, "authorization"), None);
    }
    let settings = json!({
        "attack": "ask-twice", "server": server.url(), "first": format!("{}/list", server.url()), "target": format!("{}/away", server.url()),
        "method": "POST", "auth": "key", "password": "secret:password",
    });
    let host = host(camroll_host::Limits::default(), std::sync::Arc::new(SystemResolver));
    let told = attack(&hostile(&host, settings, Some(CANARY)))
        .await
        .expect("it is answered");
    assert!(told.contains("| 200 elsewhere"), "{told}");
    assert!(
        elsewhere
            .asked()
            .iter()
            .all(|asked| header(asked, "x-test-key").is_none())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheme_that_isnt_there_or_not_for_here_is_refused() {
    let server = Server::start(|_| ok("home")).await;
    for scheme in ["none", "elsewhere"] {
        let error = attack(&with(scheme, &server, "/")).await.expect_err(scheme);
        assert_eq!(error.code, "host/auth-refused", "{scheme}");
    }
    assert!(server.asked().is_empty());
}

/// Asks for a digest under `nonces[n]` for the nth 401, with `more`.
fn challenge(nonce: &str, more: &str) -> Answer {
    let challenge = format!("Digest realm=\"photos\", qop=\"auth\", algorithm=SHA-256, nonce=\"{nonce}\"{more}");
    Response::builder()
        .status(401)
        .header("WWW-Authenticate", "Basic realm=\"photos\"")
        .header("WWW-Authenticate", challenge)
        .body(Full::default())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digests_challenge_is_answered_once_and_kept() {
    let asked_so_far = AtomicUsize::new(0);
    let server = Server::start(move |asked: &Asked| {
        let nth = asked_so_far.fetch_add(1, Ordering::SeqCst);
        let said = header(asked, "authorization").unwrap_or_default();
        match nth {
            0 => challenge("first", ""),
            // The fourth request comes too late for its nonce.
            3 => challenge("second", ", stale=true"),
            _ if said.contains("username=\"alice\"") => ok("in"),
            _ => status(400, None, ""),
        }
    })
    .await;
    let connection = with("digest", &server, "/a?b=c");
    for _ in 0..3 {
        let told = attack(&connection).await.expect("it is answered");
        assert!(told.starts_with("200 in"), "{told}");
    }
    let said = authorizations(&server);
    let expected = [
        ("nothing", ""),
        ("nonce=\"first\"", "nc=00000001"),
        ("nonce=\"first\"", "nc=00000002"),
        ("nonce=\"first\"", "nc=00000003"),
        ("nonce=\"second\"", "nc=00000001"),
    ];
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (said, (nonce, count)) in said.iter().zip(expected) {
        assert!(said.contains(nonce) && said.contains(count), "{said}");
        assert!(
            !said.contains(CANARY) && (said == "nothing" || said.contains("uri=\"/a?b=c\"")),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_isnt_tried_over_and_over() {
    // One that gives the same nonce again, and one that gives another each time.
    for nonces in [["same", "same"], ["one", "two"]] {
        let nth = AtomicUsize::new(0);
        let server = Server::start(move |_: &Asked| {
            let nth = nth.fetch_add(1, Ordering::SeqCst);
            challenge(nonces[nth.min(1)], "")
        })
        .await;
        let told = attack(&with("digest", &server, "/"))
            .await
            .expect("an answer is an answer");
        assert!(told.starts_with("401"), "{told}");
        assert_eq!(server.asked().len(), 2, "{nonces:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_signed_by_the_services_clock() {
    let server = Server::start(move |asked: &Asked| {
        let right = header(asked, "x-amz-date").is_some_and(|date| date.starts_with("20200102T03"));
        if right {
            return ok("in");
        }
        status(
            403,
            Some(("Date", "Thu, 02 Jan 2020 03:04:05 GMT")),
            "<Error><Code>RequestTimeTooSkewed</Code></Error>",
        )
    })
    .await;
    let connection = with("signed", &server, "/bucket/key");
    for _ in 0..2 {
        let told = attack(&connection).await.expect("it is answered");
        assert!(told.starts_with("200 in"), "{told}");
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 3, "the second doesn't ask with the wrong time again");
    // The optional slot is empty.
    assert!(
        asked
            .iter()
            .all(|asked| header(asked, "x-amz-security-token").is_none())
    );
    assert_eq!(
        header(&asked[0], "x-amz-content-sha256"),
        Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_at_the_right_time_stands() {
    let server = Server::start(|_| status(403, None, "no")).await;
    let told = attack(&with("signed", &server, "/"))
        .await
        .expect("an answer is an answer");
    assert!(told.starts_with("403"), "{told}");
    assert_eq!(server.asked().len(), 1);
}
