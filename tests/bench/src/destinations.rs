//! Into real servers: camroll from Apple on loopback, rclone from a local folder, in turn, at the same number of transfers. camroll fetches and checks what rclone only reads.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Fetched, OpenSsh, fetched};

use crate::apple::Apple;
use crate::camroll::Camroll;
use crate::delay::delayed;
use crate::figures::{Figures, megabytes};
use crate::process::{Setting, Used, run as run_process};

/// Files, and bytes of each.
const WORK: [(u64, u64); 2] = [(1_000, 130_000), (1, 2 << 30)];
/// camroll's `limits.transfers`, and rclone's `--transfers`.
const TRANSFERS: &str = "8";

/// A server, and how both reach it.
struct Server {
    name: &'static str,
    address: SocketAddr,
    /// rclone's name of the place that both write below.
    remote: String,
    reach: Reaching,
    /// Ends with this.
    _process: Box<dyn std::any::Any>,
}

/// Through which address, and the name of a folder that is the run's own.
type Reaching = Box<dyn Fn(SocketAddr, &str) -> Reach>;

/// How a client reaches it through an address.
struct Reach {
    /// The lines below `destination:`.
    destination: String,
    /// rclone's environment.
    rclone: Vec<(&'static str, String)>,
}

fn run_all(setting: &Setting, rclone: &Path) -> anyhow::Result<()> {
    println!("## Into real servers, {TRANSFERS} transfers\n");
    println!(
        "| server | files | delay | camroll | rclone copy | camroll's speed to rclone's | camroll's memory | rclone's memory | camroll's CPU | rclone's CPU |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    let program = rclone.join("bin/rclone");
    for (files, size) in WORK {
        let folder = tempfile::tempdir()?;
        let local = local_folder(folder.path(), files, size)?;
        let authority = folder.path().join("authority.pem");
        let apple = Apple::start(setting, files, size, 0, &authority)?;
        let camroll = Camroll::new(setting, &apple, &folder.path().join("camroll"), &authority)?.knowing(vec![
            ("BENCH_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("BENCH_SECRET_KEY", SECRET_KEY.to_owned()),
            ("BENCH_DAV_PASSWORD", PASSWORD.to_owned()),
        ]);
        for server in servers(rclone, folder.path())? {
            for delay in [0, 40] {
                let address = match delay {
                    0 => server.address,
                    delay => delayed(server.address, Duration::from_millis(delay))?,
                };
                let rounds = if files == 1 {
                    setting.rounds.min(3)
                } else {
                    setting.rounds
                };
                let first = if delay == 0 { 0 } else { 1 };
                let mut figures: [Figures; 6] = Default::default();
                for round in first..=rounds {
                    let [ours_at, theirs_at] =
                        ["camroll", "rclone"].map(|who| format!("{who}-{files}-{delay}-{round}"));
                    let ours = (server.reach)(address, &ours_at);
                    rclone_run(
                        &program,
                        &ours.rclone,
                        &["mkdir", &format!("{}{ours_at}", server.remote)],
                    )?;
                    camroll.send_to(&ours.destination)?;
                    camroll.forget()?;
                    if round == first {
                        camroll.compile()?;
                        camroll.forget()?;
                    }
                    let ours = camroll.sync()?;
                    let theirs = (server.reach)(address, &theirs_at);
                    let into = format!("{}{theirs_at}", server.remote);
                    let theirs = rclone_run(
                        &program,
                        &theirs.rclone,
                        &["copy", &local, &into, "--transfers", TRANSFERS],
                    )?;
                    for place in [&ours_at, &theirs_at] {
                        let reach = (server.reach)(server.address, place);
                        rclone_run(
                            &program,
                            &reach.rclone,
                            &["purge", &format!("{}{place}", server.remote)],
                        )?;
                    }
                    // The first round warms the servers, and isn't counted.
                    if round == 0 && delay == 0 {
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
                let [ours, theirs, our_memory, their_memory, our_cpu, their_cpu] = &figures;
                println!(
                    "| {} | {files} × {size} B | {delay} ms | {} | {} | {} | {} | {} | {} | {} |",
                    server.name,
                    ours.told("s", 2),
                    theirs.told("s", 2),
                    theirs.ratios(ours).told("×", 2),
                    our_memory.told("MB", 0),
                    their_memory.told("MB", 0),
                    our_cpu.told("s", 2),
                    their_cpu.told("s", 2),
                );
            }
        }
    }
    println!();
    Ok(())
}

pub fn run(setting: &Setting) -> anyhow::Result<()> {
    match fetched("rclone") {
        Fetched::Here(rclone) => run_all(setting, &rclone),
        Fetched::Missing(why) => {
            println!("not run: {why}");
            Ok(())
        }
    }
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

fn rclone_run(program: &Path, environment: &[(&str, String)], arguments: &[&str]) -> anyhow::Result<Used> {
    run_process(
        Command::new(program)
            .args(arguments)
            .args(["--quiet", "--config", "/dev/null"])
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null()),
    )
}

fn here(name: &str) -> anyhow::Result<PathBuf> {
    match fetched(name) {
        Fetched::Here(path) => Ok(path),
        Fetched::Missing(why) => bail!("{name} can't be had: {why}"),
    }
}

fn servers(rclone: &Path, folder: &Path) -> anyhow::Result<Vec<Server>> {
    let weed = Bucket::seaweedfs(&here("seaweedfs")?, rclone);
    let apache = Apache::start(&here("apache")?);
    let ssh = OpenSsh::start(&here("openssh")?);
    let output = Command::new(rclone.join("bin/rclone"))
        .args(["obscure", PASSWORD])
        .output()?;
    let obscured = String::from_utf8(output.stdout)?.trim().to_owned();
    let (files, user, host_key) = (
        ssh.files().display().to_string(),
        ssh.user().to_owned(),
        ssh.known_hosts(),
    );
    let host_key = host_key
        .split_once(' ')
        .map(|(_, key)| key.trim().to_owned())
        .context("a known_hosts line")?;
    let key_path = folder.join(format!("key-{}", ssh.port()));
    std::fs::write(&key_path, &ssh.key.private)?;
    std::fs::set_permissions(&key_path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let key_path = key_path.display().to_string();
    Ok(vec![
        Server {
            name: "SeaweedFS (S3)",
            address: weed.address(),
            remote: ":s3:photos/".to_owned(),
            reach: Box::new(|address, place| Reach {
                destination: format!(
                    "  connector: s3\n  with:\n    provider: other\n    endpoint: \"http://{address}\"\n    bucket: photos\n    prefix: {place}\n    access_key: {{ env: BENCH_ACCESS_KEY }}\n    secret_key: {{ env: BENCH_SECRET_KEY }}\n"
                ),
                rclone: vec![
                    ("RCLONE_S3_PROVIDER", "Other".to_owned()),
                    ("RCLONE_S3_ENDPOINT", format!("http://{address}")),
                    ("RCLONE_S3_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
                    ("RCLONE_S3_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
                    ("RCLONE_S3_FORCE_PATH_STYLE", "true".to_owned()),
                ],
            }),
            _process: Box::new(weed),
        },
        Server {
            name: "Apache mod_dav (WebDAV)",
            address: apache.server().address(),
            remote: ":webdav:".to_owned(),
            reach: Box::new(move |address, place| Reach {
                destination: format!(
                    "  connector: webdav\n  with:\n    preset: generic\n    url: \"http://{address}\"\n    user: {USER}\n    password: {{ env: BENCH_DAV_PASSWORD }}\n    path: {place}\n"
                ),
                rclone: vec![
                    ("RCLONE_WEBDAV_URL", format!("http://{address}")),
                    ("RCLONE_WEBDAV_VENDOR", "other".to_owned()),
                    ("RCLONE_WEBDAV_USER", USER.to_owned()),
                    ("RCLONE_WEBDAV_PASS", obscured.clone()),
                ],
            }),
            _process: Box::new(apache),
        },
        Server {
            name: "OpenSSH (SFTP)",
            address: ([127, 0, 0, 1], ssh.port()).into(),
            remote: format!(":sftp:{files}/"),
            reach: Box::new(move |address, place| Reach {
                destination: format!(
                    "  connector: sftp\n  with:\n    host: 127.0.0.1\n    port: {}\n    user: {user}\n    key: {{ file: \"{key_path}\" }}\n    known_hosts: \"[127.0.0.1]:{} {host_key}\"\n    path: \"{files}/{place}\"\n",
                    address.port(),
                    address.port()
                ),
                rclone: vec![
                    ("RCLONE_SFTP_HOST", "127.0.0.1".to_owned()),
                    ("RCLONE_SFTP_PORT", address.port().to_string()),
                    ("RCLONE_SFTP_USER", user.clone()),
                    ("RCLONE_SFTP_KEY_FILE", key_path.clone()),
                ],
            }),
            _process: Box::new(ssh),
        },
    ])
}
