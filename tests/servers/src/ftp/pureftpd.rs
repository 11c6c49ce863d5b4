use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Begun, DAEMON, Ftp, PASSWORD, Protection, USER, certificate};
use crate::keys::with_libraries;

pub(super) fn start(tools: &Path, protection: Protection) -> Ftp {
    assert!(protection != Protection::Implicit, "Pure-FTPd hasn't got that");
    let begun = Begun::new();
    let files = begun.at("files");
    chown(&files, Some(DAEMON), Some(DAEMON)).expect("root gives away what is root's");
    let users = begun.at("users.pdb");
    let mut adding = Command::new(tools.join("usr/bin/pure-pw"));
    let id = DAEMON.to_string();
    adding
        .args(["useradd", USER, "-u", &id, "-g", &id, "-d"])
        .arg(&files)
        .arg("-f")
        .arg(begun.at("users"))
        .arg("-m")
        .arg("-F")
        .arg(&users)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    with_libraries(&mut adding, tools);
    let mut adding = adding.spawn().expect("pure-pw runs");
    let mut asked = adding.stdin.take().expect("it asks for the password");
    write!(asked, "{PASSWORD}\n{PASSWORD}\n").expect("it takes it");
    drop(asked);
    assert!(adding.wait().expect("it ends").success(), "pure-pw adds nobody");

    let mut command = Command::new(tools.join("usr/sbin/pure-ftpd"));
    command
        .arg("-S")
        .arg(format!("127.0.0.1,{}", begun.port))
        .arg("-l")
        .arg(format!("puredb:{}", users.display()))
        .arg("-p")
        .arg(format!("{}:{}", begun.beside.start, begun.beside.end - 1))
        .args(["-E", "-j", "-H", "-D", "-u", "1", "-c", "200", "-C", "200"])
        .args(["-Y", if protection == Protection::Plain { "0" } else { "3" }])
        .arg("-2")
        .arg(certificate::both(begun.folder.path()));
    with_libraries(&mut command, tools);
    begun.server(command, protection)
}
