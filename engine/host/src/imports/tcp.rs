//! `tcp`: connections below HTTP.

use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass};
use futures::StreamExt as _;
use wasmtime::component::Resource;

use crate::bindings::camroll::connector::tcp::{Host, HostConnection};
use crate::bindings::camroll::connector::types::Error;
use crate::bodies::Body;
use crate::convert::error_out;
use crate::imports::Guest;
use crate::tcp::Link;

/// Most that passes into a guest in one call.
const CALL_LIMIT: u32 = 4 << 20;
/// Connections of an instance that are open at a time.
const OPEN: usize = 16;

/// A connection below HTTP.
pub struct TcpConnection {
    link: Link,
}

impl Host for Guest {
    async fn connect(
        &mut self,
        host: String,
        port: u16,
        security: String,
        auth: Option<String>,
    ) -> wasmtime::Result<Result<Resource<TcpConnection>, Error>> {
        if self.connections >= OPEN {
            return Ok(Err(error_out(too_many())));
        }
        let shared = Arc::clone(&self.shared);
        let connecting = Arc::clone(&shared);
        let connecting = async move { connecting.tcp.connect(&host, port, &security, auth.as_deref()).await };
        match shared.apart(connecting).await {
            Ok(link) => {
                let connection = self.table.push(TcpConnection { link })?;
                self.connections += 1;
                Ok(Ok(connection))
            }
            Err(error) => Ok(Err(error_out(error))),
        }
    }
}

fn too_many() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/too-many",
        format!("At most {OPEN} connections of an instance are open at a time."),
    )
}

impl HostConnection for Guest {
    async fn read(
        &mut self,
        connection: Resource<TcpConnection>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let shared = Arc::clone(&self.shared);
        let link = &self.table.get(&connection)?.link;
        let read = shared.unless_stopped(link.read(max.min(CALL_LIMIT) as usize)).await;
        Ok(read.map(|bytes| bytes.to_vec()).map_err(error_out))
    }

    async fn write(
        &mut self,
        connection: Resource<TcpConnection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let link = &mut self.table.get_mut(&connection)?.link;
        Ok(shared.unless_stopped(link.write(bytes.into())).await.map_err(error_out))
    }

    async fn write_secret(
        &mut self,
        connection: Resource<TcpConnection>,
        slot: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let link = &mut self.table.get_mut(&connection)?.link;
        let written = shared.unless_stopped(shared.tcp.write_secret(link, &slot)).await;
        Ok(written.map_err(error_out))
    }

    async fn write_body(
        &mut self,
        connection: Resource<TcpConnection>,
        body: Resource<Body>,
        offset: u64,
        length: Option<u64>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let range = match self.table.get(&body)?.range(offset, length) {
            Ok(range) => range,
            Err(error) => return Ok(Err(error_out(error))),
        };
        let link = &mut self.table.get_mut(&connection)?.link;
        let written = shared
            .unless_stopped(async {
                range.may_leave().await?;
                link.write_all(range.bytes()).await
            })
            .await;
        Ok(written.map_err(error_out))
    }

    async fn read_body(
        &mut self,
        connection: Resource<TcpConnection>,
        length: Option<u64>,
    ) -> wasmtime::Result<Result<Resource<Body>, Error>> {
        let stream = match self.table.get(&connection)?.link.read_body(length) {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error_out(error))),
        };
        let body = self.table.push(Body::answer(stream.boxed(), length))?;
        self.under_way += 1;
        Ok(Ok(body))
    }

    async fn beside(
        &mut self,
        connection: Resource<TcpConnection>,
        port: u16,
    ) -> wasmtime::Result<Result<Resource<TcpConnection>, Error>> {
        if self.connections >= OPEN {
            return Ok(Err(error_out(too_many())));
        }
        let shared = Arc::clone(&self.shared);
        let connecting = self.table.get(&connection)?.link.beside(port);
        match shared.unless_stopped(connecting).await {
            Ok(link) => {
                let beside = self.table.push(TcpConnection { link })?;
                self.connections += 1;
                Ok(Ok(beside))
            }
            Err(error) => Ok(Err(error_out(error))),
        }
    }

    async fn start_tls(&mut self, connection: Resource<TcpConnection>) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let link = &mut self.table.get_mut(&connection)?.link;
        Ok(shared.unless_stopped(link.start_tls()).await.map_err(error_out))
    }

    async fn shutdown(&mut self, connection: Resource<TcpConnection>) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let link = &mut self.table.get_mut(&connection)?.link;
        Ok(shared.unless_stopped(link.shutdown()).await.map_err(error_out))
    }

    async fn drop(&mut self, connection: Resource<TcpConnection>) -> wasmtime::Result<()> {
        if connection.owned() {
            self.table.delete(connection)?;
            self.connections = self.connections.saturating_sub(1);
        }
        Ok(())
    }
}
