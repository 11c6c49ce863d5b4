//! Real servers as destinations of a spec, made one after the other, and how an rclone of its own reaches what is there.
#![allow(dead_code, reason = "each test file uses its part of it")]

use std::any::Any;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use camroll_cloud_nextcloud::{Account, Nextcloud, Product, Storage};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::ftp::{self, Ftp, Protection};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Fetched, Meter, OpenSsh, RcloneSftp, RcloneWebdav, Samba, Wsgidav};

use crate::setting::{Run, Setting};

/// A destination, and how rclone reaches it.
#[derive(Clone)]
pub struct Place {
    pub name: &'static str,
    /// The lines below `destination:`.
    pub destination: String,
    /// rclone's name of it.
    pub remote: String,
    /// And its name by the protocol that camroll speaks with it, where an rclone can write there by that.
    pub by_protocol: Option<String>,
    pub rclone: Vec<(&'static str, String)>,
    /// Its folder on this machine, which is to be there before.
    pub folder: Option<PathBuf>,
    /// Where it listens on loopback.
    port: u16,
    /// What TLS trusts, where the server has a certificate of its own.
    pub trusts: Option<PathBuf>,
    /// Ends with the last of these.
    _server: Rc<dyn Any>,
}

pub fn here(name: &str) -> Option<PathBuf> {
    match ftp::fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

fn bucket(name: &'static str, bucket: Bucket) -> Place {
    let endpoint = bucket.endpoint();
    Place {
        name,
        destination: format!(
            "  connector: s3\n  with:\n    provider: other\n    endpoint: \"{endpoint}\"\n    bucket: photos\n    prefix: family\n    access_key: {{ env: S3_ACCESS_KEY }}\n    secret_key: {{ env: S3_SECRET_KEY }}\n"
        ),
        folder: None,
        port: bucket.address().port(),
        remote: ":s3:photos/family".to_owned(),
        by_protocol: Some(":s3:photos/family".to_owned()),
        rclone: vec![
            ("RCLONE_S3_PROVIDER", "Other".to_owned()),
            ("RCLONE_S3_ENDPOINT", endpoint),
            ("RCLONE_S3_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("RCLONE_S3_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("RCLONE_S3_FORCE_PATH_STYLE", "true".to_owned()),
        ],
        trusts: None,
        _server: Rc::new(bucket),
    }
}

/// A bucket of SeaweedFS with Object Lock, and a spec that asks for it.
pub fn locked_bucket() -> Option<Place> {
    let server = Bucket::seaweedfs(&here("seaweedfs")?, &here("rclone")?);
    server
        .rclone_says(&["mkdir", ":s3:locked", "--s3-bucket-object-lock-enabled"])
        .expect("a bucket with Object Lock");
    let place = bucket("SeaweedFS, locked", server);
    Some(Place {
        destination: format!(
            "{}    lock: {{ mode: compliance, for: 30d }}\n",
            place.destination.replace("bucket: photos", "bucket: locked")
        ),
        remote: ":s3:locked/family".to_owned(),
        by_protocol: Some(":s3:locked/family".to_owned()),
        ..place
    })
}

fn webdav(
    name: &'static str,
    address: SocketAddr,
    sign_in: &str,
    files: PathBuf,
    server: Rc<dyn Any>,
) -> Option<Place> {
    let family = files.join("family");
    Some(Place {
        name,
        destination: format!(
            "  connector: webdav\n  with:\n    preset: generic\n    url: \"http://{address}\"\n    user: {USER}\n    password: {{ env: DAV_PASSWORD }}\n    sign_in: {sign_in}\n    path: family\n"
        ),
        // Its own folder on this machine: rclone's WebDAV client gives up at names that it doesn't encode as the server does.
        remote: family.display().to_string(),
        folder: Some(family),
        by_protocol: Some(":webdav:family".to_owned()),
        port: address.port(),
        rclone: vec![
            ("RCLONE_WEBDAV_URL", format!("http://{address}")),
            ("RCLONE_WEBDAV_VENDOR", "other".to_owned()),
            ("RCLONE_WEBDAV_USER", USER.to_owned()),
            ("RCLONE_WEBDAV_PASS", obscured(PASSWORD)?),
        ],
        trusts: None,
        _server: server,
    })
}

/// One of the simulators, and the runtime that it needs.
fn cloud(name: &'static str, preset: &str, product: Product, storage: Storage) -> Option<Place> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let account = Account::default();
    let server = runtime
        .block_on(Nextcloud::start(product, storage, account.clone()))
        .ok()?;
    Some(Place {
        name,
        destination: format!(
            "  connector: webdav\n  with:\n    preset: {preset}\n    url: {:?}\n    user: {}\n    password: {{ env: DAV_PASSWORD }}\n    path: family\n",
            server.url(),
            account.user
        ),
        folder: None,
        port: server.url().rsplit(':').next()?.trim_end_matches('/').parse().ok()?,
        remote: ":webdav:family".to_owned(),
        by_protocol: Some(":webdav:family".to_owned()),
        rclone: vec![
            (
                "RCLONE_WEBDAV_URL",
                format!("{}/remote.php/dav/files/{}", server.url(), account.user),
            ),
            ("RCLONE_WEBDAV_VENDOR", preset.to_owned()),
            ("RCLONE_WEBDAV_USER", account.user),
            ("RCLONE_WEBDAV_PASS", obscured(PASSWORD)?),
        ],
        trusts: None,
        _server: Rc::new((server, runtime)),
    })
}

/// Its own folder on this machine is looked at: rclone's FTP client would list it by other commands than are the matter here.
pub fn by_ftp(name: &'static str, server: Ftp) -> Place {
    let above = server.path().map_or(String::new(), |path| format!("{path}/"));
    let folder = server.files().join("family");
    open_folder(&folder);
    Place {
        name,
        destination: format!(
            "  connector: ftp\n  with:\n    host: 127.0.0.1\n    port: {}\n    user: {}\n    password: {{ env: FTP_PASSWORD }}\n    tls: {}\n    path: {above}family\n",
            server.port(),
            server.user(),
            server.protection().word(),
        ),
        remote: folder.display().to_string(),
        by_protocol: None,
        folder: Some(folder),
        port: server.port(),
        rclone: Vec::new(),
        trusts: (server.protection() != Protection::Plain).then(|| server.certificate()),
        _server: Rc::new(server),
    }
}

/// Its own folder on this machine is looked at. A person signs in with a key.
pub fn by_sftp(name: &'static str, server: OpenSsh) -> Place {
    let (folder, port) = (server.files().join("family"), server.port());
    open_folder(&folder);
    let key = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(key.path(), &server.key.private).expect("a file");
    Place {
        name,
        destination: format!(
            "  connector: sftp\n  with:\n    host: 127.0.0.1\n    port: {port}\n    user: {}\n    key: {{ file: {:?} }}\n    known_hosts: {:?}\n    path: {folder:?}\n",
            server.user(),
            key.path(),
            server.known_hosts().trim()
        ),
        remote: folder.display().to_string(),
        by_protocol: Some(format!(":sftp:{}", folder.display())),
        folder: Some(folder),
        port,
        rclone: vec![
            ("RCLONE_SFTP_HOST", "127.0.0.1".to_owned()),
            ("RCLONE_SFTP_PORT", port.to_string()),
            ("RCLONE_SFTP_USER", server.user().to_owned()),
            ("RCLONE_SFTP_KEY_FILE", key.path().display().to_string()),
        ],
        trusts: None,
        _server: Rc::new((server, key)),
    }
}

/// Looked at by rclone's own SMB client.
fn by_smb(name: &'static str, lines: &[&str]) -> Option<Place> {
    let server = Samba::with(&here("samba")?, lines);
    let folder = server.files().join("family");
    open_folder(&folder);
    Some(Place {
        name,
        destination: format!(
            "  connector: smb\n  with:\n    host: 127.0.0.1\n    port: {}\n    share: {}\n    user: {}\n    password: {{ env: SMB_PASSWORD }}\n    path: family\n",
            server.port(),
            Samba::SHARE,
            server.user(),
        ),
        folder: Some(folder),
        remote: format!(":smb:{}/family", Samba::SHARE),
        by_protocol: Some(format!(":smb:{}/family", Samba::SHARE)),
        port: server.port(),
        rclone: vec![
            ("RCLONE_SMB_HOST", "127.0.0.1".to_owned()),
            ("RCLONE_SMB_PORT", server.port().to_string()),
            ("RCLONE_SMB_USER", server.user().to_owned()),
            ("RCLONE_SMB_PASS", obscured(Samba::PASSWORD)?),
        ],
        trusts: None,
        _server: Rc::new(server),
    })
}

/// One that keeps conditions and compares digests.
pub fn seaweedfs() -> Option<Place> {
    let server = Bucket::seaweedfs(&here("seaweedfs")?, &here("rclone")?);
    Some(bucket("SeaweedFS", server))
}

pub fn apache() -> Option<Place> {
    let server = Apache::start(&here("apache")?);
    let (address, files) = (server.server().address(), server.files());
    webdav("Apache mod_dav", address, "basic", files, Rc::new(server))
}

pub fn openssh() -> Option<Place> {
    Some(by_sftp("OpenSSH", OpenSsh::start(&here("openssh")?)))
}

pub fn samba() -> Option<Place> {
    by_smb("Samba", &[])
}

/// One that takes two names for one.
pub fn folding() -> Option<Place> {
    let server = RcloneWebdav::folding(&here("rclone")?);
    let (address, files) = (server.server().address(), server.files());
    webdav("rclone serve webdav, folding", address, "basic", files, Rc::new(server))
}

/// A bucket of rclone's server, which takes every request for a lock and locks nothing, and a spec that asks for one.
pub fn unlocked_bucket() -> Option<Place> {
    let place = bucket("rclone serve s3, locked", Bucket::rclone(&here("rclone")?));
    Some(Place {
        destination: format!("{}    lock: {{ mode: compliance, for: 30d }}\n", place.destination),
        ..place
    })
}

/// Made one after the other: a server ends before the next one starts.
pub fn places() -> Vec<fn() -> Option<Place>> {
    vec![
        || Some(bucket("rclone serve s3", Bucket::rclone(&here("rclone")?))),
        seaweedfs,
        apache,
        || {
            let server = Wsgidav::start(&here("wsgidav")?);
            let (address, files) = (server.server().address(), server.files());
            webdav("wsgidav", address, "basic", files, Rc::new(server))
        },
        || {
            let server = Wsgidav::with_digests(&here("wsgidav")?);
            let (address, files) = (server.server().address(), server.files());
            webdav("wsgidav, digests", address, "digest", files, Rc::new(server))
        },
        || {
            let server = RcloneWebdav::start(&here("rclone")?);
            let (address, files) = (server.server().address(), server.files());
            webdav("rclone serve webdav", address, "basic", files, Rc::new(server))
        },
        || cloud("Nextcloud, simulated", "nextcloud", Product::Nextcloud, Storage::Disk),
        || {
            cloud(
                "Nextcloud in a bucket, simulated",
                "nextcloud",
                Product::Nextcloud,
                Storage::Objects,
            )
        },
        || cloud("ownCloud, simulated", "owncloud", Product::OwnCloud, Storage::Disk),
        openssh,
        || {
            let server = RcloneSftp::start(&here("rclone")?, &here("openssh")?);
            Some(Place {
                name: "rclone serve sftp",
                destination: format!(
                    "  connector: sftp\n  with:\n    host: 127.0.0.1\n    port: {}\n    user: {}\n    password: {{ env: DAV_PASSWORD }}\n    known_hosts: {:?}\n",
                    server.port(),
                    RcloneSftp::USER,
                    server.known_hosts().trim()
                ),
                folder: None,
                remote: server.files().display().to_string(),
                by_protocol: None,
                port: server.port(),
                rclone: Vec::new(),
                trusts: None,
                _server: Rc::new(server),
            })
        },
        samba,
        || by_smb("Samba as 2.1", &["server max protocol = SMB2_10"]),
        || {
            Some(by_ftp(
                "pyftpdlib",
                Ftp::pyftpdlib(&here("pyftpdlib")?, Protection::Plain),
            ))
        },
        || {
            Some(by_ftp(
                "vsftpd, TLS",
                Ftp::vsftpd(&here("vsftpd")?, Protection::Explicit),
            ))
        },
        || {
            Some(by_ftp(
                "ProFTPD, TLS",
                Ftp::proftpd(&here("proftpd")?, Protection::Explicit),
            ))
        },
        || {
            Some(by_ftp(
                "Pure-FTPd, TLS",
                Ftp::pureftpd(&here("pureftpd")?, Protection::Explicit),
            ))
        },
        || {
            Some(by_ftp(
                "rclone serve ftp",
                Ftp::rclone(&here("rclone")?, Protection::Plain),
            ))
        },
    ]
}

pub fn run(setting: &Setting, place: &Place, arguments: &[&str]) -> Run {
    Run::of(command(setting, place, arguments).output().expect("camroll runs"))
}

/// The command, with whatever one of the places may ask for.
pub fn command(setting: &Setting, place: &Place, arguments: &[&str]) -> Command {
    let mut command = setting.command(arguments);
    command
        .env("S3_ACCESS_KEY", ACCESS_KEY)
        .env("S3_SECRET_KEY", SECRET_KEY)
        .env("DAV_PASSWORD", PASSWORD)
        .env("FTP_PASSWORD", ftp::PASSWORD)
        .env("SMB_PASSWORD", Samba::PASSWORD)
        .envs(place.trusts.iter().map(|file| ("SSL_CERT_FILE", file)));
    command
}

/// A password as rclone wants to be told it.
fn obscured(password: &str) -> Option<String> {
    let rclone = here("rclone")?.join("bin/rclone");
    let output = Command::new(rclone).args(["obscure", password]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Has an rclone of its own copy what is in a folder to the place, by the protocol that camroll speaks with it.
pub fn rclone_fills(place: &Place, from: &Path) {
    let to = place.by_protocol.as_deref().expect("rclone speaks it");
    let copied = rclone_says(place, &["copy", &from.display().to_string(), to]);
    assert!(copied.is_some(), "{}: rclone can't copy there", place.name);
}

pub fn rclone_agrees(place: &Place, folder: &str) -> bool {
    let Some(rclone) = here("rclone") else { return true };
    let output = Command::new(rclone.join("bin/rclone"))
        .args(["check", "--download", folder, &place.remote, "--exclude", ".camroll/**"])
        .args(["--retries", "1", "--low-level-retries", "3", "--config", "/dev/null"])
        .envs(place.rclone.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("rclone runs");
    println!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// What an rclone of its own says, as it reaches the place.
pub fn rclone_says(place: &Place, arguments: &[&str]) -> Option<String> {
    let rclone = here("rclone")?;
    let output = Command::new(rclone.join("bin/rclone"))
        .args(arguments)
        .args(["--retries", "1", "--config", "/dev/null"])
        .envs(place.rclone.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("rclone runs");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A folder that the server's own user may write into, whoever that is.
fn open_folder(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path).expect("a folder");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("its mode");
}

impl Place {
    /// The same server, another folder in the place of the one that it had.
    pub fn moved(self, from: &str, to: &str) -> Self {
        let folder = self.folder.map(|folder| folder.with_file_name(to));
        if let Some(folder) = &folder {
            open_folder(folder);
        }
        Self {
            destination: self.destination.replace(from, to),
            remote: self.remote.replace(from, to),
            by_protocol: self.by_protocol.map(|remote| remote.replace(from, to)),
            folder,
            ..self
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The same, reached by camroll by what listens at that port. rclone goes there straight.
    pub fn behind(&self, other: u16) -> Self {
        let mut place = self.clone();
        // In an address, as a setting of its own, and in known_hosts.
        for (before, after) in [("127.0.0.1:", ""), ("port: ", "\n"), ("[127.0.0.1]:", " ")] {
            let port = |port: u16| format!("{before}{port}{after}");
            place.destination = place.destination.replace(&port(self.port), &port(other));
        }
        place
    }

    /// The same, by a proxy that counts what the server says.
    pub fn metered(&self) -> (Self, Meter) {
        let meter = Meter::start(self.address());
        (self.behind(meter.port()), meter)
    }

    /// Files there and what rclone tells of each, in order, but for those below a folder.
    pub fn listed_without(&self, folder: &str) -> Vec<String> {
        let arguments = ["lsf", "-R", "--files-only", "--format", "pst", &self.remote];
        let told = rclone_says(self, &arguments).unwrap_or_else(|| panic!("{}: rclone lists nothing", self.name));
        let mut lines: Vec<String> = told.lines().map(str::to_owned).collect();
        lines.retain(|line| folder.is_empty() || !line.starts_with(folder));
        lines.sort();
        lines
    }
}

/// The spec with this destination.
pub fn write_spec(setting: &Setting, place: &Place, more: &str) {
    setting.write_spec("");
    setting.send_to(&format!("destination:\n{}{more}", place.destination));
}
