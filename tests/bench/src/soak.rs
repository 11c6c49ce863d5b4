//! One file of 5 GiB from Apple on loopback into SeaweedFS: killed in its midst, taken up again, and read by rclone afterwards. Unlike the benchmarks this one judges, and fails.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::apple::Apple;
use crate::camroll::Camroll;
use crate::delay::{Delayed, delayed};
use crate::figures::megabytes;
use crate::process::{Running, Setting};
use crate::servers::{Server, rclone, rclone_command, seaweedfs, secrets};

const GIB: u64 = 1 << 30;
const SIZE: u64 = 5 * GIB;
/// Bytes at the server when camroll is killed.
const KILLED_AT: u64 = SIZE / 2;
/// What is sent twice at most: parts that were under way, and the one that wasn't told yet.
const TWICE: u64 = 128 << 20;
/// What memory may differ between the first GiB and the last, bytes: the allocator's moods.
const FLAT: u64 = 8_000_000;
/// How often memory is looked at.
const EVERY: Duration = Duration::from_millis(100);
/// A run that takes longer doesn't end.
const PATIENCE: Duration = Duration::from_secs(1800);
/// Where in the bucket.
const PLACE: &str = "soak";

/// Brings it there, and says what that showed.
pub fn run(setting: &Setting) -> anyhow::Result<()> {
    println!("## A soak: {} GiB in one file\n", SIZE / GIB);
    let program = rclone()?;
    let folder = tempfile::tempdir()?;
    let authority = folder.path().join("authority.pem");
    let apple = Apple::start(setting, 1, SIZE, 0, &authority)?;
    let server = seaweedfs()?;
    let line = delayed(server.address, Duration::ZERO)?;
    let camroll = Camroll::new(setting, &apple, &folder.path().join("camroll"), &authority)?.knowing(secrets());
    camroll.send_to(&(server.reach)(line.address, PLACE).destination)?;
    camroll.forget()?;
    camroll.compile()?;

    let first = Watched::start(&camroll, &line)?.until(&line, Until::Sent(KILLED_AT))?;
    let before = line.sent();
    let second = Watched::start(&camroll, &line)?.until(&line, Until::Ends)?;
    let again = line.sent() - before;
    let third = camroll.sync()?;

    println!("| run | sent to the server | seconds | peak memory |\n|---|---|---|---|");
    for (name, sent, seconds, memory) in [
        ("killed in the midst", before, first.seconds, first.peak()),
        ("taken up again", again, second.seconds, second.peak()),
        ("nothing new", line.sent() - before - again, third.seconds, third.memory),
    ] {
        println!(
            "| {name} | {:.2} GiB | {seconds:.1} | {:.1} MB |",
            sent as f64 / GIB as f64,
            megabytes(memory)
        );
    }
    println!("\nMost memory while each GiB was sent, of the first two runs:\n");
    for (name, watched) in [("killed", &first), ("taken up", &second)] {
        let told: Vec<String> = watched
            .memory
            .iter()
            .map(|most| format!("{:.1} MB", megabytes(*most)))
            .collect();
        println!("- {name}: {}", told.join(", "));
    }
    let (stored, wanted) = (read_back(&program, &server)?, read_source(&apple)?);
    println!("\nSHA-256 of what rclone reads from the server: {stored}; of what the simulator gives: {wanted}.\n");

    ensure!(stored == wanted, "what is stored isn't what the source has");
    ensure!(
        again <= SIZE - before + TWICE,
        "what was there before the kill was sent again: {again} bytes after {before}"
    );
    for watched in [&first, &second] {
        let least = watched.memory.first().copied().unwrap_or(0);
        let most = watched.peak();
        ensure!(
            most <= least + FLAT,
            "memory grows: {least} bytes while the first GiB was sent, then {most}"
        );
    }
    Ok(())
}

/// When a run is looked at no more.
enum Until {
    /// So many bytes were sent: then it is killed.
    Sent(u64),
    /// It ended by itself, and well.
    Ends,
}

/// A run of camroll that is looked at.
struct Watched {
    running: Option<Running>,
    began: Instant,
    /// What had been sent when it began.
    sent: u64,
    seconds: f64,
    /// The most that was resident while each GiB was sent.
    memory: Vec<u64>,
}

impl Watched {
    fn start(camroll: &Camroll, line: &Delayed) -> anyhow::Result<Self> {
        Ok(Self {
            running: Some(camroll.start_sync()?),
            began: Instant::now(),
            sent: line.sent(),
            seconds: 0.0,
            memory: Vec::new(),
        })
    }

    fn peak(&self) -> u64 {
        self.memory.iter().copied().max().unwrap_or(0)
    }

    fn until(mut self, line: &Delayed, until: Until) -> anyhow::Result<Self> {
        let mut running = self.running.take().context("a run")?;
        loop {
            let ended = running.has_ended()?;
            if ended {
                break;
            }
            let gib = usize::try_from((line.sent() - self.sent) / GIB)?;
            self.memory.resize(self.memory.len().max(gib + 1), 0);
            self.memory[gib] = self.memory[gib].max(running.resident()?);
            if let Until::Sent(bytes) = until
                && line.sent() >= bytes
            {
                running.kill()?;
                self.seconds = self.began.elapsed().as_secs_f64();
                return Ok(self);
            }
            ensure!(self.began.elapsed() < PATIENCE, "it doesn't end");
            std::thread::sleep(EVERY);
        }
        self.seconds = self.began.elapsed().as_secs_f64();
        ensure!(matches!(until, Until::Ends), "it ended before it could be killed");
        ensure!(running.ended_well()?, "camroll sync failed");
        Ok(self)
    }
}

/// The digest of the one file there, read by a client that has nothing of camroll's.
fn read_back(program: &Path, server: &Server) -> anyhow::Result<String> {
    let reach = (server.reach)(server.address, PLACE);
    let place = format!("{}{PLACE}", server.remote);
    let mut command = rclone_command(
        program,
        &reach,
        &["cat", &place, "--include", "*.JPG", "--include", "*.jpg"],
    );
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut stored = child.stdout.take().context("its output")?;
    let digest = digest(|block| Ok(stored.read(block)?))?;
    ensure!(child.wait()?.success(), "rclone can't read it");
    Ok(digest)
}

/// The digest of what the simulator gives, by plain reqwest.
fn read_source(apple: &Apple) -> anyhow::Result<String> {
    let url = apple.tell(&json!({"do": "url", "name": "IMG_00000.JPG"}))?;
    let url = url["url"].as_str().context("an address")?;
    // Loopback is plain http, but the client wants to have a TLS library.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut answer = runtime.block_on(client.get(url).send())?;
    let mut hash = Sha256::new();
    while let Some(block) = runtime.block_on(answer.chunk())? {
        hash.update(&block);
    }
    Ok(text(hash))
}

fn digest(mut read: impl FnMut(&mut [u8]) -> anyhow::Result<usize>) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match read(&mut block)? {
            0 => return Ok(text(hash)),
            length => hash.update(&block[..length]),
        }
    }
}

fn text(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
