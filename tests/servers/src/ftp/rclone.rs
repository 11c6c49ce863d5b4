use std::path::Path;

use super::{Begun, Ftp, PASSWORD, Protection, USER, certificate};
use crate::small_disk::Disk;

pub(super) fn start(tools: &Path, protection: Protection, disk: Disk) -> Result<Ftp, String> {
    assert!(protection != Protection::Explicit, "rclone hasn't got that");
    let begun = Begun::new();
    let files = begun.at("files");
    let begun = begun.on(disk, &files)?;
    let mut command = begun.program(&tools.join("bin/rclone"));
    command
        .args(["serve", "ftp", "--addr", &format!("127.0.0.1:{}", begun.port)])
        .args(["--user", USER, "--pass", PASSWORD, "--passive-port"])
        .arg(format!("{}-{}", begun.beside.start, begun.beside.end - 1))
        // What others change in the folder is seen nearly at once; at 0 it would read a folder again for every file in it.
        .args(["--dir-cache-time", "10ms"])
        .arg(&files)
        .env("RCLONE_CONFIG", begun.at("no-config"));
    if protection == Protection::Implicit {
        let folder = begun.folder.path();
        command
            .arg("--cert")
            .arg(certificate::certificate(folder))
            .arg("--key")
            .arg(certificate::key(folder));
    }
    Ok(begun.server(command, protection))
}
