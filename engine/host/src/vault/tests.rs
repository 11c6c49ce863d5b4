use std::time::Duration;

use super::in_memory::InMemory;
use super::*;

fn cookie(value: &str, expires: Option<i64>) -> KeptCookie {
    KeptCookie {
        name: "session".to_owned(),
        value: value.to_owned(),
        domain: "example.com".to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        expires,
    }
}

/// Takes its time.
#[derive(Default)]
struct Slow(InMemory);

impl SessionStore for Slow {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.0.read()
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        std::thread::sleep(Duration::from_millis(300));
        self.0.write(bytes)
    }
}

#[tokio::test]
async fn cookies_are_written_when_they_say_news() {
    let store: Arc<InMemory> = Arc::default();
    let vault = Vault::open(Arc::clone(&store) as _, BTreeMap::new()).unwrap();
    for (cookie, writes) in [
        (cookie("a", Some(100_000)), 1),
        (cookie("a", Some(100_060)), 1),
        (cookie("b", Some(100_060)), 2),
        (cookie("b", Some(200_000)), 3),
        (cookie("", None), 4),
        (cookie("", None), 4),
    ] {
        vault.take_cookies(vec![cookie], 0);
        vault.keep().await.unwrap();
        assert_eq!(store.0.lock().len(), writes);
    }
    assert!(vault.cookies().is_empty());
}

#[tokio::test]
async fn many_changes_share_a_write_and_nobodys_thread_waits_for_it() {
    let store: Arc<Slow> = Arc::default();
    let vault = Arc::new(Vault::open(Arc::clone(&store) as _, BTreeMap::new()).unwrap());
    let started = std::time::Instant::now();
    let changes: Vec<_> = (0..20)
        .map(|number| {
            let vault = Arc::clone(&vault);
            tokio::spawn(async move {
                vault.take_slots(vec![(format!("slot-{number}"), "value".to_owned())]);
                vault.keep().await
            })
        })
        .collect();
    // This test has one thread: it runs on while the store writes.
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(started.elapsed() < Duration::from_millis(250));
    for change in changes {
        change.await.unwrap().unwrap();
    }
    assert!(store.0.0.lock().len() <= 2);
    let again = Vault::open(store, BTreeMap::new()).unwrap();
    assert!((0..20).all(|number| again.slot(&format!("slot-{number}")).is_some()));
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_is_not_overtaken() {
    let store: Arc<Slow> = Arc::default();
    let vault = Vault::open(Arc::clone(&store) as _, BTreeMap::new()).unwrap();
    vault.take_slots(vec![("slot".to_owned(), "old".to_owned())]);
    let gave_up = tokio::time::timeout(Duration::from_millis(50), vault.keep()).await;
    assert!(gave_up.is_err());
    vault.take_slots(vec![("slot".to_owned(), "new".to_owned())]);
    vault.keep().await.unwrap();
    let again = Vault::open(store, BTreeMap::new()).unwrap();
    assert_eq!(
        again.slot("slot").map(|secret| secret.expose().to_owned()).as_deref(),
        Some("new")
    );
}
