//! `bodies`: what becomes of bytes that stay with the host.

use camroll_model::Algorithm;
use wasmtime::component::Resource;

use super::{Failure, Inside};
use crate::bindings::camroll::connector::bodies;
use crate::bodies::{Body, Sink, moving};

/// Bytes that are given into the guest at once.
const READ_AT_MOST: u32 = 4 << 20;

impl bodies::HostBody for Inside {
    async fn size(&mut self, body: Resource<Body>) -> wasmtime::Result<Option<u64>> {
        let open = self.table.get(&body)?.open();
        let open = open.lock().await;
        Ok(open.size())
    }

    async fn digest(
        &mut self,
        body: Resource<Body>,
        algorithm: String,
        range: Option<(u64, u64)>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let open = self.table.get(&body)?.open();
        if range.is_some() {
            return Ok(None);
        }
        let Some(algorithm) = Algorithm::from_name(&algorithm) else {
            return Ok(None);
        };
        let open = open.lock().await;
        Ok(open.digest(algorithm))
    }

    async fn read(&mut self, body: Resource<Body>, max: u32) -> Result<Vec<u8>, Failure> {
        let open = self.table.get(&body)?.open();
        let limit = self.shared.limits.no_progress;
        let max = max.min(READ_AT_MOST) as usize;
        let read = self
            .ours(async move { moving(limit, open.lock().await.read(max)).await })
            .await?;
        Ok(read.to_vec())
    }

    async fn read_all(&mut self, body: Resource<Body>, limit: u32) -> Result<Vec<u8>, Failure> {
        let open = self.table.get(&body)?.open();
        let wait = self.shared.limits.no_progress;
        let limit = limit.min(READ_AT_MOST) as usize;
        let all = self
            .ours(async move {
                let mut open = open.lock().await;
                open.read_all(limit, wait).await
            })
            .await?;
        Ok(all.to_vec())
    }

    async fn seek(&mut self, body: Resource<Body>, offset: u64) -> Result<(), Failure> {
        let open = self.table.get(&body)?.open();
        let wait = self.shared.limits.no_progress;
        Ok(self
            .ours(async move {
                let mut open = open.lock().await;
                open.seek(offset, wait).await
            })
            .await?)
    }

    async fn drop(&mut self, body: Resource<Body>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

impl bodies::HostSink for Inside {
    async fn append(&mut self, sink: Resource<Sink>, body: Resource<Body>) -> Result<(), Failure> {
        let open = self.table.get(&body)?.open();
        let mut into = self.table.get(&sink)?.clone();
        let limit = self.shared.limits.no_progress;
        let pushed = self
            .ours(async {
                let mut open = open.lock().await;
                while let Some(piece) = moving(limit, open.next()).await? {
                    for part in piece.parts() {
                        into.push(part.clone()).await?;
                    }
                }
                Ok(())
            })
            .await;
        *self.table.get_mut(&sink)? = into;
        Ok(pushed?)
    }

    async fn write(&mut self, sink: Resource<Sink>, bytes: Vec<u8>) -> Result<(), Failure> {
        let mut into = self.table.get(&sink)?.clone();
        let pushed = self.ours(async { into.push(bytes.into()).await }).await;
        *self.table.get_mut(&sink)? = into;
        Ok(pushed?)
    }

    async fn drop(&mut self, _sink: Resource<Sink>) -> wasmtime::Result<()> {
        // Sinks are only ever lent; the call that lends one takes it back.
        Ok(())
    }
}

impl bodies::Host for Inside {}
