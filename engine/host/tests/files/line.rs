//! A line to a server that is far away.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A round trip; how far away the server is.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// Bytes to the server, of each connection.
pub type Sent = Arc<Mutex<Vec<u64>>>;

/// A line to a server that is far away.
pub async fn far(server: SocketAddr) -> (SocketAddr, Sent) {
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
