//! What the instances of a connection find out of their service and share, so that one of them tries it and the others wait for that.
//!
//! In memory alone: a server may be another one tomorrow.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Keys of a connection.
const KEYS: usize = 64;
/// Bytes of a key and of what is told under it.
const KEY_LIMIT: usize = 256;
const VALUE_LIMIT: usize = 4 << 10;

/// The findings of a connection.
#[derive(Default)]
pub(crate) struct Findings {
    known: Mutex<HashMap<String, Finding>>,
    moved: Notify,
}

enum Finding {
    Told(Vec<u8>),
    /// Somebody has a claim.
    Sought,
}

/// What whoever asks gets.
pub(crate) enum Asked {
    Told(Vec<u8>),
    /// Find it out; the others wait for it.
    Yours(Claim),
    /// Find it out, and nobody waits for it.
    Open,
}

/// Somebody finds something out. Dropped without a word, whoever waited for it finds it out alone: not one after another, for each might wait as long for a server that says nothing.
pub(crate) struct Claim {
    findings: Arc<Findings>,
    key: String,
}

/// It is more than is kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Findings {
    /// What was told, without waiting.
    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.known.lock().get(key) {
            Some(Finding::Told(value)) => Some(value.clone()),
            Some(Finding::Sought) | None => None,
        }
    }

    /// What was told; waits while somebody finds it out.
    pub(crate) async fn ask(self: &Arc<Self>, key: &str) -> Asked {
        let mut waited = false;
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            {
                let mut known = self.known.lock();
                match known.get(key) {
                    Some(Finding::Told(value)) => return Asked::Told(value.clone()),
                    Some(Finding::Sought) => waited = true,
                    None if waited || known.len() >= KEYS || key.len() > KEY_LIMIT => return Asked::Open,
                    None => {
                        known.insert(key.to_owned(), Finding::Sought);
                        let findings = Arc::clone(self);
                        return Asked::Yours(Claim {
                            findings,
                            key: key.to_owned(),
                        });
                    }
                }
            }
            moved.await;
        }
    }

    /// Keeps what was found out, for everybody who asks and who waits.
    pub(crate) fn tell(&self, key: &str, value: Vec<u8>) -> Result<(), TooMuch> {
        let mut known = self.known.lock();
        let is_new = !known.contains_key(key);
        if key.len() > KEY_LIMIT || value.len() > VALUE_LIMIT || (is_new && known.len() >= KEYS) {
            return Err(TooMuch);
        }
        known.insert(key.to_owned(), Finding::Told(value));
        drop(known);
        self.moved.notify_waiters();
        Ok(())
    }
}

impl Claim {
    /// What is sought.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut known = self.findings.known.lock();
        if matches!(known.get(&self.key), Some(Finding::Sought)) {
            known.remove(&self.key);
            drop(known);
            self.findings.moved.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn claimed(findings: &Arc<Findings>) -> Claim {
        match findings.ask("times").now_or_never() {
            Some(Asked::Yours(claim)) => claim,
            _ => panic!("nobody else asked"),
        }
    }

    #[tokio::test]
    async fn who_comes_later_waits_for_what_the_first_one_finds() {
        let findings: Arc<Findings> = Arc::default();
        let claim = claimed(&findings);
        assert_eq!(findings.get("times"), None);
        let mut second = Box::pin(findings.ask("times"));
        assert!((&mut second).now_or_never().is_none(), "it waits");
        assert_eq!(findings.tell("times", b"kept".to_vec()), Ok(()));
        assert!(matches!(second.await, Asked::Told(value) if value == b"kept"));
        drop(claim);
        assert_eq!(findings.get("times").as_deref(), Some(&b"kept"[..]));
    }

    #[tokio::test]
    async fn a_claim_that_ends_without_a_word_holds_nobody_up() {
        let findings: Arc<Findings> = Arc::default();
        let claim = claimed(&findings);
        let mut waiting = [Box::pin(findings.ask("times")), Box::pin(findings.ask("times"))];
        for one in &mut waiting {
            assert!(one.now_or_never().is_none(), "it waits");
        }
        drop(claim);
        for one in waiting {
            assert!(matches!(one.now_or_never(), Some(Asked::Open)), "at once, each alone");
        }
        drop(claimed(&findings));
    }

    #[tokio::test]
    async fn it_keeps_so_much_and_no_more() {
        let findings: Arc<Findings> = Arc::default();
        for number in 0..KEYS {
            assert_eq!(findings.tell(&number.to_string(), vec![0; VALUE_LIMIT]), Ok(()));
        }
        assert_eq!(findings.tell("one more", Vec::new()), Err(TooMuch));
        assert!(matches!(findings.ask("one more").now_or_never(), Some(Asked::Open)));
        assert_eq!(
            findings.tell("1", b"anew".to_vec()),
            Ok(()),
            "what is known can be told anew"
        );
        assert_eq!(findings.tell("2", vec![0; VALUE_LIMIT + 1]), Err(TooMuch));
        assert_eq!(findings.tell(&"k".repeat(KEY_LIMIT + 1), Vec::new()), Err(TooMuch));
    }
}
