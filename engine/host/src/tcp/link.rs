//! A connection as a connector holds it: what arrives is taken in by a task of its own, so that reading and writing don't wait for each other.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use camroll_model::{ConnectorError, ErrorClass, Secret};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::tcp::dial::{Dialled, Ending, dial_beside};
use crate::tcp::grants::May;
use crate::tcp::inbox::Inbox;
use crate::tcp::tls::Tls;
use crate::tcp::{Peer, Secured, broken, closed};

/// Whatever bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Boxed = Box<dyn Stream>;

/// Read from the socket at a time.
const CHUNK: usize = 64 << 10;
/// The same of a connection that has given little so far: most only answer.
const LITTLE: usize = 4 << 10;

pub(crate) struct Link {
    peer: Peer,
    idle: Duration,
    inbox: Arc<Inbox>,
    /// Taken out while something is written: what was cut off in the midst can't be written to again.
    writer: Option<WriteHalf<Boxed>>,
    pump: Option<Pump>,
    ending: Option<Ending>,
    security: Secured,
    /// Where it leads: what is beside it goes there too.
    address: IpAddr,
    /// Shared with what is beside it, which is how that goes on with its session.
    tls: Option<Tls>,
    may: Arc<May>,
    /// What must live as long as the connection.
    session: Option<Box<dyn Any + Send>>,
}

/// How long the other side may take nothing.
struct Patience {
    peer: Peer,
    idle: Duration,
}

impl Patience {
    async fn send(&self, writer: &mut WriteHalf<Boxed>, mut bytes: &[u8]) -> Result<(), ConnectorError> {
        while !bytes.is_empty() {
            let written = self.in_time(writer.write(bytes)).await?;
            if written == 0 {
                return Err(closed(&self.peer, "it takes no more"));
            }
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    async fn in_time<T>(&self, work: impl Future<Output = std::io::Result<T>>) -> Result<T, ConnectorError> {
        match tokio::time::timeout(self.idle, work).await {
            Ok(done) => done.map_err(|error| broken(&self.peer, error)),
            Err(_) => Err(ConnectorError::new(
                ErrorClass::Transient,
                "tcp/idle",
                format!("{} took nothing for {} s.", self.peer, self.idle.as_secs()),
            )),
        }
    }
}

/// The task that takes in what arrives.
struct Pump {
    stop: oneshot::Sender<()>,
    task: JoinHandle<ReadHalf<Boxed>>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close("it was let go");
    }
}

impl Link {
    /// A connection without protection.
    pub(super) fn plain(peer: Peer, dialled: Dialled, idle: Duration) -> Self {
        let Dialled {
            stream,
            ending,
            address,
        } = dialled;
        Self::new(peer, stream, (ending, address), idle)
    }

    pub(super) fn new(
        peer: Peer,
        stream: impl Stream + 'static,
        (ending, address): (Ending, IpAddr),
        idle: Duration,
    ) -> Self {
        let inbox = Inbox::new(peer.clone(), idle);
        let (reader, writer) = tokio::io::split(Box::new(stream) as Boxed);
        Self {
            pump: Some(Pump::start(reader, Arc::clone(&inbox), peer.clone())),
            peer,
            idle,
            inbox,
            writer: Some(writer),
            ending: Some(ending),
            security: Secured::Not,
            address,
            tls: None,
            may: Arc::default(),
            session: None,
        }
    }

    pub(super) fn secured(mut self) -> Self {
        self.security = Secured::Yes;
        self
    }

    /// What may be done over it, and the TLS that it has or may have.
    pub(super) fn with(mut self, may: Arc<May>, tls: Option<Tls>) -> Self {
        self.may = may;
        self.tls = tls;
        self
    }

    pub(super) fn over(mut self, session: impl Any + Send) -> Self {
        self.session = Some(Box::new(session));
        self
    }

    /// At most `max` bytes, at least one; none at the end.
    pub(crate) fn read(&self, max: usize) -> impl Future<Output = Result<Bytes, ConnectorError>> + Send + 'static {
        let inbox = Arc::clone(&self.inbox);
        async move { inbox.take(max.max(1)).await }
    }

    /// What arrives from here on.
    pub(crate) fn read_body(
        &self,
        length: Option<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, ConnectorError>>, ConnectorError> {
        self.inbox.lend(length)
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), ConnectorError> {
        self.write_all(futures::stream::once(async { Ok(bytes) }).boxed()).await
    }

    /// Sends all of it. When it fails, the connection is closed: nobody knows how much of it went out.
    pub(crate) async fn write_all(
        &mut self,
        mut source: BoxStream<'static, Result<Bytes, ConnectorError>>,
    ) -> Result<(), ConnectorError> {
        let Some(mut writer) = self.writer.take() else {
            return Err(closed(&self.peer, "it isn't open for writing any more"));
        };
        let patience = self.patience();
        let written = async {
            while let Some(bytes) = source.next().await {
                patience.send(&mut writer, &bytes?).await?;
            }
            patience.in_time(writer.flush()).await
        };
        // A channel that ended takes nothing more, and whoever writes to it isn't told. Elsewhere the other side may have ended its half alone.
        let channel = self.session.is_some().then(|| Arc::clone(&self.inbox));
        let gone = async {
            match channel {
                Some(inbox) => inbox.ended().await,
                None => std::future::pending().await,
            }
        };
        let written = tokio::select! {
            written = written => written,
            () = gone => Err(closed(&self.peer, "the server ended it")),
        };
        match written {
            Ok(()) => self.writer = Some(writer),
            Err(_) => {
                drop(writer);
                self.close("what was being written broke off");
            }
        }
        written
    }

    fn patience(&self) -> Patience {
        Patience {
            peer: self.peer.clone(),
            idle: self.idle,
        }
    }

    /// Writes a line with a secret in it.
    pub(super) async fn write_secret(&mut self, slot: &str, secret: &Secret) -> Result<(), ConnectorError> {
        let (before, behind) = self.may.line(slot, self.security)?;
        let value = secret.expose();
        if value.contains(['\r', '\n', '\0']) {
            return Err(ConnectorError::new(
                ErrorClass::InvalidSetting,
                "tcp/bad-secret",
                format!("The secret {slot:?} can't be written: it holds a line's end or a NUL."),
            ));
        }
        let line = Zeroizing::new([before, value, behind].concat().into_bytes());
        self.write(Bytes::from_owner(line)).await
    }

    /// Another connection to the same address. It has no secrets, and none is beside it.
    pub(crate) fn beside(&self, port: u16) -> impl Future<Output = Result<Self, ConnectorError>> + Send + 'static {
        let peer = Peer {
            host: self.peer.host.clone(),
            port,
        };
        let granted = self.may.go_beside(&self.peer, port);
        let (address, idle, tls) = (self.address, self.idle, self.tls.clone());
        async move {
            granted?;
            let dialled = dial_beside(&peer, address).await?;
            Ok(Self::plain(peer, dialled, idle).with(Arc::default(), tls))
        }
    }

    /// TLS from here on.
    pub(crate) async fn start_tls(&mut self) -> Result<(), ConnectorError> {
        let refused = |what: &str| Err(ConnectorError::new(ErrorClass::Conflict, "tcp/no-tls-here", what));
        if self.security == Secured::Yes {
            return refused("The connection is secured already.");
        }
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => Tls::new(&self.peer, self.may.newest())?,
        };
        let (Some(writer), Some(pump)) = (self.writer.take(), self.pump.take()) else {
            return Err(closed(&self.peer, "it isn't open any more"));
        };
        let _ = pump.stop.send(());
        let reader = pump
            .task
            .await
            .map_err(|error| closed(&self.peer, &error.to_string()))?;
        // Whatever came in the clear could have been put there by anybody.
        if !self.inbox.is_empty() {
            self.close("plain bytes waited unread before TLS");
            return refused("Bytes that came without TLS wait unread.");
        }
        let stream = self.may.agreed(tls.wrap(&self.peer, reader.unsplit(writer)).await)?;
        self.tls = Some(tls);
        let (reader, writer) = tokio::io::split(Box::new(stream) as Boxed);
        self.pump = Some(Pump::start(reader, Arc::clone(&self.inbox), self.peer.clone()));
        self.writer = Some(writer);
        self.security = Secured::Yes;
        Ok(())
    }

    /// No more to write.
    pub(crate) async fn shutdown(&mut self) -> Result<(), ConnectorError> {
        let Some(mut writer) = self.writer.take() else {
            return Err(closed(&self.peer, "it isn't open for writing any more"));
        };
        self.patience().in_time(writer.shutdown()).await?;
        if let Some(ending) = &self.ending {
            ending.orderly();
        }
        Ok(())
    }

    fn close(&mut self, why: &str) {
        self.inbox.end(Err(closed(&self.peer, why)));
        self.writer = None;
        self.ending = None;
        if let Some(pump) = self.pump.take() {
            pump.task.abort();
        }
        self.session = None;
    }
}

impl Pump {
    fn start(mut reader: ReadHalf<Boxed>, inbox: Arc<Inbox>, peer: Peer) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut chunk = BytesMut::new();
            let mut size = LITTLE;
            loop {
                // Small answers share an allocation.
                if chunk.capacity() < size / 8 {
                    chunk.reserve(size);
                }
                let read = async {
                    inbox.room().await;
                    reader.read_buf(&mut chunk).await
                };
                let read = tokio::select! {
                    biased;
                    _ = &mut stopped => return reader,
                    read = read => read,
                };
                match read {
                    Ok(0) => {
                        inbox.end(Ok(()));
                        return reader;
                    }
                    Ok(read) => {
                        if read >= LITTLE / 2 {
                            size = CHUNK;
                        }
                        inbox.put(chunk.split().freeze());
                    }
                    Err(error) => {
                        inbox.end(Err(broken(&peer, error)));
                        return reader;
                    }
                }
            }
        });
        Self { stop, task }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::SystemResolver;
    use crate::tcp::dial::dial;

    /// A link and the other side of it.
    async fn sides() -> (Link, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let peer = Peer {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().expect("an address").port(),
        };
        let (dialled, accepted) = tokio::join!(dial(&SystemResolver, &peer), listener.accept());
        let link = Link::plain(peer, dialled.expect("connected"), Duration::from_secs(60));
        (link, accepted.expect("accepted").0)
    }

    #[tokio::test]
    async fn what_is_written_and_shut_down_arrives_whole() {
        let (mut link, mut other) = sides().await;
        link.write(Bytes::from_static(b"all of it")).await.unwrap();
        link.shutdown().await.unwrap();
        drop(link);
        let mut heard = Vec::new();
        other.read_to_end(&mut heard).await.expect("an end in order");
        assert_eq!(heard, b"all of it");
    }

    #[tokio::test]
    async fn what_is_let_go_before_its_end_does_not_look_whole() {
        let (mut link, mut other) = sides().await;
        link.write(Bytes::from_static(b"half")).await.unwrap();
        drop(link);
        let mut heard = Vec::new();
        let end = other.read_to_end(&mut heard).await;
        assert_eq!(end.expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_source_that_fails_closes_the_connection() {
        let (mut link, mut other) = sides().await;
        let corrupt = ConnectorError::new(ErrorClass::Corrupt, "test/corrupt", "They are other bytes.");
        let source = futures::stream::iter([Ok(Bytes::from_static(b"first")), Err(corrupt)]).boxed();
        assert_eq!(link.write_all(source).await.unwrap_err().code, "test/corrupt");
        assert_eq!(
            link.write(Bytes::from_static(b"more")).await.unwrap_err().code,
            "tcp/closed"
        );
        assert!(link.read(1).await.is_err());
        let mut heard = Vec::new();
        assert!(other.read_to_end(&mut heard).await.is_err(), "{heard:?} looks whole");
    }

    #[tokio::test]
    async fn reading_does_not_wait_for_writing() {
        let (link, mut other) = sides().await;
        other.write_all(b"answer").await.unwrap();
        assert_eq!(link.read(100).await.unwrap(), "answer");
        other.shutdown().await.unwrap();
        assert_eq!(link.read(100).await.unwrap(), "");
    }

    #[tokio::test]
    async fn tls_does_not_begin_behind_plain_bytes() {
        let (mut link, mut other) = sides().await;
        other.write_all(b"220 ready\r\n injected").await.unwrap();
        assert_eq!(link.read(4).await.unwrap(), "220 ");
        assert_eq!(link.start_tls().await.unwrap_err().code, "tcp/no-tls-here");
    }

    #[tokio::test]
    async fn what_is_beside_a_connection_has_no_secrets_and_nothing_beside_it() {
        let (link, _other) = sides().await;
        assert!(link.beside(1).await.is_err(), "it isn't granted");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let link = link.with(Arc::new(May::everything("password", "PASS {}\r\n")), None);
        let (beside, _accepted) = tokio::join!(link.beside(port), listener.accept());
        let mut beside = beside.expect("connected");
        let secret = Secret::new("secret".to_owned());
        assert_eq!(
            beside.write_secret("password", &secret).await.unwrap_err().code,
            "host/not-granted"
        );
        assert_eq!(
            beside.beside(port).await.err().expect("refused").code,
            "host/not-granted"
        );
    }

    #[tokio::test]
    async fn a_secret_is_one_line() {
        let (link, mut other) = sides().await;
        let mut link = link.with(Arc::new(May::everything("password", "PASS {}\r\n")), None);
        for value in ["a\r\nDELE b", "a\rb", "a\nb", "a\0"] {
            let secret = Secret::new(value.to_owned());
            assert_eq!(
                link.write_secret("password", &secret).await.unwrap_err().code,
                "tcp/bad-secret",
                "{value:?}"
            );
        }
        let secret = Secret::new("grün {} ÿ".to_owned());
        link.write_secret("password", &secret).await.unwrap();
        link.shutdown().await.unwrap();
        let mut heard = String::new();
        other.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "PASS grün {} ÿ\r\n");
    }
}
