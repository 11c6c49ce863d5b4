//! A TCP proxy that hands on what a server says so much later, and takes no more from a client than a line of that latency would: TCP sends only so much that wasn't acknowledged yet.

use std::collections::VecDeque;
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

/// What of a client's bytes may be under way for one connection in the time of the delay: the most that Linux keeps of what wasn't acknowledged (the last of `net.ipv4.tcp_wmem`, as the kernel
/// sets it with enough memory). With 40 ms it is 105 MB/s.
const WINDOW: usize = 4 << 20;

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
                pass(client, to_server, delay, &sent);
                pass_later(server, to_client, delay, &heard);
            }
        }
    });
    Ok(Delayed { address, sent: counted })
}

/// Bytes that aren't acknowledged yet: those of the last so long.
struct UnderWay {
    delay: Duration,
    sent: VecDeque<(Instant, usize)>,
    bytes: usize,
}

impl UnderWay {
    /// Waits until so many more may be. The sleep is the time that an acknowledgement takes on the line, which is what is measured.
    fn send(&mut self, bytes: usize) {
        while self.bytes > 0 && self.bytes + bytes > WINDOW {
            if let Some((when, acknowledged)) = self.sent.pop_front() {
                thread::sleep((when + self.delay).saturating_duration_since(Instant::now()));
                self.bytes -= acknowledged;
            }
        }
        self.sent.push_back((Instant::now(), bytes));
        self.bytes += bytes;
    }
}

/// What a client says is handed on as fast as the server and the window take it.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration, passed: &Arc<AtomicU64>) {
    let passed = Arc::clone(passed);
    thread::spawn(move || {
        let mut under_way = UnderWay {
            delay,
            sent: VecDeque::new(),
            bytes: 0,
        };
        let mut block = vec![0; 256 << 10];
        while let Ok(length) = from.read(&mut block) {
            let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            passed.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            under_way.send(bytes.len());
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
