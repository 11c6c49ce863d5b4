//! What the tests of independent clients share: a server, a folder, and the bytes that must come out.
#![allow(dead_code, reason = "each client uses its part of it")]

use std::path::{Path, PathBuf};
use std::process::Output;

use camroll_cloud_nextcloud::{Account, Nextcloud, Product, Storage};
use camroll_servers::{Fetched, fetched};

pub const KINDS: [(Product, Storage); 3] = [
    (Product::Nextcloud, Storage::Disk),
    (Product::Nextcloud, Storage::Objects),
    (Product::OwnCloud, Storage::Disk),
];

/// A server and a folder, on a runtime that goes on while a client runs.
pub struct Setting {
    pub server: Nextcloud,
    pub folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Setting {
    pub fn new(product: Product, storage: Storage) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let server = runtime
            .block_on(Nextcloud::start(product, storage, Account::default()))
            .expect("a port on loopback");
        Self {
            server,
            folder: tempfile::tempdir().expect("a folder"),
            _runtime: runtime,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder with files of several sizes and names, taken in July 2016.
    pub fn fill(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let files = [
            ("a b#1 & 100% é.jpg", 3_000),
            ("empty", 0),
            ("sub/写真 (1).heic", 200_000),
            ("sub/deep/large.mov", 7_000_003),
        ];
        files
            .into_iter()
            .map(|(name, size)| {
                let bytes = bytes(size);
                let path = self.path(folder).join(name);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                std::fs::write(&path, &bytes).expect("a file");
                let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_467_331_200);
                let file = std::fs::File::options().write(true).open(&path).expect("the file");
                file.set_modified(time).expect("its time");
                (name.to_owned(), bytes)
            })
            .collect()
    }

    pub fn assert_there(&self, folder: &str, files: &[(String, Vec<u8>)]) {
        for (name, bytes) in files {
            let path = match folder {
                "" => name.clone(),
                folder => format!("{folder}/{name}"),
            };
            let there = self
                .server
                .content(&path)
                .unwrap_or_else(|| panic!("{path} isn't there: {:?}", self.server.files()));
            assert!(there == bytes.as_slice(), "{path}: {} bytes", there.len());
        }
    }
}

/// Bytes that look random.
pub fn bytes(size: usize) -> Vec<u8> {
    let mut state = size as u64 | 1;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

/// The folder of a client, or a line that says why it isn't run.
pub fn here(name: &str) -> Option<PathBuf> {
    match fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

/// What it printed, if it went well.
pub fn done(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}
