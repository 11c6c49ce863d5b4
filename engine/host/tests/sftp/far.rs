//! A server that is far away: a large file's bytes go over two connections, and break off and go on as over one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use camroll_host::Connection;
use camroll_servers::OpenSsh;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::files::{breaking, file, key, noise, put};
use crate::place::{connect, openssh, openssh_settings};

/// A round trip; how far away the server is.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// Bytes to the server, of each connection.
type Sent = Arc<Mutex<Vec<u64>>>;

/// A line to a server that is far away.
async fn far(server: SocketAddr) -> (SocketAddr, Sent) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let sent = Sent::default();
    let counts = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(server).await else {
                continue;
            };
            let number = {
                let mut counts = counts.lock().expect("nobody panicked with it");
                counts.push(0);
                counts.len() - 1
            };
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            tokio::spawn(there(from_client, to_server, Arc::clone(&counts), number));
            tokio::spawn(back(from_server, to_client));
        }
    });
    (address, sent)
}

async fn there(
    mut client: tokio::net::tcp::OwnedReadHalf,
    mut server: tokio::net::tcp::OwnedWriteHalf,
    counts: Sent,
    number: usize,
) {
    let mut block = vec![0; 64 << 10];
    while let Ok(length @ 1..) = client.read(&mut block).await {
        counts.lock().expect("nobody panicked with it")[number] += length as u64;
        if server.write_all(&block[..length]).await.is_err() {
            break;
        }
    }
}

/// What the server says arrives later. The sleep is the distance: it is what the test is about, and nothing waits for it to be over.
async fn back(mut server: tokio::net::tcp::OwnedReadHalf, mut client: tokio::net::tcp::OwnedWriteHalf) {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<(tokio::time::Instant, Vec<u8>)>(1_000);
    tokio::spawn(async move {
        let mut block = vec![0; 64 << 10];
        while let Ok(length @ 1..) = server.read(&mut block).await {
            let arrives = tokio::time::Instant::now() + ROUND_TRIP;
            if sender.send((arrives, block[..length].to_vec())).await.is_err() {
                break;
            }
        }
    });
    while let Some((arrives, bytes)) = receiver.recv().await {
        tokio::time::sleep_until(arrives).await;
        if client.write_all(&bytes).await.is_err() {
            break;
        }
    }
}

async fn to_far(server: &OpenSsh) -> (Connection, Sent) {
    let (address, sent) = far(([127, 0, 0, 1], server.port()).into()).await;
    let mut settings = openssh_settings(server);
    settings["port"] = address.port().into();
    let known = server.known_hosts();
    settings["known_hosts"] = known
        .replace(&format!("]:{} ", server.port()), &format!("]:{} ", address.port()))
        .into();
    let connection = connect(settings, &[("key", &server.key.private)]).expect("a connection");
    (connection, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_over_two_connections() {
    let Some(server) = openssh() else { return };
    let (connection, sent) = to_far(&server).await;
    let bytes = Bytes::from(noise(70 << 20));
    let large = file("large.mov", &key("large"));
    let time = large.modified.expect("a time").seconds;
    put(&connection, large, &bytes).await.expect("70 MiB");
    let there = server.files().join("large.mov");
    assert!(std::fs::read(&there).unwrap() == bytes);
    let modified = std::fs::metadata(&there).unwrap().modified().unwrap();
    let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(modified, u64::try_from(time).unwrap());
    let carried = sent.lock().unwrap().iter().filter(|bytes| **bytes > 30 << 20).count();
    assert_eq!(carried, 2, "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_over_one_connection() {
    let Some(server) = openssh() else { return };
    let (connection, sent) = to_far(&server).await;
    put(&connection, file("small.mov", &key("small")), &noise(5 << 20))
        .await
        .expect("5 MiB");
    assert_eq!(sent.lock().unwrap().len(), 1, "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_connections_began_goes_on_from_its_checkpoint() {
    let Some(server) = openssh() else { return };
    let (connection, sent) = to_far(&server).await;
    let bytes = Bytes::from(noise(150 << 20));
    let checkpoint = breaking::broken_off(&connection, &bytes, 140 << 20).await;
    assert!(
        sent.lock().unwrap().iter().filter(|bytes| **bytes > 60 << 20).count() == 2,
        "{sent:?}"
    );
    let checkpoint = checkpoint.expect("one was saved");
    assert!(checkpoint.reached >= 64 << 20);
    breaking::goes_on(&connection, &bytes, checkpoint).await;
}
