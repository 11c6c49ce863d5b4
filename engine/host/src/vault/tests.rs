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

/// Its first write begins, says so, and ends when the test lets it.
struct Held {
    kept: InMemory,
    began: tokio::sync::Notify,
    end: Mutex<Option<std::sync::mpsc::Receiver<()>>>,
}

impl Held {
    /// The store, and what lets its first write end.
    fn new() -> (Arc<Self>, std::sync::mpsc::Sender<()>) {
        let (sender, receiver) = std::sync::mpsc::channel();
        let held = Self {
            kept: InMemory::default(),
            began: tokio::sync::Notify::new(),
            end: Mutex::new(Some(receiver)),
        };
        (Arc::new(held), sender)
    }
}

impl SessionStore for Held {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.kept.read()
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let first = self.end.lock().take();
        if let Some(end) = first {
            self.began.notify_one();
            // A test that failed before drops its end, and the write goes on.
            let _ = end.recv();
        }
        self.kept.write(bytes)
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
    let (store, end) = Held::new();
    let vault = Arc::new(Vault::open(Arc::clone(&store) as _, BTreeMap::new()).unwrap());
    let changes: Vec<_> = (0..20)
        .map(|number| {
            let vault = Arc::clone(&vault);
            tokio::spawn(async move {
                vault.take_slots(vec![(format!("slot-{number}"), "value".to_owned())]);
                vault.keep().await
            })
        })
        .collect();
    // This test has one thread: that it gets here while the store writes is what it shows.
    store.began.notified().await;
    assert!(store.kept.0.lock().is_empty());
    end.send(()).unwrap();
    for change in changes {
        change.await.unwrap().unwrap();
    }
    assert!(store.kept.0.lock().len() <= 2);
    let again = Vault::open(store, BTreeMap::new()).unwrap();
    assert!((0..20).all(|number| again.slot(&format!("slot-{number}")).is_some()));
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_is_not_overtaken() {
    let (store, end) = Held::new();
    let vault = Arc::new(Vault::open(Arc::clone(&store) as _, BTreeMap::new()).unwrap());
    vault.take_slots(vec![("slot".to_owned(), "old".to_owned())]);
    let waiting = tokio::spawn({
        let vault = Arc::clone(&vault);
        async move { vault.keep().await }
    });
    store.began.notified().await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    vault.take_slots(vec![("slot".to_owned(), "new".to_owned())]);
    end.send(()).unwrap();
    vault.keep().await.unwrap();
    let again = Vault::open(store, BTreeMap::new()).unwrap();
    assert_eq!(
        again.slot("slot").map(|secret| secret.expose().to_owned()).as_deref(),
        Some("new")
    );
}
