//! FTP: five servers, each with the protection that it is met with.
//!
//! Whom TLS trusts is read from the environment once a process, so what is asked over TLS is asked by this program run once more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use camroll_conformance::{Service, conforms};
use camroll_servers::Fetched;
use camroll_servers::ftp::{Ftp, PASSWORD, Protection, fetched};
use serde_json::{Value, json};

const ASKED: &str = "CAMROLL_TEST_FTP";

struct Asked {
    column: String,
    port: u16,
    beside: Range<u16>,
    settings: Value,
    files: PathBuf,
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
        }
    }

    fn written(&self) -> String {
        let Range { start, end } = self.beside;
        json!([self.column, self.port, start, end, self.settings, self.files]).to_string()
    }

    fn read(text: &str) -> Self {
        let (column, port, start, end, settings, files) = serde_json::from_str(text).expect("it was written by us");
        Self {
            column,
            port,
            beside: start..end,
            settings,
            files,
        }
    }

    /// Asked in a process that trusts the server's certificate.
    fn where_trusted(&self, certificate: PathBuf) {
        let status = Command::new(std::env::current_exe().expect("it runs"))
            .args(["--exact", "inner", "--ignored", "--nocapture"])
            .env("SSL_CERT_FILE", certificate)
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
    conforms(&Asked::of("ftp: pyftpdlib", &server)).await;
}

#[test]
fn vsftpd() {
    let Some(tools) = here("vsftpd") else { return };
    let server = Ftp::vsftpd(&tools, Protection::Explicit);
    Asked::of("ftp: vsftpd, TLS", &server).where_trusted(server.certificate());
}

#[test]
fn proftpd() {
    let Some(tools) = here("proftpd") else { return };
    let server = Ftp::proftpd(&tools, Protection::Explicit);
    Asked::of("ftp: ProFTPD, TLS", &server).where_trusted(server.certificate());
}

#[test]
fn pureftpd() {
    let Some(tools) = here("pureftpd") else { return };
    let server = Ftp::pureftpd(&tools, Protection::Explicit);
    Asked::of("ftp: Pure-FTPd, TLS", &server).where_trusted(server.certificate());
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone() {
    let Some(tools) = here("rclone") else { return };
    let server = Ftp::rclone(&tools, Protection::Plain);
    let mut asked = Asked::of("ftp: rclone", &server);
    // It waits for data at all of this machine's addresses, so nobody else can at any of them.
    asked.beside = 0..0;
    conforms(&asked).await;
}
