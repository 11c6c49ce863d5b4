//! The same spec with only its destination changed, at every server that can be had: an rclone of its own finds the source there, a second run finds nothing to do, every byte is read back, the library
//! comes back from the archive alone, and is taken over again without being sent.

mod setting;

use std::any::Any;
use std::path::PathBuf;
use std::process::Command;

use camroll_cloud_apple::{Content, NewItem};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::ftp::{self, Ftp, Protection};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Fetched, OpenSsh, RcloneSftp, RcloneWebdav, Wsgidav};
use setting::{Run, Setting, name, photo};

const SIZE: u64 = 30_000;
const COUNT: u64 = 20;

/// A destination, and how rclone reaches it.
struct Place {
    name: &'static str,
    /// The lines below `destination:`.
    destination: String,
    /// rclone's name of it.
    remote: String,
    rclone: Vec<(&'static str, String)>,
    /// What TLS trusts, where the server has a certificate of its own.
    trusts: Option<PathBuf>,
    /// Ends with this.
    _server: Box<dyn Any>,
}

fn here(name: &str) -> Option<PathBuf> {
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
        remote: ":s3:photos/family".to_owned(),
        rclone: vec![
            ("RCLONE_S3_PROVIDER", "Other".to_owned()),
            ("RCLONE_S3_ENDPOINT", endpoint),
            ("RCLONE_S3_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("RCLONE_S3_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("RCLONE_S3_FORCE_PATH_STYLE", "true".to_owned()),
        ],
        trusts: None,
        _server: Box::new(bucket),
    }
}

fn webdav(name: &'static str, address: String, sign_in: &str, files: PathBuf, server: Box<dyn Any>) -> Place {
    Place {
        name,
        destination: format!(
            "  connector: webdav\n  with:\n    preset: generic\n    url: \"http://{address}\"\n    user: {USER}\n    password: {{ env: DAV_PASSWORD }}\n    sign_in: {sign_in}\n    path: family\n"
        ),
        // Its own folder on this machine: rclone's WebDAV client gives up at names that it doesn't encode as the server does.
        remote: files.join("family").display().to_string(),
        rclone: Vec::new(),
        trusts: None,
        _server: server,
    }
}

/// Its own folder on this machine is looked at: rclone's FTP client would list it by other commands than are the matter here.
fn by_ftp(name: &'static str, server: Ftp) -> Place {
    let path = server
        .path()
        .map_or(String::new(), |path| format!("    path: {path}\n"));
    Place {
        name,
        destination: format!(
            "  connector: ftp\n  with:\n    host: 127.0.0.1\n    port: {}\n    user: {}\n    password: {{ env: FTP_PASSWORD }}\n    tls: {}\n{path}",
            server.port(),
            server.user(),
            server.protection().word(),
        ),
        remote: server.files().display().to_string(),
        rclone: Vec::new(),
        trusts: (server.protection() != Protection::Plain).then(|| server.certificate()),
        _server: Box::new(server),
    }
}

/// Made one after the other: a server ends before the next one starts.
fn places() -> Vec<fn() -> Option<Place>> {
    vec![
        || Some(bucket("rclone serve s3", Bucket::rclone(&here("rclone")?))),
        || {
            Some(bucket(
                "SeaweedFS",
                Bucket::seaweedfs(&here("seaweedfs")?, &here("rclone")?),
            ))
        },
        || {
            let server = Apache::start(&here("apache")?);
            let (address, files) = (server.server().address().to_string(), server.files());
            Some(webdav("Apache mod_dav", address, "basic", files, Box::new(server)))
        },
        || {
            let server = Wsgidav::start(&here("wsgidav")?);
            let (address, files) = (server.server().address().to_string(), server.files());
            Some(webdav("wsgidav", address, "basic", files, Box::new(server)))
        },
        || {
            let server = Wsgidav::with_digests(&here("wsgidav")?);
            let (address, files) = (server.server().address().to_string(), server.files());
            Some(webdav("wsgidav, digests", address, "digest", files, Box::new(server)))
        },
        || {
            let server = RcloneWebdav::start(&here("rclone")?);
            let (address, files) = (server.server().address().to_string(), server.files());
            Some(webdav("rclone serve webdav", address, "basic", files, Box::new(server)))
        },
        || {
            let server = OpenSsh::start(&here("openssh")?);
            let (files, port) = (server.files().display().to_string(), server.port());
            let key = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(key.path(), &server.key.private).expect("a file");
            Some(Place {
                name: "OpenSSH",
                destination: format!(
                    "  connector: sftp\n  with:\n    host: 127.0.0.1\n    port: {port}\n    user: {}\n    key: {{ file: {:?} }}\n    known_hosts: {:?}\n    path: {files:?}\n",
                    server.user(),
                    key.path(),
                    server.known_hosts().trim()
                ),
                remote: files,
                rclone: Vec::new(),
                trusts: None,
                _server: Box::new((server, key)),
            })
        },
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
                remote: server.files().display().to_string(),
                rclone: Vec::new(),
                trusts: None,
                _server: Box::new(server),
            })
        },
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

fn run(setting: &Setting, place: &Place, arguments: &[&str]) -> Run {
    let mut command = setting.command(arguments);
    command
        .env("S3_ACCESS_KEY", ACCESS_KEY)
        .env("S3_SECRET_KEY", SECRET_KEY)
        .env("DAV_PASSWORD", PASSWORD)
        .env("FTP_PASSWORD", ftp::PASSWORD)
        .envs(place.trusts.iter().map(|file| ("SSL_CERT_FILE", file)));
    Run::of(command.output().expect("camroll runs"))
}

fn rclone_agrees(place: &Place, folder: &str) -> bool {
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

#[test]
fn only_the_destination_changes() {
    let odd = [
        "Müller & Söhne +1 (ä).JPG",
        "夏の写真 100%.JPG",
        "снег #7.JPG",
        "emoji 🎉'!~.JPG",
    ];
    for place in places() {
        let Some(place) = place() else { continue };
        let at = place.name;
        let setting = Setting::new();
        setting.add_photos(COUNT, SIZE);
        let mut files: Vec<(String, Content)> = (0..COUNT)
            .map(|number| (name(number), Content::generated(number + 1, SIZE)))
            .collect();
        setting.apple.library(|library| {
            for (number, name) in (100..).zip(odd) {
                library.add(NewItem {
                    name: Some(name.into()),
                    ..photo(number, SIZE)
                });
                files.push((name.to_owned(), Content::generated(number + 1, SIZE)));
            }
        });
        let expected = setting.path("expected");
        std::fs::create_dir_all(expected.join("2014/05")).unwrap();
        for (name, content) in &files {
            std::fs::write(expected.join("2014/05").join(name), content.block(0, usize::MAX)).unwrap();
        }
        let expected = expected.display().to_string();

        setting.write_spec("");
        let spec = setting.path("family.yaml");
        let text = std::fs::read_to_string(&spec).unwrap();
        let (head, _) = text.split_once("destination:\n").unwrap();
        std::fs::write(&spec, format!("{head}destination:\n{}", place.destination)).unwrap();
        setting.login();

        let first = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!(
            (first.code, first.put()),
            (0, files.len() as u64),
            "{at}: {}{}",
            first.out,
            first.err
        );
        assert!(rclone_agrees(&place, &expected), "{at}: rclone finds a difference");
        let again = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!((again.code, again.put()), (0, 0), "{at}: {}{}", again.out, again.err);
        let deep = run(&setting, &place, &["verify", "family", "--deep"]);
        assert_eq!(deep.code, 0, "{at}: {}{}", deep.out, deep.err);

        // Another machine, which has the spec and nothing else.
        std::fs::remove_dir_all(setting.path("state")).unwrap();
        let back = run(&setting, &place, &["restore", "family", "--to", "back"]);
        assert_eq!(back.code, 0, "{at}: {}{}", back.out, back.err);
        for (name, content) in &files {
            let bytes = std::fs::read(setting.path("back/2014/05").join(name)).unwrap();
            assert!(bytes == content.block(0, usize::MAX), "{at}: {name}");
        }
        setting.login();
        let adopted = run(&setting, &place, &["adopt", "family"]);
        assert_eq!(adopted.code, 0, "{at}: {}{}", adopted.out, adopted.err);
        let after = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!((after.code, after.put()), (0, 0), "{at}: {}{}", after.out, after.err);
        let doctor = run(&setting, &place, &["doctor", "family"]);
        assert!(
            doctor.code == 0 || doctor.code == 6,
            "{at}: {} {}{}",
            doctor.code,
            doctor.out,
            doctor.err
        );
    }
}
