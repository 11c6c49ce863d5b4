//! A TCP proxy that hands on what a server says so much later: latency without a bound on throughput.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What may wait in the proxy for one connection, in blocks of 64 KiB: more than any of them has under way in the delay.
const BLOCKS: usize = 4096;

/// Listens for as long as the process lives; the port is its own.
pub fn delayed(server: SocketAddr, delay: Duration) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(server) else {
                continue;
            };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            if let (Ok(to_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) {
                pass(client, to_server, Duration::ZERO);
                pass(server, to_client, delay);
            }
        }
    });
    Ok(address)
}

fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = mpsc::sync_channel::<(Instant, Vec<u8>)>(BLOCKS);
    thread::spawn(move || {
        let mut block = vec![0; 64 << 10];
        while let Ok(length) = from.read(&mut block) {
            let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            if sender.send((Instant::now() + delay, bytes.to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (when, bytes) in receiver {
            thread::sleep(when.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
