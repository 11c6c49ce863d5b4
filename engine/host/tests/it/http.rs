//! The network, as a connector gets it: what it may reach, where secrets go, how bytes come.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use camroll_host::{Connection, Host, HostOptions, NetOptions, Resolve, digest_only};
use camroll_model::{ErrorClass, Secret};
use futures::future::BoxFuture;
use serde_json::json;

use crate::server::{Answer, Asked, Server, ok, status};
use crate::support::{MemoryStore, attack, connect, connect_with, connector, guest, own_bytes};

/// Found nowhere but in the one request that it is for.
const CANARY: &str = "canary-7f3a-password";

/// Every name is loopback.
struct Rebinding;

impl Resolve for Rebinding {
    fn resolve(&self, _host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

async fn hostile(act: &str, server: &Server, target: &str) -> Connection {
    let host = Host::new(HostOptions {
        net: NetOptions {
            resolver: Some(Arc::new(Rebinding)),
        },
        ..HostOptions::default()
    })
    .unwrap();
    let connector = host.load(&guest("hostile")).await.unwrap();
    let settings = json!({"attack": act, "server": server.url(), "target": target, "password": "secret:password"});
    let secrets = BTreeMap::from([("password".to_owned(), Secret::new(CANARY.to_owned()))]);
    connect_with(&connector, settings, secrets, Arc::new(MemoryStore::default())).unwrap()
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
        ("get", "file:///etc/passwd", "host/not-granted"),
        ("network-in-connect", "", "host/no-network-yet"),
    ] {
        let connection = hostile(act, &server, target).await;
        let error = attack(&connection).await.expect_err(act);
        assert_eq!(error.code, code, "{act}: {error}");
    }
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
    // What the server's own list names is granted from then on.
    let connection = hostile("list-teaches", &server, &format!("{other}/file")).await;
    assert!(attack(&connection).await.unwrap().starts_with("200 elsewhere"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_goes_to_its_place_and_nowhere_else() {
    let elsewhere = Server::start(|_| ok("")).await;
    for act in ["placeholder-elsewhere", "part-of-a-value", "echo", "reveal", "login"] {
        let server = server(&elsewhere).await;
        let connection = hostile(act, &server, "").await;
        let told = format!("{:?}", attack(&connection).await);
        assert!(!told.contains(CANARY), "{act}: {told}");
        let sent = format!("{:?}", server.asked());
        assert_eq!(sent.contains(CANARY), act == "login", "{act}: {sent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_in_an_error_is_redacted() {
    let elsewhere = Server::start(|_| ok("")).await;
    let server = server(&elsewhere).await;
    let connection = hostile("log-secret", &server, CANARY).await;
    let error = attack(&connection).await.unwrap_err();
    assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_are_the_hosts_are_refused() {
    let elsewhere = Server::start(|_| ok("")).await;
    let server = server(&elsewhere).await;
    for act in ["own-authorization", "header-line"] {
        let connection = hostile(act, &server, "").await;
        let error = attack(&connection).await.expect_err(act);
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
    let kept = hostile("hundred-kept", &server, &server.url()).await;
    assert_eq!(attack(&kept).await.unwrap_err().code, "host/too-many");
    let dropped = hostile("hundred-dropped", &server, &server.url()).await;
    assert_eq!(attack(&dropped).await.unwrap(), "a hundred");
    let after = hostile("get", &server, &server.url()).await;
    assert!(attack(&after).await.unwrap().starts_with("200 home"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_comes_whole_ahead_or_from_an_offset() {
    const COUNT: usize = 3_000_000;
    let server = Server::start(|asked| {
        let from = asked
            .headers
            .iter()
            .find(|(name, _)| name == "range")
            .and_then(|(_, range)| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        match (asked.path.as_str(), from) {
            ("/ranges", Some(from)) => {
                let mut part = ok(own_bytes(COUNT).split_off(from));
                *part.status_mut() = hyper::StatusCode::PARTIAL_CONTENT;
                part
            }
            _ => ok(own_bytes(COUNT)),
        }
    })
    .await;
    let connection = connect(&connector("mirror").await, json!({"server": server.url()}));
    let whole = {
        let mut intake = digest_only(Vec::new(), Vec::new());
        connection
            .fetch(format!("own {COUNT}").into_bytes(), &mut intake)
            .await
            .unwrap();
        intake.finish().await.unwrap()
    };
    for (locator, first) in [("http", 0), ("ahead", 0), ("http", 1_000_000)] {
        // A server without ranges gives all of it again, and what was there is left out.
        for path in ["ranges", "no-ranges"] {
            let mut intake = digest_only(Vec::new(), Vec::new());
            connection
                .fetch(format!("own {first}").into_bytes(), &mut intake)
                .await
                .unwrap();
            connection
                .fetch(format!("{locator} {}/{path}", server.url()).into_bytes(), &mut intake)
                .await
                .unwrap();
            assert_eq!(intake.finish().await.unwrap(), whole, "{locator} {first} {path}");
        }
    }
    assert_eq!(connection.requests(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_outlives_its_connection() {
    let store = Arc::new(MemoryStore::default());
    let connector = connector("mirror").await;
    for run in 1..=3 {
        let connection = connect_with(&connector, json!({}), BTreeMap::new(), store.clone()).unwrap();
        assert_eq!(connection.check().await.unwrap().name, format!("run {run}"));
    }
}
