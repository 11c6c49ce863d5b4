use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use super::{Begun, CRYPTED, DAEMON, Ftp, Protection, USER, certificate};
use crate::keys::with_libraries;
use crate::small_disk::Disk;

pub(super) fn start(tools: &Path, protection: Protection, disk: Disk) -> Result<Ftp, String> {
    assert!(protection != Protection::Implicit, "Pure-FTPd hasn't got that");
    let begun = Begun::new();
    let files = begun.at("files");
    let begun = begun.on(disk, &files)?;
    chown(&files, Some(DAEMON), Some(DAEMON)).expect("root gives away what is root's");
    let list = format!(
        "{USER}:{CRYPTED}:{DAEMON}:{DAEMON}::{}/./::::::::::::\n",
        files.display()
    );
    let list = begun.write("users", &list, 0o600);
    let users = begun.at("users.pdb");
    let mut making = Command::new(tools.join("usr/bin/pure-pw"));
    making.arg("mkdb").arg(&users).arg("-f").arg(list);
    let made = with_libraries(&mut making, tools).status().expect("pure-pw runs");
    assert!(made.success(), "pure-pw makes no database");

    let mut command = begun.program(&tools.join("usr/sbin/pure-ftpd"));
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
    Ok(begun.server(command, protection))
}
