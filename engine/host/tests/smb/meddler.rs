//! Somebody between a client and a server, who alters one byte of what the server says when told to.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A byte of a message's body, behind any head.
const AT: usize = 70;

pub struct Meddler {
    port: u16,
    armed: Arc<AtomicBool>,
}

impl Meddler {
    /// Before a server on loopback.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let port = listener.local_addr().expect("its address").port();
        let armed = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&armed);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let armed = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // What breaks here breaks for the client, which is what the tests look at.
                    let _ = pass(&client, server, &armed);
                    let _ = client.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        Self { port, armed }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next frame of the server is altered.
    pub fn alter(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }
}

fn pass(client: &TcpStream, server: u16, armed: &AtomicBool) -> io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let copied = io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(std::net::Shutdown::Both).and(copied)
    });
    let mut client = client;
    loop {
        let mut length = [0; 4];
        server.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        server.read_exact(&mut frame)?;
        if let Some(byte) = frame.get_mut(AT).filter(|_| armed.swap(false, Ordering::SeqCst)) {
            *byte ^= 1;
        }
        client.write_all(&length)?;
        client.write_all(&frame)?;
    }
}
