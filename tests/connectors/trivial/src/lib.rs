//! The smallest connector: it connects and says who it is. It never asks the host for anything.
wit_bindgen::generate!({
    path: "../../../wit/0.1",
    generate_all,
    inline: "
        package tests:trivial;
        world trivial {
            export camroll:connector/connector@0.1.0;
        }
    ",
});

use camroll::connector::types::{Account, Error};
use exports::camroll::connector::connector::Guest;

struct Trivial;

#[cfg(target_arch = "wasm32")]
export!(Trivial);

impl Guest for Trivial {
    fn connect(_settings: String) -> Result<(), Error> {
        Ok(())
    }

    fn check() -> Result<Account, Error> {
        Ok(Account {
            id: None,
            name: "nobody".to_owned(),
            expires: None,
            attributes: Vec::new(),
        })
    }
}
