//! A line to a server that is far away.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A round trip.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// What a server says through it arrives later. It takes no more connections when the value that stands for it is gone.
pub struct Far {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<u64>>>,
}

impl Far {
    /// Before a server.
    ///
    /// # Panics
    /// If there is no port on loopback.
    pub fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        let sent = Arc::<Mutex<Vec<u64>>>::default();
        let counts = Arc::downgrade(&sent);
        thread::spawn(move || {
            while let (Ok((client, _)), Some(counts)) = (listener.accept(), counts.upgrade()) {
                let Ok(server) = TcpStream::connect(server) else {
                    continue;
                };
                let number = {
                    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                    counts.push(0);
                    counts.len() - 1
                };
                if let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) {
                    thread::spawn(move || there(from_client, to_server, &counts, number));
                    thread::spawn(move || back(server, client));
                }
            }
        });
        Self { address, sent }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes to the server, of each connection.
    pub fn sent(&self) -> Vec<u64> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.sent = Arc::default();
        // It looks whether it is still wanted when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn there(mut client: TcpStream, mut server: TcpStream, counts: &Mutex<Vec<u64>>, number: usize) {
    let mut block = vec![0; 64 << 10];
    while let Ok(length @ 1..) = client.read(&mut block) {
        counts.lock().unwrap_or_else(PoisonError::into_inner)[number] += length as u64;
        if server.write_all(&block[..length]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

/// The sleep is the distance, which is what the tests are about; no test waits for it to be over, and none asserts how long something took.
fn back(mut server: TcpStream, mut client: TcpStream) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut block = vec![0; 64 << 10];
        while let Ok(length @ 1..) = server.read(&mut block) {
            if sender
                .send((Instant::now() + ROUND_TRIP, block[..length].to_vec()))
                .is_err()
            {
                break;
            }
        }
    });
    for (arrives, bytes) in receiver {
        thread::sleep(arrives.saturating_duration_since(Instant::now()));
        if client.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
