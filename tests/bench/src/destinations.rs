//! Into real servers: camroll from Apple on loopback, rclone from a local folder, in turn, at the same number of transfers. camroll fetches and checks what rclone only reads.

use std::path::Path;
use std::time::Duration;

use crate::apple::Apple;
use crate::camroll::Camroll;
use crate::delay::delayed;
use crate::figures::{Figures, megabytes};
use crate::process::Setting;
use crate::servers::{Server, apache, openssh, rclone, rclone_run, seaweedfs, secrets};

/// camroll's `limits.transfers`, and rclone's `--transfers`.
const TRANSFERS: &str = "8";
/// Milliseconds until what a server says arrives.
const DELAYS: [u64; 2] = [0, 40];
/// Large files on a line with a delay take long, and hardly differ from round to round.
const ROUNDS_OF_LARGE: usize = 2;

/// What is brought there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Work {
    /// 1,000 files of 130,000 bytes
    Small,
    /// One file of 2 GiB
    Large,
}

/// Which server it is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ServerKind {
    /// SeaweedFS, by S3
    Seaweedfs,
    /// Apache's mod_dav, by WebDAV
    Apache,
    /// OpenSSH, by SFTP
    Openssh,
}

impl Work {
    /// Files, and bytes of each.
    fn files(self) -> (u64, u64) {
        match self {
            Self::Small => (1_000, 130_000),
            Self::Large => (1, 2 << 30),
        }
    }

    fn rounds(self, rounds: usize, delay: u64) -> usize {
        match (self, delay) {
            (Self::Large, 1..) => rounds.min(ROUNDS_OF_LARGE),
            _ => rounds,
        }
    }
}

impl ServerKind {
    fn start(self, folder: &Path) -> anyhow::Result<Server> {
        match self {
            Self::Seaweedfs => seaweedfs(),
            Self::Apache => apache(),
            Self::Openssh => openssh(folder),
        }
    }
}

/// Measures all of these pairs.
pub fn run(setting: &Setting, works: &[Work], servers: &[ServerKind]) -> anyhow::Result<()> {
    let program = match rclone() {
        Ok(program) => program,
        Err(why) => {
            println!("not run: {why}");
            return Ok(());
        }
    };
    println!("## Into real servers, {TRANSFERS} transfers\n");
    println!(
        "| server | files | delay | camroll | rclone copy | camroll's speed to rclone's | camroll's memory | rclone's memory | camroll's memory to rclone's | camroll's CPU | rclone's CPU |\n|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for work in works {
        let folder = tempfile::tempdir()?;
        let (files, size) = work.files();
        let local = local_folder(folder.path(), files, size)?;
        let authority = folder.path().join("authority.pem");
        let apple = Apple::start(setting, files, size, 0, &authority)?;
        let camroll =
            Camroll::over_plain_http(setting, &apple, &folder.path().join("camroll"), &authority)?.knowing(secrets());
        for into in servers {
            for delay in DELAYS {
                // A server of its own: what was deleted before lies on the disk of some of them for long.
                let server = into.start(folder.path())?;
                let pair = Pair {
                    camroll: &camroll,
                    rclone: &program,
                    local: &local,
                    server: &server,
                };
                let figures = pair.measure(delay, work.rounds(setting.rounds, delay))?;
                let [ours, theirs, our_memory, their_memory, our_cpu, their_cpu] = &figures;
                println!(
                    "| {} | {files} × {size} B | {delay} ms | {} | {} | {} | {} | {} | {} | {} | {} |",
                    server.name,
                    ours.told("s", 2),
                    theirs.told("s", 2),
                    theirs.ratios(ours).told("×", 2),
                    our_memory.told("MB", 0),
                    their_memory.told("MB", 0),
                    our_memory.ratios(their_memory).told("×", 2),
                    our_cpu.told("s", 2),
                    their_cpu.told("s", 2),
                );
            }
        }
    }
    println!();
    Ok(())
}

/// Two clients and where they bring the same bytes.
struct Pair<'a> {
    camroll: &'a Camroll,
    rclone: &'a Path,
    local: &'a str,
    server: &'a Server,
}

impl Pair<'_> {
    /// Seconds, memory and CPU time, of each client. Without delay a first round warms the server, and isn't counted; with it that would take long and show nothing.
    fn measure(&self, delay: u64, rounds: usize) -> anyhow::Result<[Figures; 6]> {
        let address = match delay {
            0 => self.server.address,
            delay => delayed(self.server.address, Duration::from_millis(delay))?.address,
        };
        let mut figures: [Figures; 6] = Default::default();
        let first = if delay == 0 { 0 } else { 1 };
        for round in first..=rounds {
            let [ours_at, theirs_at] = ["camroll", "rclone"].map(|who| format!("{who}-{round}"));
            let at = |place: &str| format!("{}{place}", self.server.remote);
            let direct = (self.server.reach)(self.server.address, &ours_at);
            rclone_run(self.rclone, &direct, &["mkdir", &at(&ours_at)])?;
            self.camroll
                .send_to(&(self.server.reach)(address, &ours_at).destination)?;
            self.camroll.forget()?;
            if round == first {
                self.camroll.compile()?;
                self.camroll.forget()?;
            }
            let sync = || {
                flush()?;
                self.camroll.sync()
            };
            let copy = || {
                flush()?;
                rclone_run(
                    self.rclone,
                    &(self.server.reach)(address, &theirs_at),
                    &["copy", self.local, &at(&theirs_at), "--transfers", TRANSFERS],
                )
            };
            // In turn, so that neither always finds the other's work in the disk's queue.
            let (ours, theirs) = if round % 2 == 0 {
                let theirs = copy()?;
                (sync()?, theirs)
            } else {
                (sync()?, copy()?)
            };
            for place in [&ours_at, &theirs_at] {
                rclone_run(self.rclone, &direct, &["purge", &at(place)])?;
            }
            if round == 0 {
                continue;
            }
            let all = [
                ours.seconds,
                theirs.seconds,
                megabytes(ours.memory),
                megabytes(theirs.memory),
                ours.cpu,
                theirs.cpu,
            ];
            for (figure, value) in figures.iter_mut().zip(all) {
                figure.push(value);
            }
        }
        Ok(figures)
    }
}

/// Has the disk write all that waits: Linux slows down who writes when too much does, whoever wrote it.
fn flush() -> anyhow::Result<()> {
    let flushed = std::process::Command::new("sync").status()?;
    anyhow::ensure!(flushed.success(), "sync: {flushed}");
    Ok(())
}

/// What rclone copies: as many bytes, none of them compressible.
fn local_folder(folder: &Path, files: u64, size: u64) -> anyhow::Result<String> {
    let local = folder.join("local");
    std::fs::create_dir(&local)?;
    for number in 0..files {
        let path = local.join(format!("IMG_{number:05}.JPG"));
        let mut random = std::io::Read::take(std::fs::File::open("/dev/urandom")?, size);
        std::io::copy(&mut random, &mut std::fs::File::create(path)?)?;
    }
    Ok(local.display().to_string())
}
