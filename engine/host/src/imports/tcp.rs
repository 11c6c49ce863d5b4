//! `tcp`: for protocols that aren't HTTP. Nothing uses it yet.

use wasmtime::component::Resource;

use super::{Failure, Inside, not_built};
use crate::bindings::camroll::connector::tcp;
use crate::bodies::Body;

/// There is none yet.
pub enum TcpConnection {}

const WHAT: &str = "connections other than HTTP";

impl tcp::HostConnection for Inside {
    async fn read(&mut self, _connection: Resource<TcpConnection>, _max: u32) -> Result<Vec<u8>, Failure> {
        Err(not_built(WHAT))
    }

    async fn write(&mut self, _connection: Resource<TcpConnection>, _bytes: Vec<u8>) -> Result<(), Failure> {
        Err(not_built(WHAT))
    }

    async fn write_secret(&mut self, _connection: Resource<TcpConnection>, _slot: String) -> Result<(), Failure> {
        Err(not_built(WHAT))
    }

    async fn write_body(
        &mut self,
        _connection: Resource<TcpConnection>,
        _body: Resource<Body>,
        _offset: u64,
        _length: Option<u64>,
    ) -> Result<(), Failure> {
        Err(not_built(WHAT))
    }

    async fn read_body(
        &mut self,
        _connection: Resource<TcpConnection>,
        _length: Option<u64>,
    ) -> Result<Resource<Body>, Failure> {
        Err(not_built(WHAT))
    }

    async fn beside(
        &mut self,
        _connection: Resource<TcpConnection>,
        _port: u16,
    ) -> Result<Resource<TcpConnection>, Failure> {
        Err(not_built(WHAT))
    }

    async fn start_tls(&mut self, _connection: Resource<TcpConnection>) -> Result<(), Failure> {
        Err(not_built(WHAT))
    }

    async fn shutdown(&mut self, _connection: Resource<TcpConnection>) -> Result<(), Failure> {
        Err(not_built(WHAT))
    }

    async fn drop(&mut self, connection: Resource<TcpConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl tcp::Host for Inside {
    async fn connect(
        &mut self,
        _host: String,
        _port: u16,
        _security: String,
        _auth: Option<String>,
    ) -> Result<Resource<TcpConnection>, Failure> {
        Err(not_built(WHAT))
    }
}
