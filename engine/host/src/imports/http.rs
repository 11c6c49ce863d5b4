//! `http`: requests. What may go where is decided in `crate::net`; here they become its requests, and its answers become bodies.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use wasmtime::component::Resource;

use super::{CallKind, Failure, Inside, not_built};
use crate::bindings::camroll::connector::{http, types};
use crate::bodies::{Body, Lent, Open, moving};
use crate::net;

/// Bytes of a started request's answer that are read ahead.
const READ_AHEAD: usize = 4 << 20;
/// Largest piece that is read ahead at once; more waits.
const AHEAD_PIECE: usize = 256 << 10;
const LONGEST_IDLE: i64 = 600;

type Chunks = BoxStream<'static, Result<Bytes, ConnectorError>>;

/// A request that goes on while the guest does something else. Dropped: cut off.
pub struct Pending {
    task: JoinHandle<Result<net::Response, ConnectorError>>,
    answered: watch::Receiver<bool>,
    started: Option<OwnedSemaphorePermit>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// There is none yet.
pub enum Outgoing {}

impl Inside {
    /// The host's request, and whether it sends a body that was lent to this call.
    fn request(&self, request: http::Request) -> Result<(net::Request, Lent), Failure> {
        if self.call.kind == CallKind::Connect {
            return Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/no-network-yet",
                "`connect` only takes the settings; the network is for the calls after it.",
            )
            .into());
        }
        let mut lent = Lent::No;
        let mut body = Vec::with_capacity(request.body.len());
        for segment in request.body {
            body.push(match segment {
                http::Segment::Bytes(bytes) => net::Segment::Bytes(bytes.into()),
                http::Segment::Json(json) => net::Segment::Json(json),
                http::Segment::Form(fields) => net::Segment::Form(fields),
                http::Segment::Range(range) => {
                    let held = self.table.get(&range.body)?;
                    if held.lent() == Lent::ToThisCall {
                        lent = Lent::ToThisCall;
                    }
                    let whole = held.open();
                    let length = match range.length {
                        Some(length) => Some(length),
                        None => whole
                            .try_lock()
                            .map_err(|_| in_use())?
                            .size()
                            .map(|size| size.saturating_sub(range.offset)),
                    };
                    net::Segment::Stream {
                        stream: range_of(whole, range.offset, range.length, self.shared.limits.no_progress),
                        length,
                    }
                }
                http::Segment::Digest(_) => return Err(not_built("digests within a request's body")),
            });
        }
        let mut made = net::Request::new(request.method, request.url);
        made.headers = request.headers;
        made.body = body;
        made.auth = request.auth;
        made.redirects = request.redirects;
        for (name, value) in request.options {
            match (name.as_str(), value) {
                ("pace", types::Value::Text(class)) => made.pace = Some(class),
                ("chunked", types::Value::Flag(wanted)) => made.chunked = wanted,
                ("decode", types::Value::Flag(wanted)) => made.decode = wanted,
                ("idle-timeout", types::Value::Integer(seconds)) => {
                    let seconds = seconds.clamp(1, LONGEST_IDLE).unsigned_abs();
                    made.idle_timeout = Some(Duration::from_secs(seconds));
                }
                (name, _) => {
                    return Err(ConnectorError::new(
                        ErrorClass::Unsupported,
                        "host/unknown-option",
                        format!(
                            "The request option {:?} isn't known, or its value is of the wrong kind.",
                            name.chars().take(60).collect::<String>()
                        ),
                    )
                    .into());
                }
            }
        }
        Ok((made, lent))
    }

    fn answer(&mut self, response: net::Response) -> Result<http::Response, Failure> {
        let body = self.table.push(Body::of_answer(response.body, response.length))?;
        Ok(http::Response {
            status: response.status,
            headers: response.headers,
            url: response.url,
            body,
            attributes: Vec::new(),
        })
    }
}

impl http::Host for Inside {
    async fn send(&mut self, request: http::Request) -> Result<http::Response, Failure> {
        let (request, _) = self.request(request)?;
        let net = Arc::clone(&self.shared.net);
        let response = self.ours(async move { net.send(request).await }).await?;
        self.answer(response)
    }

    async fn start(&mut self, request: http::Request) -> Result<Resource<Pending>, Failure> {
        let started = Arc::clone(&self.started).try_acquire_owned().map_err(|_| {
            ConnectorError::new(
                ErrorClass::Unsupported,
                "host/too-many",
                "The connector has 16 requests under way or answered and not read; it must read or drop one first.",
            )
        })?;
        let (request, lent) = self.request(request)?;
        let net = Arc::clone(&self.shared.net);
        let (tell, answered) = watch::channel(false);
        let task = tokio::spawn(async move {
            let sent = net.send(request).await.map(|response| net::Response {
                body: read_ahead(response.body),
                ..response
            });
            // Nobody may be waiting.
            let _ = tell.send(true);
            sent
        });
        if lent == Lent::ToThisCall {
            self.call.lent.push(task.abort_handle());
        }
        Ok(self.table.push(Pending {
            task,
            answered,
            started: Some(started),
        })?)
    }

    async fn wait_any(&mut self, items: Vec<Resource<Pending>>) -> Result<u32, Failure> {
        let mut waits = Vec::with_capacity(items.len());
        for item in &items {
            let mut answered = self.table.get(item)?.answered.clone();
            // An error is a task that ended without telling: it is done too.
            waits.push(async move { drop(answered.wait_for(|done| *done).await.map(|_| ())) }.boxed());
        }
        if waits.is_empty() {
            return Err(ConnectorError::new(
                ErrorClass::Unsupported,
                "host/nothing-to-wait-for",
                "No request was given to wait for.",
            )
            .into());
        }
        let index = self
            .ours(async move { Ok(futures::future::select_all(waits).await.1) })
            .await?;
        Ok(u32::try_from(index).unwrap_or(u32::MAX))
    }

    async fn open(&mut self, _request: http::Request, _length: Option<u64>) -> Result<Resource<Outgoing>, Failure> {
        Err(not_built("request bodies that a connector makes bit by bit"))
    }
}

impl http::HostPending for Inside {
    async fn wait(&mut self, this: Resource<Pending>) -> Result<http::Response, Failure> {
        let mut pending = self.table.delete(this)?;
        let started = pending.started.take();
        let answered = self
            .ours(async move {
                (&mut pending.task).await.unwrap_or_else(|error| {
                    Err(ConnectorError::new(
                        ErrorClass::Cancelled,
                        "host/cut-off",
                        format!("The request was cut off: {error}."),
                    ))
                })
            })
            .await?;
        let body = holding(answered.body, started);
        self.answer(net::Response { body, ..answered })
    }

    async fn drop(&mut self, pending: Resource<Pending>) -> wasmtime::Result<()> {
        self.table.delete(pending)?;
        Ok(())
    }
}

impl http::HostOutgoing for Inside {
    async fn write(&mut self, _outgoing: Resource<Outgoing>, _bytes: Vec<u8>) -> Result<(), Failure> {
        Err(not_built("request bodies that a connector makes bit by bit"))
    }

    async fn finish(&mut self, _this: Resource<Outgoing>) -> Result<http::Response, Failure> {
        Err(not_built("request bodies that a connector makes bit by bit"))
    }

    async fn drop(&mut self, outgoing: Resource<Outgoing>) -> wasmtime::Result<()> {
        self.table.delete(outgoing)?;
        Ok(())
    }
}

/// A range of a body as a stream. Its bytes must not have passed already.
fn range_of(open: Arc<Mutex<Open>>, offset: u64, length: Option<u64>, limit: Duration) -> Chunks {
    struct Range {
        open: Arc<Mutex<Open>>,
        seek: Option<u64>,
        left: Option<u64>,
    }
    let range = Range {
        open,
        seek: Some(offset),
        left: length,
    };
    stream::try_unfold(range, move |mut range| async move {
        let read = {
            let mut open = range.open.lock().await;
            if let Some(offset) = range.seek.take() {
                open.seek(offset, limit).await?;
            }
            let most = range.left.map_or(AHEAD_PIECE, |left| {
                usize::try_from(left).unwrap_or(usize::MAX).min(AHEAD_PIECE)
            });
            moving(limit, open.read(most)).await?
        };
        if let Some(left) = &mut range.left {
            *left -= read.len() as u64;
        }
        Ok((!read.is_empty()).then_some((read, range)))
    })
    .boxed()
}

/// Reads an answer on while nobody asks for it, so that its turn at the service ends.
fn read_ahead(mut body: Chunks) -> Chunks {
    let (into, mut ahead) = unbounded_channel();
    let room = Arc::new(Semaphore::new(READ_AHEAD));
    let reading = AbortOnDrop(tokio::spawn(async move {
        while let Some(chunk) = body.next().await {
            let mut rest = match chunk {
                Ok(bytes) => bytes,
                Err(error) => {
                    let _ = into.send(Err(error));
                    return;
                }
            };
            while !rest.is_empty() {
                let piece = rest.split_to(rest.len().min(AHEAD_PIECE));
                let Ok(taken) = Arc::clone(&room)
                    .acquire_many_owned(u32::try_from(piece.len()).unwrap_or(u32::MAX))
                    .await
                else {
                    return;
                };
                if into.send(Ok((piece, taken))).is_err() {
                    return;
                }
            }
        }
    }));
    stream::poll_fn(move |context| {
        let _ = &reading;
        ahead
            .poll_recv(context)
            .map(|next| next.map(|read| read.map(|(piece, _taken)| piece)))
    })
    .boxed()
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps the request's place among those under way until its answer was read or dropped.
fn holding(body: Chunks, place: Option<OwnedSemaphorePermit>) -> Chunks {
    stream::unfold((body, place), |(mut body, place)| async move {
        let next = body.next().await?;
        Some((next, (body, place)))
    })
    .boxed()
}

fn in_use() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Conflict,
        "host/body-in-use",
        "The body is being read or sent by another request.",
    )
}
