//! A TCP proxy that hands on what a server says so much later: latency without a bound on throughput.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What a server said and may wait in the proxy for one connection, in blocks of 64 KiB: more than any of them has under way in the delay. Not more: what the benchmark's process holds counts
/// as its children's, whose memory is measured.
const BLOCKS: usize = 128;

/// A proxy before a server.
pub struct Delayed {
    /// Where it listens.
    pub address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl Delayed {
    /// Bytes that clients have sent to the server through it.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Listens for as long as the process lives; the port is its own.
pub fn delayed(server: SocketAddr, delay: Duration) -> anyhow::Result<Delayed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (sent, heard) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&sent);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(server) else {
                continue;
            };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            if let (Ok(to_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) {
                pass(client, to_server, &sent);
                pass_later(server, to_client, delay, &heard);
            }
        }
    });
    Ok(Delayed { address, sent: counted })
}

/// What a client says is handed on as fast as the server takes it.
fn pass(mut from: TcpStream, mut to: TcpStream, passed: &Arc<AtomicU64>) {
    let passed = Arc::clone(passed);
    thread::spawn(move || {
        let mut block = vec![0; 256 << 10];
        while let Ok(length) = from.read(&mut block) {
            let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            passed.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

fn pass_later(mut from: TcpStream, mut to: TcpStream, delay: Duration, passed: &Arc<AtomicU64>) {
    let passed = Arc::clone(passed);
    let (sender, receiver) = mpsc::sync_channel::<(Instant, Vec<u8>)>(BLOCKS);
    thread::spawn(move || {
        let mut block = vec![0; 64 << 10];
        while let Ok(length) = from.read(&mut block) {
            let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            passed.fetch_add(bytes.len() as u64, Ordering::Relaxed);
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
