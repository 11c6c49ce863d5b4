//! FTP: five servers, each with the protection that it is met with.
//!
//! Whom TLS trusts is read from the environment once a process, so what is asked over TLS is asked by this program run once more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use camroll_conformance::{Service, conforms};
use camroll_servers::Fetched;
use camroll_servers::ftp::{Ftp, Kind, PASSWORD, Protection, fetched};
use serde_json::{Value, json};

const ASKED: &str = "CAMROLL_TEST_FTP";

#[derive(Clone)]
struct Asked {
    column: String,
    port: u16,
    beside: Range<u16>,
    settings: Value,
    files: PathBuf,
    /// The same kind with little room, which runs as long as this one.
    small: Result<Box<Asked>, String>,
}

impl Asked {
    fn of(column: &str, server: &Ftp) -> Self {
        let mut settings = json!({
            "user": server.user(), "password": "password", "tls": server.protection().word(),
        });
        if let Some(path) = server.path() {
            settings["path"] = json!(path);
        }
        Self {
            column: column.to_owned(),
            port: server.port(),
            beside: server.beside(),
            settings,
            files: server.files(),
            small: Err("it is the small one".to_owned()),
        }
    }

    fn with_small(mut self, small: &Result<Ftp, String>) -> Self {
        let of = |small| Box::new(Self::of(&self.column, small));
        self.small = small.as_ref().map(of).map_err(Clone::clone);
        self
    }

    fn written(&self) -> String {
        let Range { start, end } = self.beside;
        let small = self.small.as_ref().map(|small| small.written());
        json!([self.column, self.port, start, end, self.settings, self.files, small]).to_string()
    }

    fn read(text: &str) -> Self {
        let (column, port, start, end, settings, files, small) =
            serde_json::from_str(text).expect("it was written by us");
        let small: Result<String, String> = small;
        Self {
            small: small.map(|small| Box::new(Self::read(&small))),
            column,
            port,
            beside: start..end,
            settings,
            files,
        }
    }

    /// Asked in a process that trusts these certificates.
    fn where_trusted(&self, certificates: &[PathBuf]) {
        let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a certificate");
        let all: String = certificates.iter().map(read).collect();
        let trusted = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(trusted.path(), all).expect("it is ours");
        let status = Command::new(std::env::current_exe().expect("it runs"))
            .args(["--exact", "inner", "--ignored", "--nocapture"])
            .env("SSL_CERT_FILE", trusted.path())
            .env(ASKED, self.written())
            .stdin(Stdio::null())
            .status()
            .expect("it runs");
        assert!(status.success(), "{}", self.column);
    }
}

impl Service for Asked {
    fn column(&self) -> &str {
        &self.column
    }

    fn connector(&self) -> &str {
        "ftp"
    }

    fn settings(&self, address: Option<SocketAddr>) -> Value {
        let address = address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], self.port)));
        let mut settings = self.settings.clone();
        settings["host"] = json!(address.ip().to_string());
        settings["port"] = json!(address.port());
        settings
    }

    /// None where no proxy can stand before the ports for data.
    fn address(&self) -> Option<SocketAddr> {
        (!self.beside.is_empty()).then(|| SocketAddr::from(([127, 0, 0, 1], self.port)))
    }

    fn beside(&self) -> Range<u16> {
        self.beside.clone()
    }

    fn secrets(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("password".to_owned(), PASSWORD.to_owned())])
    }

    fn wrong_secrets(&self) -> Option<BTreeMap<String, String>> {
        Some(BTreeMap::from([("password".to_owned(), "not this one".to_owned())]))
    }

    fn files(&self) -> Option<PathBuf> {
        Some(self.files.clone())
    }

    fn small(&self) -> Result<Box<dyn Service>, String> {
        Ok(self.small.clone()?)
    }
}

/// One asked over TLS, and what has little room.
fn asked_by_tls(column: &str, kind: Kind, tools: &Path, server: &Ftp) {
    let small = Ftp::small(kind, tools, Protection::Explicit);
    let certificates: Vec<PathBuf> = [Some(server), small.as_ref().ok()]
        .into_iter()
        .flatten()
        .map(Ftp::certificate)
        .collect();
    Asked::of(column, server)
        .with_small(&small)
        .where_trusted(&certificates);
}

/// The folder of a server, or a line that says why it isn't run.
fn here(name: &str) -> Option<PathBuf> {
    match fetched(name) {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, with an environment"]
async fn inner() {
    if let Ok(asked) = std::env::var(ASKED) {
        conforms(&Asked::read(&asked)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pyftpdlib() {
    let Some(tools) = here("pyftpdlib") else { return };
    let server = Ftp::pyftpdlib(&tools, Protection::Plain);
    let small = Ftp::small(Kind::Pyftpdlib, &tools, Protection::Plain);
    conforms(&Asked::of("ftp: pyftpdlib", &server).with_small(&small)).await;
}

#[test]
fn vsftpd() {
    let Some(tools) = here("vsftpd") else { return };
    let server = Ftp::vsftpd(&tools, Protection::Explicit);
    asked_by_tls("ftp: vsftpd, TLS", Kind::Vsftpd, &tools, &server);
}

#[test]
fn proftpd() {
    let Some(tools) = here("proftpd") else { return };
    let server = Ftp::proftpd(&tools, Protection::Explicit);
    asked_by_tls("ftp: ProFTPD, TLS", Kind::Proftpd, &tools, &server);
}

#[test]
fn pureftpd() {
    let Some(tools) = here("pureftpd") else { return };
    let server = Ftp::pureftpd(&tools, Protection::Explicit);
    asked_by_tls("ftp: Pure-FTPd, TLS", Kind::Pureftpd, &tools, &server);
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone() {
    let Some(tools) = here("rclone") else { return };
    let server = Ftp::rclone(&tools, Protection::Plain);
    let small = Ftp::small(Kind::Rclone, &tools, Protection::Plain);
    let mut asked = Asked::of("ftp: rclone", &server).with_small(&small);
    // It waits for data at all of this machine's addresses, so nobody else can at any of them.
    asked.beside = 0..0;
    conforms(&asked).await;
}
