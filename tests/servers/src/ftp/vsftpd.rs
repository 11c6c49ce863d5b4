use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use super::{Begun, DAEMON, Ftp, PASSWORD, Protection, certificate};
use crate::keys::with_libraries;
use crate::small_disk::Disk;

/// The one user that needs no account of the system and still has a password.
const ANONYMOUS: &str = "anonymous";
/// A root that its user may write to is one that vsftpd refuses.
const PATH: &str = "photos";

pub(super) fn start(tools: &Path, protection: Protection, disk: Disk) -> Result<Ftp, String> {
    let begun = Begun::new();
    let yes = |is: bool| if is { "YES" } else { "NO" };
    let photos = begun.at("files").join(PATH);
    for folder in [&photos, &begun.at("empty")] {
        fs::create_dir(folder).expect("a folder");
    }
    let begun = begun.on(disk, &photos)?;
    chown(&photos, Some(DAEMON), Some(DAEMON)).expect("root gives away what is root's");
    let passwords = begun.write("passwords", &format!("{PASSWORD}\n"), 0o600);
    let folder = begun.folder.path();
    let config = format!(
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nseccomp_sandbox=NO\n\
         pasv_min_port={first}\npasv_max_port={last}\nmax_clients=0\nmax_per_ip=0\n\
         local_enable=NO\nanonymous_enable=YES\nftp_username=daemon\nnopriv_user=nobody\nanon_root={files}\n\
         secure_email_list_enable=YES\nemail_password_file={passwords}\nsecure_chroot_dir={empty}\n\
         write_enable=YES\nanon_upload_enable=YES\nanon_mkdir_write_enable=YES\nanon_other_write_enable=YES\n\
         anon_world_readable_only=NO\nanon_umask=022\nmdtm_write=YES\nxferlog_enable=NO\ndelay_failed_login=0\n\
         ssl_enable={tls}\nimplicit_ssl={implicit}\nallow_anon_ssl={tls}\nforce_anon_logins_ssl={tls}\nforce_anon_data_ssl={tls}\n\
         require_ssl_reuse=YES\nssl_ciphers=HIGH\nrsa_cert_file={certificate}\nrsa_private_key_file={key}\n",
        port = begun.port,
        first = begun.beside.start,
        last = begun.beside.end - 1,
        files = begun.at("files").display(),
        empty = begun.at("empty").display(),
        passwords = passwords.display(),
        tls = yes(protection != Protection::Plain),
        implicit = yes(protection == Protection::Implicit),
        certificate = certificate::certificate(folder).display(),
        key = certificate::key(folder).display(),
    );
    let config = begun.write("vsftpd.conf", &config, 0o600);
    let mut command = begun.program(&tools.join("usr/sbin/vsftpd"));
    command.arg(config);
    with_libraries(&mut command, tools);
    let mut server = begun.server(command, protection);
    server.user = ANONYMOUS;
    server.path = Some(PATH);
    server.files = photos;
    Ok(server)
}
