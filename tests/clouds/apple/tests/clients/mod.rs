//! What the tests of independent clients share: Apple behind its front, a library, and the bytes that must come out.
#![allow(dead_code, reason = "each client uses its part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;

use camroll_cloud_apple::{Account, Apple, Content, NewItem, apple_checksum};

/// Apple, its proxy, and a folder with the authority's certificate.
pub struct Setting {
    pub apple: Apple,
    pub proxy: String,
    pub folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Setting {
    pub fn new(account: Account) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let mut apple = runtime.block_on(Apple::start(account)).expect("ports on loopback");
        let front = runtime.block_on(apple.open_front()).expect("a front");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("authority.pem"), &front.authority).expect("the authority");
        Self {
            apple,
            proxy: front.proxy,
            folder,
            runtime,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn authority(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// A library of more than two pages, with one of each kind of resource. Name of each file, and its Apple checksum, as both clients name them.
    pub fn fill(&self) -> BTreeMap<String, String> {
        let content = |seed| Content::generated(seed, 5_000 + seed);
        let mut expected = BTreeMap::new();
        let mut items = Vec::new();
        for number in 0..230 {
            let name = format!("IMG_{number:04}.JPG");
            let original = content(number + 1);
            expected.insert(name.clone(), original.checksum.clone());
            items.push(NewItem {
                name: Some(name),
                original: Some(original),
                taken: Some(1_400_000_000_000 + number as i64 * 60_000),
                ..NewItem::default()
            });
        }
        let (still, video) = (content(1001), content(1002));
        expected.insert("IMG_1000.HEIC".into(), still.checksum.clone());
        expected.insert("IMG_1000.MOV".into(), video.checksum.clone());
        items.push(NewItem {
            name: Some("IMG_1000.HEIC".into()),
            original: Some(still),
            video: Some(video),
            taken: Some(1_500_000_000_000),
            ..NewItem::default()
        });
        self.apple.library(|library| {
            for item in items {
                library.add(item);
            }
        });
        expected
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.apple.strangers(),
                Vec::<String>::new(),
                "a host that isn't Apple's was asked for"
            );
            assert_eq!(self.apple.writes(), 0, "something was written to the library");
        }
    }
}

/// A program of those that `clients/setup.sh` installs.
pub fn program(path: &str) -> PathBuf {
    static INSTALLED: Once = Once::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    INSTALLED.call_once(|| {
        let status = Command::new(root.join("clients/setup.sh"))
            .stdin(Stdio::null())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "the clients can't be installed"
        );
    });
    root.join("../../../target/tools/clients").join(path)
}

/// What it printed, if it went well.
pub fn done(output: Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Apple's checksum of each file below a folder, by its name.
pub fn downloaded(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).expect("a file");
            let name = entry.file_name().to_string_lossy().into_owned();
            let again = found.insert(name.clone(), apple_checksum(&bytes));
            assert_eq!(again, None, "{name} came twice");
        }
    }
    found
}
