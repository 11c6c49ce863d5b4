//! A setting for whole runs: Apple on loopback, a folder, a spec, and the real command.
#![allow(dead_code, reason = "each test file uses its part of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use camroll_cloud_apple::{Account, Apple, Content, NewItem};

/// What every output, log and state file is searched for.
pub const CANARY: &str = "canary-7f3a-password-Zq";

const CAMROLL: &str = env!("CARGO_BIN_EXE_camroll");

pub struct Setting {
    pub apple: Apple,
    pub folder: tempfile::TempDir,
    /// Where this process sees the destination: elsewhere than the spec says, once a disk of its own is mounted for the command.
    pub photos: PathBuf,
    /// What the command is started with: the way into another mount namespace.
    pub enter: Vec<String>,
    runtime: tokio::runtime::Runtime,
}

impl Setting {
    pub fn new() -> Self {
        Self::with(Account {
            password: CANARY.into(),
            ..Account::default()
        })
    }

    pub fn with(account: Account) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let apple = runtime.block_on(Apple::start(account)).expect("ports on loopback");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("photos")).expect("a folder");
        let setting = Self {
            apple,
            photos: folder.path().join("photos"),
            enter: Vec::new(),
            folder,
            runtime,
        };
        setting.write_spec("");
        setting
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The simulator under Apple's own names, for clients whose addresses can't be changed.
    pub fn open_front(&mut self) -> camroll_cloud_apple::Front {
        let Self { apple, runtime, .. } = self;
        runtime.block_on(apple.open_front()).expect("a front")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The spec, with more at its end.
    pub fn write_spec(&self, more: &str) {
        let endpoints = self.apple.endpoints();
        let photos = self.path("photos");
        let text = format!(
            "version: 1\nname: family\nsource:\n  connector: icloud-photos\n  with:\n    apple_id: demo@example.com\n    password: {{ env: CAMROLL_TEST_PASSWORD }}\n    endpoints: {{ auth: \"{}\", setup: \"{}\", home: \"{}\" }}\ndestination:\n  connector: local\n  with: {{ path: {photos:?} }}\n{more}",
            endpoints.auth, endpoints.setup, endpoints.home
        );
        std::fs::write(self.path("family.yaml"), text).expect("the spec");
    }

    /// The spec's own head, and from `destination:` on what is given.
    pub fn send_to(&self, rest: &str) {
        let path = self.path("family.yaml");
        let text = std::fs::read_to_string(&path).expect("the spec");
        let (head, _) = text.split_once("destination:\n").expect("its destination");
        std::fs::write(path, format!("{head}{rest}")).expect("the spec");
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut enter = self.enter.iter();
        match enter.next() {
            None => self.prepared(Command::new(CAMROLL), arguments),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(enter).arg(CAMROLL);
                self.prepared(command, arguments)
            }
        }
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CAMROLL_STATE", self.path("state"))
            .env("CAMROLL_TEST_PASSWORD", CANARY)
            .env_remove("CAMROLL_FAILPOINT")
            .env_remove("CAMROLL_FAULT")
            .env_remove("CAMROLL_HOLD")
            .stdin(Stdio::null());
        command
    }

    /// Under another program that runs it.
    pub fn under(&self, mut program: Command, arguments: &[&str]) -> Run {
        program.arg(CAMROLL);
        Run::of(self.prepared(program, arguments).output().expect("it runs"))
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("camroll runs"))
    }

    pub fn login(&self) {
        let run = self.run(&["login", "family", "--code", "314159"]);
        assert_eq!(run.code, 0, "{}", run.err);
    }

    pub fn sync(&self) -> Run {
        self.run(&["sync", "family.yaml", "--json"])
    }

    /// The same, for what once never ended.
    pub fn sync_within(&self, within: Duration) -> Run {
        let child = self
            .command(&["sync", "family.yaml", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("camroll runs");
        self.ended(child, within)
    }

    /// Generated photos, one a minute.
    pub fn add_photos(&self, count: u64, size: u64) {
        self.add_photos_from(0, count, size);
    }

    /// More of them.
    pub fn add_photos_from(&self, first: u64, count: u64, size: u64) {
        let items: Vec<NewItem> = (first..first + count).map(|number| photo(number, size)).collect();
        self.apple.library(|library| {
            for item in items {
                library.add(item);
            }
        });
    }

    /// Every photo's file is there with its very bytes, and nothing else but camroll's own.
    pub fn assert_photos(&self, numbers: impl IntoIterator<Item = u64>, size: u64) {
        let mut expected: Vec<String> = Vec::new();
        for number in numbers {
            let content = Content::generated(number + 1, size);
            let name = name(number);
            let path = self.photos.join("2014/05").join(&name);
            let there = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(camroll_cloud_apple::apple_checksum(&there), content.checksum, "{name}");
            expected.push(format!("2014/05/{name}"));
        }
        expected.sort();
        assert_eq!(self.files(), expected);
        let left = self.drafts();
        assert!(left.is_empty(), "drafts are left: {left:?}");
    }

    /// What lies among the drafts.
    pub fn drafts(&self) -> Vec<String> {
        std::fs::read_dir(self.photos.join(".camroll/drafts"))
            .map(|all| {
                all.flatten()
                    .map(|entry| entry.file_name().to_string_lossy().into_owned())
                    .collect()
            })
            .unwrap_or_default()
    }

    /// Looks again and again until it is so. Gives up loudly: a command that ended or hangs would else hang the test.
    pub fn until(&self, child: &mut Child, what: &str, mut so: impl FnMut() -> bool) {
        let began = Instant::now();
        while !so() {
            assert!(
                child.try_wait().expect("a child").is_none() || so(),
                "camroll ended before {what}"
            );
            assert!(began.elapsed().as_secs() < 60, "waited a minute for {what}");
            std::thread::yield_now();
        }
    }

    /// Waits for its end; one that never comes fails the test instead of hanging it.
    pub fn ended(&self, mut child: Child, within: Duration) -> Run {
        let began = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            if began.elapsed() > within {
                let _ = child.kill();
                panic!("camroll didn't end within {within:?}");
            }
            std::thread::yield_now();
        }
        Run::of(child.wait_with_output().expect("it ended"))
    }

    /// The sync, begun and quiet.
    pub fn begin_sync(&self) -> Child {
        self.command(&["sync", "family.yaml"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("camroll runs")
    }

    /// Files at the destination, but for camroll's own.
    pub fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else if let Ok(relative) = path.strip_prefix(root) {
                    found.push(relative.display().to_string());
                }
            }
        }
        let root = self.photos.clone();
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        found.retain(|path| !path.starts_with(".camroll"));
        found.sort();
        found
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.apple.writes(), 0, "something was written to the source");
        }
    }
}

pub fn name(number: u64) -> String {
    format!("IMG_{number:04}.JPG")
}

pub fn photo(number: u64, size: u64) -> NewItem {
    NewItem {
        name: Some(name(number)),
        original: Some(Content::generated(number + 1, size)),
        taken: Some(1_400_000_000_000 + number as i64 * 60_000),
        ..NewItem::default()
    }
}

/// What a command said and ended with.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        let run = Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(
            !run.out.contains(CANARY) && !run.err.contains(CANARY),
            "the password was printed"
        );
        run
    }

    pub fn receipt(&self) -> serde_json::Value {
        let document: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err));
        let receipt = document["receipts"][0].clone();
        let number = |value: &serde_json::Value| value.as_u64().unwrap_or(0);
        let assets = &receipt["assets"];
        assert_eq!(
            number(&assets["in_scope"]),
            number(&assets["settled"]) + number(&assets["pending"]) + number(&assets["failed"]),
            "{receipt}"
        );
        for one in receipt["destinations"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.values())
        {
            let counts = &one["resources"];
            let sum: u64 = ["put", "already_there", "pending", "failed", "skipped"]
                .iter()
                .map(|key| number(&counts[*key]))
                .sum();
            assert_eq!(number(&counts["wanted"]), sum, "{receipt}");
        }
        receipt
    }

    /// Holds how it ended and how many files it brought against what is expected.
    #[track_caller]
    pub fn assert(&self, code: i32, put: u64, what: &str) {
        assert_eq!((self.code, self.put()), (code, put), "{what}: {}{}", self.out, self.err);
    }

    pub fn put(&self) -> u64 {
        self.receipt()["destinations"]["default"]["resources"]["put"]
            .as_u64()
            .unwrap_or(0)
    }

    /// What `doctor` found: of what, how it is, and its code.
    pub fn findings(&self) -> Vec<(String, String, String)> {
        let document: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err));
        document["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
                (text("subject"), text("verdict"), text("code"))
            })
            .collect()
    }

    pub fn problem_codes(&self) -> Vec<String> {
        let receipt = self.receipt();
        receipt["problems"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|problem| problem["code"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
