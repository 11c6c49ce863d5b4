use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// A key pair that ssh-keygen made.
pub struct KeyPair {
    /// The private key, as a person's file has it.
    pub private: String,
    /// "ssh-ed25519 AAAA…".
    pub public: String,
}

impl KeyPair {
    /// Makes one at a path; with a passphrase if it isn't empty.
    ///
    /// # Panics
    /// If ssh-keygen can't.
    pub fn make(tools: &Path, kind: &str, path: &Path, passphrase: &str) -> Self {
        let mut command = Command::new(tools.join("usr/bin/ssh-keygen"));
        command
            .args(["-q", "-t", kind, "-N", passphrase, "-C", "", "-f"])
            .arg(path);
        let output = with_libraries(&mut command, tools).output().expect("ssh-keygen runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |path: &Path| fs::read_to_string(path).expect("ssh-keygen wrote it");
        Self {
            private: read(path),
            public: read(&path.with_extension("pub")).trim().to_owned(),
        }
    }
}

/// Lets an unpacked program find the libraries that were unpacked with it.
pub(crate) fn with_libraries<'a>(command: &'a mut Command, tools: &Path) -> &'a mut Command {
    let folders = fs::read_dir(tools.join("usr/lib")).into_iter().flatten().flatten();
    let mut paths: Vec<_> = folders
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("-linux-"))
        // Samba has some of its own.
        .flat_map(|path| [path.join("samba"), path])
        .collect();
    paths.extend(env::var_os("LD_LIBRARY_PATH").iter().flat_map(env::split_paths));
    let joined = env::join_paths(paths).expect("paths without colons");
    command.env("LD_LIBRARY_PATH", joined)
}
