use std::os::unix::fs::chown;
use std::path::Path;

use super::{Begun, CRYPTED, DAEMON, Ftp, Protection, USER, certificate};
use crate::keys::with_libraries;
use crate::small_disk::Disk;

/// What becomes of a file under whose name another one comes.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    /// It is replaced.
    Goes,
    /// The other one is refused.
    Stays,
}

pub(super) fn start(tools: &Path, protection: Protection, disk: Disk, standing: Standing) -> Result<Ftp, String> {
    assert!(protection != Protection::Implicit, "ProFTPD isn't set up for that here");
    let begun = Begun::new();
    let files = begun.at("files");
    let begun = begun.on(disk, &files)?;
    chown(&files, Some(DAEMON), Some(DAEMON)).expect("root gives away what is root's");
    let users = format!("{USER}:{CRYPTED}:{DAEMON}:{DAEMON}::{}:/bin/sh\n", files.display());
    let users = begun.write("users", &users, 0o600);
    let folder = begun.folder.path().display();
    let tls = format!(
        "ModulePath {modules}\nLoadModule mod_tls.c\nTLSEngine on\nTLSRequired on\nTLSProtocol TLSv1.2 TLSv1.3\nTLSLog {folder}/tls.log\n\
         TLSECCertificateFile {certificate}\nTLSECCertificateKeyFile {key}\n",
        modules = tools.join("usr/lib/proftpd").display(),
        certificate = certificate::certificate(begun.folder.path()).display(),
        key = certificate::key(begun.folder.path()).display(),
    );
    let config = format!(
        "ServerType standalone\nPort {port}\nDefaultAddress 127.0.0.1\nUseIPv6 off\nUseReverseDNS off\nPassivePorts {first} {last}\nMaxInstances 1000\n\
         User daemon\nGroup daemon\nRequireValidShell off\nAuthOrder mod_auth_file.c\nAuthUserFile {users}\nDefaultRoot ~\n\
         ScoreboardFile {folder}/score\nPidFile {folder}/pid\nDelayEngine off\nSystemLog {folder}/log\nWtmpLog off\n\
         AllowOverwrite {overwrite}\nAllowStoreRestart on\nAllowRetrieveRestart on\n{tls}",
        port = begun.port,
        first = begun.beside.start,
        last = begun.beside.end - 1,
        users = users.display(),
        overwrite = match standing {
            Standing::Goes => "on",
            Standing::Stays => "off",
        },
        tls = if protection == Protection::Plain { "" } else { &tls },
    );
    let config = begun.write("proftpd.conf", &config, 0o644);
    let mut command = begun.program(&tools.join("usr/sbin/proftpd"));
    command.args(["-n", "-c"]).arg(config);
    with_libraries(&mut command, tools);
    Ok(begun.server(command, protection))
}
