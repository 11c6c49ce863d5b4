use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{Algorithm, ConnectorError, ErrorClass, Value};
use futures::StreamExt as _;
use tokio::sync::watch;
use wasmtime::component::Resource;

use crate::bindings::camroll::connector::http as wit;
use crate::bindings::camroll::connector::types::Error;
use crate::bodies::Body;
use crate::convert::{attributes_in, error_out};
use crate::imports::{Guest, Outgoing, Shared, unsupported};
use crate::net::{Encoding, Request, Response, RunningDigest, Segment, UnknownLength};

/// Pendings and unread answers of an instance.
const UNDER_WAY: usize = 16;
/// So much of an answer is read ahead.
const READ_AHEAD: u64 = 4 << 20;

/// A request that was started.
pub struct Pending {
    task: tokio::task::JoinHandle<Result<Response, ConnectorError>>,
    done: watch::Receiver<bool>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Guest {
    async fn request(&mut self, request: wit::Request) -> Result<Request, ConnectorError> {
        let mut body = Vec::new();
        for segment in request.body {
            body.push(match segment {
                wit::Segment::Bytes(bytes) => Segment::Bytes(bytes.into()),
                wit::Segment::Json(text) => Segment::Json(text),
                wit::Segment::Form(fields) => Segment::Form(fields),
                wit::Segment::Range(part) => {
                    let range = self.lent(&part.body)?.range(part.offset, part.length)?;
                    let shared = Arc::clone(&self.shared);
                    shared.unless_stopped(range.may_leave()).await?;
                    Segment::Range(Arc::new(range.queued()))
                }
                wit::Segment::Digest(part) => Segment::Digest(Arc::new(RunningDigest {
                    of: Arc::new(self.lent(&part.body)?.range(0, None)?),
                    algorithm: Algorithm::from_name(&part.algorithm)
                        .ok_or_else(|| unsupported(&format!("The digest {:?}", part.algorithm)))?,
                    encoding: match part.encoding {
                        wit::Encoding::Hex => Encoding::Hex,
                        wit::Encoding::Base64 => Encoding::Base64,
                    },
                })),
            });
        }
        let mut pace = None;
        let mut region = None;
        let mut unknown_length = UnknownLength::Refused;
        for (key, value) in attributes_in(request.options) {
            match (key.as_str(), value) {
                ("pace", Value::Text(class)) => pace = Some(class),
                ("region", Value::Text(named)) => region = Some(named),
                ("chunked", Value::Flag(true)) => unknown_length = UnknownLength::Chunked,
                ("chunked", Value::Flag(false)) => {}
                _ => return Err(unsupported(&format!("The request option {key:?}"))),
            }
        }
        Ok(Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body,
            redirects: request.redirects,
            pace,
            auth: request.auth,
            region,
            unknown_length,
        })
    }

    fn lent(&self, body: &Resource<Body>) -> Result<&Body, ConnectorError> {
        self.table
            .get(body)
            .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "host/no-body", error.to_string()))
    }

    fn response(&mut self, response: Response) -> wasmtime::Result<wit::Response> {
        let body = self.table.push(Body::answer(response.body, response.length))?;
        self.under_way += 1;
        Ok(wit::Response {
            status: response.status,
            headers: response.headers,
            url: response.url,
            body,
            attributes: Vec::new(),
        })
    }

    fn room(&self) -> Result<(), ConnectorError> {
        if self.under_way < UNDER_WAY {
            return Ok(());
        }
        Err(ConnectorError::new(
            ErrorClass::Unsupported,
            "host/too-many",
            format!("At most {UNDER_WAY} requests and unread answers of an instance are under way at a time."),
        ))
    }
}

/// Sends, and reads a small answer ahead, so that its connection is free again.
async fn answered(shared: Arc<Shared>, request: Request) -> Result<Response, ConnectorError> {
    let sending = async {
        request.turn().await;
        shared.net.send(request).await
    };
    let mut response = shared.unless_stopped(sending).await?;
    if response.length.is_some_and(|length| length <= READ_AHEAD) {
        let mut whole = Vec::new();
        while let Some(chunk) = response.body.next().await {
            whole.extend_from_slice(&chunk?);
        }
        response.length = Some(whole.len() as u64);
        response.body = futures::stream::once(async move { Ok(Bytes::from(whole)) }).boxed();
    }
    Ok(response)
}

impl wit::Host for Guest {
    async fn send(&mut self, request: wit::Request) -> wasmtime::Result<Result<wit::Response, Error>> {
        if let Err(error) = self.room() {
            return Ok(Err(error_out(error)));
        }
        let request = match self.request(request).await {
            Ok(request) => request,
            Err(error) => return Ok(Err(error_out(error))),
        };
        let shared = Arc::clone(&self.shared);
        let sending = Arc::clone(&shared);
        let sent = async move {
            request.turn().await;
            sending.net.send(request).await
        };
        match shared.apart(sent).await {
            Ok(response) => Ok(Ok(self.response(response)?)),
            Err(error) => Ok(Err(error_out(error))),
        }
    }

    async fn start(&mut self, request: wit::Request) -> wasmtime::Result<Result<Resource<Pending>, Error>> {
        if let Err(error) = self.room() {
            return Ok(Err(error_out(error)));
        }
        let request = match self.request(request).await {
            Ok(request) => request,
            Err(error) => return Ok(Err(error_out(error))),
        };
        let shared = Arc::clone(&self.shared);
        let (tell, done) = watch::channel(false);
        let task = tokio::spawn(async move {
            let response = answered(shared, request).await;
            let _ = tell.send(true);
            response
        });
        self.under_way += 1;
        Ok(Ok(self.table.push(Pending { task, done })?))
    }

    async fn wait_any(&mut self, items: Vec<Resource<Pending>>) -> wasmtime::Result<Result<u32, Error>> {
        if items.is_empty() {
            let error = ConnectorError::new(
                ErrorClass::Unsupported,
                "host/nothing-to-wait-for",
                "There is nothing to wait for.",
            );
            return Ok(Err(error_out(error)));
        }
        let mut waits = Vec::with_capacity(items.len());
        for item in &items {
            let mut done = self.table.get(item)?.done.clone();
            // A task that is gone is done as well.
            waits.push(Box::pin(async move {
                let _ = done.wait_for(|done| *done).await;
            }));
        }
        let shared = Arc::clone(&self.shared);
        let first = async {
            let ((), index, _) = futures::future::select_all(waits).await;
            Ok(u32::try_from(index).unwrap_or(u32::MAX))
        };
        Ok(shared.unless_stopped(first).await.map_err(error_out))
    }

    async fn open(
        &mut self,
        _request: wit::Request,
        _length: Option<u64>,
    ) -> wasmtime::Result<Result<Resource<Outgoing>, Error>> {
        Ok(Err(error_out(unsupported("A request whose body the connector makes"))))
    }
}

impl wit::HostPending for Guest {
    async fn wait(&mut self, pending: Resource<Pending>) -> wasmtime::Result<Result<wit::Response, Error>> {
        let shared = Arc::clone(&self.shared);
        let mut pending = self.table.delete(pending)?;
        self.under_way = self.under_way.saturating_sub(1);
        let finished = shared
            .unless_stopped(async {
                (&mut pending.task).await.unwrap_or_else(|panic| {
                    Err(ConnectorError::new(
                        ErrorClass::Unexpected,
                        "host/panic",
                        panic.to_string(),
                    ))
                })
            })
            .await;
        match finished {
            Ok(response) => Ok(Ok(self.response(response)?)),
            Err(error) => Ok(Err(error_out(error))),
        }
    }

    async fn drop(&mut self, pending: Resource<Pending>) -> wasmtime::Result<()> {
        if pending.owned() {
            self.table.delete(pending)?;
            self.under_way = self.under_way.saturating_sub(1);
        }
        Ok(())
    }
}
