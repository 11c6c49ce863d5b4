use std::fs;
use std::path::{Path, PathBuf};

/// Makes one for loopback, with its key, and both in one file as some want it.
pub(super) fn make(folder: &Path) {
    let names = ["127.0.0.1", "127.0.0.2", "localhost"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    fs::write(self::certificate(folder), &certificate).expect("a file");
    for (path, text) in [(self::key(folder), key.clone()), (both(folder), key + &certificate)] {
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
    }
}

pub(super) fn certificate(folder: &Path) -> PathBuf {
    folder.join("certificate.pem")
}

pub(super) fn key(folder: &Path) -> PathBuf {
    folder.join("key.pem")
}

pub(super) fn both(folder: &Path) -> PathBuf {
    folder.join("both.pem")
}
