//! Interfaces that no connector uses yet: they are there, and say in words that they aren't built.

use wasmtime::component::Resource;

use crate::bindings::camroll::connector::types::Error;
use crate::bindings::camroll::connector::{http, tcp};
use crate::bodies::Body;
use crate::convert::error_out;
use crate::imports::{Guest, unsupported};

/// A request whose body the connector makes.
pub enum Outgoing {}
/// A connection below HTTP.
pub enum TcpConnection {}

fn no<T>(what: &str) -> wasmtime::Result<Result<T, Error>> {
    Ok(Err(error_out(unsupported(what))))
}

impl http::HostOutgoing for Guest {
    async fn write(&mut self, _: Resource<Outgoing>, _: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        no("A request whose body the connector makes")
    }
    async fn finish(&mut self, _: Resource<Outgoing>) -> wasmtime::Result<Result<http::Response, Error>> {
        no("A request whose body the connector makes")
    }
    async fn drop(&mut self, _: Resource<Outgoing>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl tcp::Host for Guest {
    async fn connect(
        &mut self,
        _: String,
        _: u16,
        _: String,
        _: Option<String>,
    ) -> wasmtime::Result<Result<Resource<TcpConnection>, Error>> {
        no("A connection below HTTP")
    }
}

impl tcp::HostConnection for Guest {
    async fn read(&mut self, _: Resource<TcpConnection>, _: u32) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        no("A connection below HTTP")
    }
    async fn write(&mut self, _: Resource<TcpConnection>, _: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        no("A connection below HTTP")
    }
    async fn write_secret(&mut self, _: Resource<TcpConnection>, _: String) -> wasmtime::Result<Result<(), Error>> {
        no("A connection below HTTP")
    }
    async fn write_body(
        &mut self,
        _: Resource<TcpConnection>,
        _: Resource<Body>,
        _: u64,
        _: Option<u64>,
    ) -> wasmtime::Result<Result<(), Error>> {
        no("A connection below HTTP")
    }
    async fn read_body(
        &mut self,
        _: Resource<TcpConnection>,
        _: Option<u64>,
    ) -> wasmtime::Result<Result<Resource<Body>, Error>> {
        no("A connection below HTTP")
    }
    async fn beside(
        &mut self,
        _: Resource<TcpConnection>,
        _: u16,
    ) -> wasmtime::Result<Result<Resource<TcpConnection>, Error>> {
        no("A connection below HTTP")
    }
    async fn start_tls(&mut self, _: Resource<TcpConnection>) -> wasmtime::Result<Result<(), Error>> {
        no("A connection below HTTP")
    }
    async fn shutdown(&mut self, _: Resource<TcpConnection>) -> wasmtime::Result<Result<(), Error>> {
        no("A connection below HTTP")
    }
    async fn drop(&mut self, _: Resource<TcpConnection>) -> wasmtime::Result<()> {
        Ok(())
    }
}
