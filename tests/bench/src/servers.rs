//! Servers on loopback, and how camroll and rclone reach them, directly or through a proxy.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Fetched, OpenSsh, fetched};

use crate::process::{Used, run};

/// A server, and how both reach it.
pub struct Server {
    pub name: &'static str,
    pub address: SocketAddr,
    /// rclone's name of the place that both write below.
    pub remote: String,
    pub reach: Reaching,
    /// Ends with this.
    _process: Box<dyn std::any::Any>,
}

/// Through which address, and the name of a folder that is the run's own.
type Reaching = Box<dyn Fn(SocketAddr, &str) -> Reach>;

/// How a client reaches it through an address.
pub struct Reach {
    /// The lines below `destination:`.
    pub destination: String,
    /// rclone's environment.
    pub rclone: Vec<(&'static str, String)>,
}

/// The secrets that the specs name.
pub fn secrets() -> Vec<(&'static str, String)> {
    vec![
        ("BENCH_ACCESS_KEY", ACCESS_KEY.to_owned()),
        ("BENCH_SECRET_KEY", SECRET_KEY.to_owned()),
        ("BENCH_DAV_PASSWORD", PASSWORD.to_owned()),
    ]
}

/// rclone's program.
pub fn rclone() -> anyhow::Result<PathBuf> {
    Ok(here("rclone")?.join("bin/rclone"))
}

/// An rclone that isn't anybody's own: no configuration but the environment's.
pub fn rclone_command(program: &Path, reach: &Reach, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["--quiet", "--config", "/dev/null"])
        .envs(reach.rclone.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn rclone_run(program: &Path, reach: &Reach, arguments: &[&str]) -> anyhow::Result<Used> {
    run(&mut rclone_command(program, reach, arguments))
}

fn here(name: &str) -> anyhow::Result<PathBuf> {
    match fetched(name) {
        Fetched::Here(path) => Ok(path),
        Fetched::Missing(why) => bail!("{name} can't be had: {why}"),
    }
}

/// SeaweedFS.
pub fn seaweedfs() -> anyhow::Result<Server> {
    let weed = Bucket::seaweedfs(&here("seaweedfs")?, &here("rclone")?);
    Ok(Server {
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
    })
}

/// Apache with mod_dav.
pub fn apache() -> anyhow::Result<Server> {
    let apache = Apache::start(&here("apache")?);
    let output = Command::new(rclone()?).args(["obscure", PASSWORD]).output()?;
    let obscured = String::from_utf8(output.stdout)?.trim().to_owned();
    Ok(Server {
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
    })
}

/// OpenSSH's SFTP. The key that it accepts is written into the folder.
pub fn openssh(folder: &Path) -> anyhow::Result<Server> {
    let ssh = OpenSsh::start(&here("openssh")?);
    let (files, user, known) = (
        ssh.files().display().to_string(),
        ssh.user().to_owned(),
        ssh.known_hosts(),
    );
    let host_key = known
        .split_once(' ')
        .map(|(_, key)| key.trim().to_owned())
        .context("a known_hosts line")?;
    let key_path = folder.join(format!("key-{}", ssh.port()));
    std::fs::write(&key_path, &ssh.key.private)?;
    std::fs::set_permissions(&key_path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let key_path = key_path.display().to_string();
    Ok(Server {
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
    })
}
