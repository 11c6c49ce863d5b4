//! `random`: bytes from the operating system.

use super::Inside;
use crate::bindings::camroll::connector::random;
use crate::limits::LimitHit;

const AT_ONCE: u32 = 65_536;

impl random::Host for Inside {
    async fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        if count > AT_ONCE {
            // The interface has no error for it.
            return Err(LimitHit::Random {
                asked: count,
                limit: AT_ONCE,
            }
            .into());
        }
        let mut bytes = vec![0; count as usize];
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
        Ok(bytes)
    }
}
