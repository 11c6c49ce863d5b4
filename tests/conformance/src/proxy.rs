//! A server's front on loopback that misbehaves.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// What becomes of connections.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Cut off when so many bytes went to the server on one of them.
    CutsAfter(usize),
    /// Answered by these bytes as soon as something is said.
    Answers(&'static [u8]),
    /// Held up for ever when so many bytes went to the server on one of them, which is told then.
    HaltsAfter(usize, Arc<Notify>),
    /// A quarter of a megabyte a second, each way.
    Slow,
    /// Passed on as they are, and what goes to the server on all of them is counted.
    Counts(Arc<AtomicU64>),
}

/// Ends with its value, and each connection with it.
pub(crate) struct Proxy {
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Proxy {
    /// In front of a server, and of the ports beside it: those have the same numbers here, so then it has another address of loopback.
    pub(crate) async fn start(server: SocketAddr, beside: Range<u16>, manner: Manner) -> Self {
        let address = match beside.is_empty() {
            true => Ipv4Addr::LOCALHOST,
            false => Ipv4Addr::new(127, 0, 0, 2),
        };
        let (first, task) = Self::listen(SocketAddr::from((address, 0)), server, manner.clone()).await;
        let mut tasks = vec![task];
        for port in beside {
            let here = SocketAddr::from((address, port));
            let there = SocketAddr::new(server.ip(), port);
            tasks.push(Self::listen(here, there, manner.clone()).await.1);
        }
        Self { address: first, tasks }
    }

    async fn listen(here: SocketAddr, server: SocketAddr, manner: Manner) -> (SocketAddr, JoinHandle<()>) {
        let listener = bind(here).await.expect("a port on loopback");
        let address = listener.local_addr().expect("its own address");
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let manner = manner.clone();
                // How a connection ends is the client's to hear.
                connections.spawn(async move { drop(serve(client, server, manner).await) });
            }
        });
        (address, task)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A port of a given number may still be the one of a proxy that ended this moment: its task is let go of when the runtime comes to it.
async fn bind(here: SocketAddr) -> io::Result<TcpListener> {
    const LOOKS: u32 = 10_000;
    for _ in 0..LOOKS {
        match TcpListener::bind(here).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && here.port() != 0 => {
                tokio::task::yield_now().await
            }
            bound => return bound,
        }
    }
    TcpListener::bind(here).await
}

async fn serve(mut client: TcpStream, server: SocketAddr, manner: Manner) -> io::Result<()> {
    let mut block = vec![0; 64 << 10];
    match manner {
        Manner::Answers(answer) => {
            if client.read(&mut block).await? > 0 {
                client.write_all(answer).await?;
            }
            client.shutdown().await
        }
        Manner::Slow => {
            let (from_server, to_server) = TcpStream::connect(server).await?.into_split();
            let (from_client, to_client) = client.into_split();
            tokio::try_join!(drip(from_client, to_server), drip(from_server, to_client)).map(drop)
        }
        Manner::CutsAfter(limit) => {
            let (mut from_server, to_server) = TcpStream::connect(server).await?.into_split();
            let (from_client, mut to_client) = client.into_split();
            // Whichever ends first ends both.
            tokio::select! {
                ended = up_to(limit, from_client, to_server) => ended.map(drop),
                ended = tokio::io::copy(&mut from_server, &mut to_client) => ended.map(drop),
            }
        }
        Manner::HaltsAfter(limit, halted) => {
            let (mut from_server, to_server) = TcpStream::connect(server).await?.into_split();
            let (from_client, mut to_client) = client.into_split();
            let up = async {
                // Both halves stay open as long as nobody ends them.
                let Passed::Limit(_ends) = up_to(limit, from_client, to_server).await? else {
                    return io::Result::Ok(());
                };
                halted.notify_one();
                std::future::pending().await
            };
            let down = tokio::io::copy(&mut from_server, &mut to_client);
            tokio::try_join!(up, async { down.await.map(drop) }).map(drop)
        }
        Manner::Counts(sent) => {
            let (mut from_server, mut to_server) = TcpStream::connect(server).await?.into_split();
            let (mut from_client, mut to_client) = client.into_split();
            let up = async {
                loop {
                    let read = from_client.read(&mut block).await?;
                    if read == 0 {
                        return to_server.shutdown().await;
                    }
                    sent.fetch_add(read as u64, Ordering::Relaxed);
                    to_server.write_all(&block[..read]).await?;
                }
            };
            let down = async {
                tokio::io::copy(&mut from_server, &mut to_client).await?;
                to_client.shutdown().await
            };
            tokio::try_join!(up, down).map(drop)
        }
    }
}

/// Where bytes stopped being passed on.
enum Passed {
    /// At their end.
    All,
    /// Before more than a limit. Both halves of it.
    Limit((OwnedReadHalf, OwnedWriteHalf)),
}

/// Passes bytes on, and no more than so many.
async fn up_to(limit: usize, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<Passed> {
    let mut block = vec![0; 64 << 10];
    let mut sent = 0;
    loop {
        let read = from.read(&mut block).await?;
        if read == 0 {
            return Ok(Passed::All);
        }
        if sent + read > limit {
            return Ok(Passed::Limit((from, to)));
        }
        to.write_all(&block[..read]).await?;
        sent += read;
    }
}

/// Passes on little at a time.
async fn drip(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
    let mut block = vec![0; 8 << 10];
    loop {
        let read = from.read(&mut block).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&block[..read]).await?;
        // The line's speed is what the cell is about.
        tokio::time::sleep(Duration::from_millis(32)).await;
    }
}
