//! Interfaces that no connector uses yet: they are there, and say in words that they aren't built.

use wasmtime::component::Resource;

use crate::bindings::camroll::connector::http;
use crate::bindings::camroll::connector::types::Error;
use crate::convert::error_out;
use crate::imports::{Guest, unsupported};

/// A request whose body the connector makes.
pub enum Outgoing {}

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
