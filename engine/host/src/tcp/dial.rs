//! From a name to a connected socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use camroll_model::{ConnectorError, ErrorClass};
use tokio::net::TcpStream;

use crate::net::Resolve;
use crate::tcp::Peer;

const TIMEOUT: Duration = Duration::from_secs(15);

/// How a connection ends for the other side: reset, unless it was shut down. What was cut off must not look whole there.
pub(super) struct Ending(std::net::TcpStream);

impl Ending {
    /// From here on it ends in order.
    pub(super) fn orderly(&self) {
        // Where the system can't, the other side sees a reset after all it was sent.
        let _ = socket2::SockRef::from(&self.0).set_linger(None);
    }
}

/// Connects to the first address of a name that answers. The person named this host, so any address of it is fine.
pub(super) async fn dial(resolver: &dyn Resolve, peer: &Peer) -> Result<(TcpStream, Ending), ConnectorError> {
    let addresses = match peer.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolver
            .resolve(&peer.host)
            .await
            .map_err(|error| unreachable(peer, &format!("its name can't be found ({error})")))?,
    };
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(TIMEOUT, TcpStream::connect(SocketAddr::new(address, peer.port))).await {
            Ok(Ok(stream)) => return set_up(stream).map_err(|error| unreachable(peer, &error.to_string())),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = format!("no answer within {} s", TIMEOUT.as_secs()),
        }
    }
    Err(unreachable(peer, &last))
}

fn set_up(stream: TcpStream) -> io::Result<(TcpStream, Ending)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let ending = Ending(stream.try_clone()?);
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    Ok((TcpStream::from_std(stream)?, ending))
}

fn unreachable(peer: &Peer, why: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Transient,
        "tcp/unreachable",
        format!("{peer} can't be reached: {why}."),
    )
}
