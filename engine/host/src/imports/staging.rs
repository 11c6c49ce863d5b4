//! `staging`: checkpoints and previews. Nothing uses them yet.

use wasmtime::component::Resource;

use super::{Failure, Inside, not_built};
use crate::bindings::camroll::connector::staging;
use crate::bodies::Body;

impl staging::Host for Inside {
    async fn save(&mut self, _state: Vec<u8>, _reached: u64) -> Result<(), Failure> {
        Err(not_built("checkpoints of uploads"))
    }

    async fn preview(&mut self, _edge: u32) -> Result<Option<Resource<Body>>, Failure> {
        Err(not_built("previews"))
    }
}
