use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use wasmtime::component::Resource;

use crate::bindings::camroll::connector::bodies::{Host, HostBody, HostSink};
use crate::bindings::camroll::connector::types::Error;
use crate::bodies::{Body, Intake};
use crate::convert::error_out;
use crate::imports::Guest;

/// Where a connector puts what was asked of it.
pub struct Sink(pub Arc<tokio::sync::Mutex<Intake>>);

/// Most that passes into a guest in one call.
const CALL_LIMIT: u32 = 4 << 20;

impl Host for Guest {}

impl HostBody for Guest {
    async fn size(&mut self, body: Resource<Body>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&body)?.size())
    }

    async fn digest(
        &mut self,
        body: Resource<Body>,
        algorithm: String,
        range: Option<(u64, u64)>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let shared = Arc::clone(&self.shared);
        let body = self.table.get_mut(&body)?;
        let Some((offset, length)) = range else {
            return Ok(Ok(body.digest(&algorithm)));
        };
        let digest = shared
            .unless_stopped(body.range_digest(&algorithm, offset, length))
            .await;
        Ok(digest.map_err(error_out))
    }

    async fn read(&mut self, body: Resource<Body>, max: u32) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let shared = Arc::clone(&self.shared);
        let body = self.table.get_mut(&body)?;
        let read = shared.unless_stopped(body.read(max.min(CALL_LIMIT) as usize)).await;
        Ok(read.map(|bytes| bytes.to_vec()).map_err(error_out))
    }

    async fn read_all(&mut self, body: Resource<Body>, limit: u32) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let shared = Arc::clone(&self.shared);
        let body = self.table.get_mut(&body)?;
        let read = shared
            .unless_stopped(body.read_all(limit.min(CALL_LIMIT) as usize))
            .await;
        Ok(read.map(|bytes| bytes.to_vec()).map_err(error_out))
    }

    async fn seek(&mut self, body: Resource<Body>, offset: u64) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let body = self.table.get_mut(&body)?;
        Ok(shared.unless_stopped(body.seek(offset)).await.map_err(error_out))
    }

    async fn drop(&mut self, body: Resource<Body>) -> wasmtime::Result<()> {
        if body.owned() {
            self.table.delete(body)?;
            self.under_way = self.under_way.saturating_sub(1);
        }
        Ok(())
    }
}

impl HostSink for Guest {
    async fn append(&mut self, sink: Resource<Sink>, body: Resource<Body>) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let intake = Arc::clone(&self.table.get(&sink)?.0);
        let body = self.table.get_mut(&body)?;
        let moved = shared
            .unless_stopped(async {
                let mut intake = intake.lock().await;
                while let Some(bytes) = body.next().await? {
                    shared.throttle.pass(bytes.len()).await;
                    intake.append(bytes).await?;
                }
                Ok(())
            })
            .await;
        Ok(moved.map_err(error_out))
    }

    async fn write(&mut self, sink: Resource<Sink>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let intake = Arc::clone(&self.table.get(&sink)?.0);
        let written = shared
            .unless_stopped(async {
                if bytes.len() > CALL_LIMIT as usize {
                    return Err(ConnectorError::new(
                        ErrorClass::Unsupported,
                        "host/too-large",
                        "At most 4 MiB pass in one call.",
                    ));
                }
                shared.throttle.pass(bytes.len()).await;
                intake.lock().await.append(bytes.into()).await
            })
            .await;
        Ok(written.map_err(error_out))
    }

    async fn drop(&mut self, sink: Resource<Sink>) -> wasmtime::Result<()> {
        if sink.owned() {
            self.table.delete(sink)?;
        }
        Ok(())
    }
}
