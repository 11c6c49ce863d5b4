//! From a name to a connected socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use tokio::net::TcpStream;

use crate::net::Resolve;
use crate::tcp::Peer;

const TIMEOUT: Duration = Duration::from_secs(15);
/// Silence after which the system asks whether the other side lives.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// How a connection ends for the other side: reset, unless it was shut down. What was cut off must not look whole there.
pub(super) struct Ending(std::net::TcpStream);

impl Ending {
    /// From here on it ends in order.
    pub(super) fn orderly(&self) {
        // Where the system can't, the other side sees a reset after all it was sent.
        let _ = socket2::SockRef::from(&self.0).set_linger(None);
    }
}

/// A socket that is connected.
pub(super) struct Dialled {
    pub stream: TcpStream,
    pub ending: Ending,
    /// Which of the name's addresses it was.
    pub address: IpAddr,
}

/// Connects to the first address of a name that answers. The person named this host, so any address of it is fine.
pub(super) async fn dial(resolver: &dyn Resolve, peer: &Peer) -> Result<Dialled, ConnectorError> {
    let addresses = match peer.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolver
            .resolve(&peer.host)
            .await
            .map_err(|error| unreachable(peer, &format!("its name can't be found ({error})")))?,
    };
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        match dial_address(peer, address).await {
            Ok(dialled) => return Ok(dialled),
            Err(why) => last = why,
        }
    }
    Err(unreachable(peer, &last))
}

/// Connects to that very address.
pub(super) async fn dial_beside(peer: &Peer, address: IpAddr) -> Result<Dialled, ConnectorError> {
    dial_address(peer, address).await.map_err(|why| unreachable(peer, &why))
}

async fn dial_address(peer: &Peer, address: IpAddr) -> Result<Dialled, String> {
    match tokio::time::timeout(TIMEOUT, TcpStream::connect(SocketAddr::new(address, peer.port))).await {
        Ok(Ok(stream)) => set_up(stream, address).map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

fn set_up(stream: TcpStream, address: IpAddr) -> io::Result<Dialled> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let ending = Ending(stream.try_clone()?);
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO))?;
    // What says nothing for an hour while a file goes out beside it shouldn't be forgotten on the way.
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(KEEPALIVE))?;
    Ok(Dialled {
        stream: TcpStream::from_std(stream)?,
        ending,
        address,
    })
}

fn unreachable(peer: &Peer, why: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Transient,
        "tcp/unreachable",
        format!("{peer} can't be reached: {why}."),
    )
}
