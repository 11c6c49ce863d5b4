//! User and app password, and how often a wrong one is heard.

use std::collections::VecDeque;

use base64::Engine as _;

use crate::product::Product;
use crate::refusal::Refusal;

/// Wrong sign-ins of half an hour after which Nextcloud hears none (nextcloud/server, lib/private/Security/Bruteforce/Throttler.php: ten in thirty minutes, once the delays that it
/// puts before its answers have grown to the longest). The delays themselves aren't made.
const PATIENCE: usize = 10;
const MEMORY: i64 = 30 * 60;

#[derive(Default)]
pub(crate) struct SignIns {
    wrong: VecDeque<i64>,
    total: u64,
}

impl SignIns {
    /// Whether a request's Authorization is the user's. `password` is none once it was revoked.
    pub(crate) fn check(
        &mut self,
        product: Product,
        (user, password): (&str, Option<&str>),
        authorization: &str,
        now: i64,
    ) -> Result<(), Refusal> {
        while self.wrong.front().is_some_and(|time| now - time > MEMORY) {
            self.wrong.pop_front();
        }
        if product == Product::Nextcloud && self.wrong.len() >= PATIENCE {
            return Err(Refusal::too_many_requests());
        }
        let ask = |message: &str| {
            let realm = format!("Basic realm=\"{}\", charset=\"UTF-8\"", product.title());
            Err(Refusal::not_authenticated(message).with("WWW-Authenticate", realm))
        };
        let Some(encoded) = authorization.strip_prefix("Basic ") else {
            return ask(
                "No 'Authorization: Basic' header found. Either the client didn't send one, or the server is misconfigured",
            );
        };
        let said = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok();
        let right = password.map(|password| format!("{user}:{password}").into_bytes());
        if said.is_some() && said == right {
            return Ok(());
        }
        self.wrong.push_back(now);
        self.total += 1;
        ask("Username or password was incorrect")
    }

    /// Wrong ones so far.
    pub(crate) fn wrong(&self) -> u64 {
        self.total
    }
}
