//! Stands between a client and a server of whatever protocol, lets all through as it is, and counts the server's bytes: how much of what lies there was read, also where nobody but the two can see what they say.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// It ends with the value that stands for it.
pub struct Meter {
    address: SocketAddr,
    told: Arc<AtomicU64>,
}

impl Meter {
    /// Before a server.
    ///
    /// # Panics
    /// If there is no port on loopback.
    pub fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        let told = Arc::new(AtomicU64::new(0));
        let shared = Arc::downgrade(&told);
        thread::spawn(move || {
            while let (Ok((client, _)), Some(told)) = (listener.accept(), shared.upgrade()) {
                thread::spawn(move || {
                    // What breaks here breaks for the client, which is what the tests look at.
                    let _ = pass(&client, server, &told);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, told }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Bytes that the server sent so far.
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::SeqCst)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.told = Arc::default();
        // It looks whether it is still wanted when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn pass(client: &TcpStream, server: SocketAddr, told: &AtomicU64) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    // Each says a little and waits for the other.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut said, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut said, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut server, mut client) = (&server, client);
    let mut block = vec![0; 64 << 10];
    loop {
        let length = server.read(&mut block)?;
        if length == 0 {
            return Ok(());
        }
        told.fetch_add(length as u64, Ordering::SeqCst);
        client.write_all(&block[..length])?;
    }
}
