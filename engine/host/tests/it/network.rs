//! The network as a connector gets it: what it may reach, and where secrets go.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use camroll_host::{Connection, Limits, Resolve};
use camroll_model::ErrorClass;
use futures::future::BoxFuture;
use serde_json::json;

use crate::server::{Answer, Asked, Server, ok, status};
use crate::support::{attack, host, hostile};

/// Found nowhere but in the one request that it is for.
const CANARY: &str = "canary-7f3a-password";

/// Every name is loopback.
struct Rebinding;

impl Resolve for Rebinding {
    fn resolve(&self, _host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

fn tries(act: &str, server: &Server, target: &str) -> Connection {
    let settings = json!({"attack": act, "server": server.url(), "target": target, "password": "secret:password"});
    hostile(&host(Limits::default(), Arc::new(Rebinding)), settings, Some(CANARY))
}

/// A server that echoes, redirects to `elsewhere` and tells its address.
async fn server(elsewhere: &Server) -> Server {
    let elsewhere = elsewhere.url();
    Server::start(move |asked: &Asked| -> Answer {
        match asked.path.split('?').next().unwrap_or_default() {
            "/away" => status(302, Some(("Location", &format!("{elsewhere}/"))), ""),
            "/list" | "/stored/list" => ok(json!({"items": [{"url": format!("{elsewhere}/file")}]}).to_string()),
            "/echo" => ok(format!("{} {} {:?}", asked.path, asked.body, asked.headers)),
            "/login" => ok("signed in"),
            _ => ok("home"),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_is_reached_by_no_way() {
    let elsewhere = Server::start(|_| ok("elsewhere")).await;
    let server = server(&elsewhere).await;
    let other = elsewhere.url();
    let away = format!("{}/away", server.url());
    for (act, target, code) in [
        ("other-host", other.as_str(), "host/not-granted"),
        ("redirect", away.as_str(), "host/not-granted"),
        ("stored-file-teaches", other.as_str(), "host/not-granted"),
        ("rebind", "https://photos.example.com/", "host/private-address"),
        ("get", "file:///etc/passwd", "host/bad-url"),
    ] {
        let error = attack(&tries(act, &server, target)).await.expect_err(act);
        assert_eq!(error.code, code, "{act}: {error}");
    }
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
    // What the server's own list names is granted from then on.
    let told = attack(&tries("list-teaches", &server, &format!("{other}/file")))
        .await
        .expect("it is granted");
    assert!(told.starts_with("200 elsewhere"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_goes_to_its_place_and_nowhere_else() {
    let elsewhere = Server::start(|_| ok("")).await;
    for act in ["placeholder-elsewhere", "part-of-a-value", "echo", "reveal", "login"] {
        let server = server(&elsewhere).await;
        let told = format!("{:?}", attack(&tries(act, &server, "")).await);
        assert!(!told.contains(CANARY), "{act}: {told}");
        let sent = format!("{:?}", server.asked());
        assert_eq!(sent.contains(CANARY), act == "login", "{act}: {sent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_in_an_error_is_redacted() {
    let elsewhere = Server::start(|_| ok("")).await;
    let server = server(&elsewhere).await;
    let error = attack(&tries("log-secret", &server, CANARY))
        .await
        .expect_err("it fails");
    assert!(!error.message.contains(CANARY), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_are_the_hosts_are_refused() {
    let elsewhere = Server::start(|_| ok("")).await;
    let server = server(&elsewhere).await;
    for act in ["own-authorization", "header-line"] {
        let error = attack(&tries(act, &server, "")).await.expect_err(act);
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::Unsupported, "host/header-refused"),
            "{act}"
        );
    }
    assert!(server.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_requests_are_stopped_or_cut_off() {
    let elsewhere = Server::start(|_| ok("")).await;
    let server = server(&elsewhere).await;
    assert_eq!(
        attack(&tries("hundred-kept", &server, &server.url()))
            .await
            .expect_err("too many")
            .code,
        "host/too-many"
    );
    assert_eq!(
        attack(&tries("hundred-dropped", &server, &server.url()))
            .await
            .expect("each was dropped"),
        "a hundred"
    );
    assert!(
        attack(&tries("get", &server, &server.url()))
            .await
            .expect("it goes on")
            .starts_with("200 home")
    );
}
