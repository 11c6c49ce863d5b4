//! The operator's proxy: for what leaves this machine, and for nothing else. The environment is a process's own, so each test runs this binary once more.

use std::process::Stdio;
use std::sync::Arc;

use camroll_host::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::network::Rebinding;
use crate::server::{Server, ok};
use crate::support::{attack, host, hostile};

/// What the inner run asks.
const TARGET: &str = "CAMROLL_TEST_TARGET";
const SERVER: &str = "CAMROLL_TEST_SERVER";

/// The environment of a proxy for everything.
pub fn all_by(proxy: &str) -> Vec<(&'static str, String)> {
    let variables = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    variables.map(|variable| (variable, proxy.to_owned())).to_vec()
}

/// What the hostile guest says when it asks `target` in this environment.
pub async fn asked_with(environment: &[(&str, String)], server: &str, target: &str) -> String {
    let mut command = tokio::process::Command::new(std::env::current_exe().expect("it runs"));
    command.args(["--exact", "proxy::inner", "--ignored", "--nocapture"]);
    for (variable, _) in all_by("") {
        command.env_remove(variable);
    }
    command
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(environment.iter().map(|(variable, value)| (*variable, value.as_str())))
        .env(SERVER, server)
        .env(TARGET, target)
        .stdin(Stdio::null());
    let output = command.output().await.expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the other tests, with an environment"]
async fn inner() {
    let (Ok(server), Ok(target)) = (std::env::var(SERVER), std::env::var(TARGET)) else {
        return;
    };
    let settings = json!({"attack": "ask", "server": server, "target": target});
    let host = host(Limits::default(), Arc::new(Rebinding));
    match attack(&hostile(&host, settings, None)).await {
        Ok(said) => println!("said: {said}"),
        Err(error) => println!("failed: {} {}", error.code, error.message),
    }
}

/// A proxy that remembers the first line that it is asked, and does nothing.
async fn proxy() -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 4096];
            let count = stream.read(&mut bytes).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            seen.lock().unwrap().extend(text.lines().next().map(str::to_owned));
            let _ = stream
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_to_this_machine_goes_by_no_proxy() {
    let server = Server::start(|_| ok("home")).await;
    let (proxy, asked) = proxy().await;
    let by_name = format!("http://localhost:{}", server.address.port());
    for address in [server.url(), by_name] {
        let said = asked_with(&all_by(&proxy), &address, &address).await;
        assert!(said.contains("said: 200 home"), "{said}");
    }
    assert!(asked.lock().unwrap().is_empty(), "{asked:?}");
}
