//! The network as a connector gets it: what it may reach, and where secrets go.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use camroll_host::{Connection, Limits, Resolve};
use camroll_model::{ConnectorError, ErrorClass};
use futures::future::BoxFuture;
use serde_json::json;

use crate::server::{Answer, Asked, Server, ok, status};
use crate::support::{MemoryStore, attack, host, hostile, remembering};

/// Found nowhere but in the one request that it is for.
const CANARY: &str = "canary-7f3a-password";

/// Every name is loopback.
pub struct Rebinding;

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
async fn what_a_connector_computed_goes_to_its_place_and_is_redacted() {
    const COMPUTED: &str = "computed-5d1c-session";
    let server = server(&Server::start(|_| ok("")).await).await;
    let store = Arc::new(MemoryStore::default());
    let doing = |act: &str, target: &str| {
        let settings = json!({"attack": act, "server": server.url(), "target": target});
        remembering(
            &host(Limits::default(), Arc::new(Rebinding)),
            settings,
            None,
            Arc::clone(&store),
        )
    };
    let empty = attack(&doing("use-filled-slot", ""))
        .await
        .expect_err("nothing is there");
    assert_eq!(empty.code, "host/empty-slot");
    doing("fill-slot", COMPUTED).check().await.expect("during check it may");
    attack(&doing("use-filled-slot", ""))
        .await
        .expect("it is there, in another process too");
    let asked = server.asked();
    assert_eq!(asked.last().expect("asked").path, format!("/use?sid={COMPUTED}"));
    let error = attack(&doing("log-secret", COMPUTED)).await.expect_err("it fails");
    assert!(!error.message.contains(COMPUTED), "{error:?}");
    doing("fill-slot", "").check().await.expect("an empty one empties it");
    let empty = attack(&doing("use-filled-slot", ""))
        .await
        .expect_err("nothing is there");
    assert_eq!(empty.code, "host/empty-slot");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_in_an_error_is_redacted() {
    let elsewhere = Server::start(|_| ok("")).await;
    let server = server(&elsewhere).await;
    let error = attack(&tries("log-secret", &server, CANARY))
        .await
        .expect_err("it fails");
    assert!(!error.message.contains(CANARY), "{error:?}");
    // A message is cut to 2,000 characters: not before it is looked through.
    let long = format!("{}{CANARY}", "x".repeat(1990));
    let error = attack(&tries("log-secret", &server, &long))
        .await
        .expect_err("it fails");
    assert!(!error.message.contains("canary"), "{error:?}");
    // "user:" with the canary after it.
    let error = attack(&tries("log-secret", &server, "dXNlcjpjYW5hcnktN2YzYS1wYXNzd29yZA=="))
        .await
        .expect_err("it fails");
    assert_eq!((error.code.as_str(), error.message.as_str()), ("(secret)", "(secret)"));
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

/// The hostile guest asks `target` with these settings besides.
async fn ask(server: &Server, target: &str, more: serde_json::Value) -> Result<String, ConnectorError> {
    let mut settings =
        json!({"attack": "ask", "server": server.url(), "target": target, "password": "secret:password"});
    if let (Some(settings), serde_json::Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    let host = host(Limits::default(), Arc::new(Rebinding));
    attack(&hostile(&host, settings, Some(CANARY))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tunnels_echoes_and_the_hosts_headers_are_refused() {
    let server = Server::start(|_| ok("")).await;
    for method in ["TRACE", "CONNECT", "TRACK", "trace"] {
        let error = ask(&server, &server.url(), json!({"method": method}))
            .await
            .expect_err(method);
        assert_eq!(error.code, "host/bad-method", "{method}");
    }
    for header in [
        "Connection: close",
        "Proxy-Anything: x",
        "Via: x",
        "X-Forwarded-For: x",
        "Content-Length: 0",
    ] {
        let error = ask(&server, &server.url(), json!({"header": header}))
            .await
            .expect_err(header);
        assert_eq!(error.code, "host/header-refused", "{header}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_granted_by_its_port() {
    let host = host(Limits::default(), Arc::new(Rebinding));
    // A person's own server, by a name that leads into their network: what it listens to beside that port isn't the connector's to ask.
    let settings = |target: &str| json!({"attack": "ask-twice", "server": "https://nas.example.com:4430", "first": "https://nas.example.com:4430/", "target": target});
    let told = attack(&hostile(&host, settings("https://nas.example.com:4430/"), None)).await;
    assert_eq!(told.expect_err("nobody listens").code, "host/connect");
    let told = attack(&hostile(&host, settings("https://nas.example.com/"), None)).await;
    assert_eq!(told.expect_err("it isn't granted").code, "host/private-address");
}

/// A server whose /login leads to `elsewhere`, which leads back to /login.
async fn there_and_back(status_of_it: u16) -> (Server, Server) {
    let back = Arc::new(std::sync::Mutex::new(String::new()));
    let leads = Arc::clone(&back);
    let elsewhere = Server::start(move |_| {
        let back = leads.lock().unwrap().clone();
        status(status_of_it, Some(("Location", &format!("{back}/login?again"))), "")
    })
    .await;
    let away = elsewhere.url();
    let server = Server::start(move |asked: &Asked| match asked.path.as_str() {
        "/login" => status(status_of_it, Some(("Location", &format!("{away}/file"))), ""),
        "/list" => ok(json!({"items": [{"url": format!("{away}/file")}]}).to_string()),
        _ => ok("home"),
    })
    .await;
    *back.lock().unwrap() = server.url();
    (server, elsewhere)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_doesnt_come_back_from_a_redirect() {
    let (server, elsewhere) = there_and_back(307).await;
    let settings = json!({
        "attack": "ask-twice", "server": server.url(), "first": format!("{}/list", server.url()), "target": format!("{}/login", server.url()),
        "method": "POST", "password": "secret:password", "header": "X-Auth-Token: mine",
        "body": "{'password':'secret:password'}",
    });
    let host = host(Limits::default(), Arc::new(Rebinding));
    let told = attack(&hostile(&host, settings, Some(CANARY)))
        .await
        .expect("it ends at home");
    assert!(told.contains("| 200 home"), "{told}");
    // Asked for the login, it got the secret; led back to it by another server, it doesn't.
    let asked = server.asked();
    let filled: Vec<&str> = asked
        .iter()
        .filter(|asked| format!("{asked:?}").contains(CANARY))
        .map(|asked| asked.path.as_str())
        .collect();
    assert_eq!(filled, ["/login"]);
    assert_eq!(asked.last().map(|asked| asked.path.as_str()), Some("/login?again"));
    assert!(
        asked
            .last()
            .is_some_and(|asked| asked.body == "{\"password\":\"secret:password\"}")
    );
    let there = elsewhere.asked();
    assert_eq!(there.len(), 1);
    assert!(
        !format!("{there:?}").contains("mine") && !format!("{there:?}").contains(CANARY),
        "{there:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_that_asks_for_a_page_gets_no_body() {
    for code in [301, 302, 303] {
        let server = Server::start(move |asked: &Asked| match asked.path.as_str() {
            "/login" => status(code, Some(("Location", "/home")), ""),
            _ => ok("home"),
        })
        .await;
        let target = format!("{}/login", server.url());
        let more = json!({"method": "POST", "body": "{'password':'secret:password'}", "header": "Content-Type: application/json"});
        let told = ask(&server, &target, more).await.expect("it ends at home");
        assert!(told.starts_with("200 home"), "{told}");
        let asked = server.asked();
        assert!(asked[0].body.contains(CANARY), "{asked:?}");
        assert_eq!(
            (asked[1].method.as_str(), asked[1].body.as_str()),
            ("GET", ""),
            "{code}"
        );
        assert!(
            !asked[1].headers.iter().any(|(name, _)| name.starts_with("content-")),
            "{asked:?}"
        );
    }
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
