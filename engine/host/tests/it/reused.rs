//! Connections that are kept open, and closed by their server when they are used again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camroll_host::{Limits, SystemResolver};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{attack, host, hostile};

/// Requests that it answers over one connection, before it takes one more and ends the connection instead.
const ANSWERED: usize = 3;

/// Where it listens, and how many requests came.
async fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&seen)));
        }
    });
    (url, asked)
}

async fn serve(mut stream: TcpStream, asked: Arc<AtomicUsize>) {
    for _ in 0..ANSWERED {
        if !takes(&mut stream).await {
            return;
        }
        asked.fetch_add(1, Ordering::SeqCst);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
    if takes(&mut stream).await {
        asked.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether a request's head came. These have no bodies.
async fn takes(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_reads_is_asked_once_more() {
    let (url, asked) = server().await;
    let settings = json!({"attack": "ask-a-hundred-times", "server": url, "target": url});
    let connection = hostile(&host(Limits::default(), Arc::new(SystemResolver)), settings, None);
    assert_eq!(attack(&connection).await.expect("it goes on"), "asked");
    // Every third answer is followed by a request that got none.
    assert_eq!(asked.load(Ordering::SeqCst), 100 + 99 / ANSWERED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_change_something_is_not() {
    let (url, asked) = server().await;
    let settings = json!({"attack": "post-until-refused", "server": url, "target": url});
    let connection = hostile(&host(Limits::default(), Arc::new(SystemResolver)), settings, None);
    let error = attack(&connection).await.expect_err("nobody knows whether it was done");
    assert_eq!(error.code, "host/broken-off");
    assert_eq!(asked.load(Ordering::SeqCst), ANSWERED + 1);
}
