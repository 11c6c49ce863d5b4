//! The machine's own environment, files and programs. The only file of this crate that reads anything but specs.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{SECRET_LIMIT, SecretFault, SecretReader};

/// How long a command may take.
pub const COMMAND_TIME: Duration = Duration::from_secs(30);

/// Reads from this process's environment, from files, and from programs that it runs.
#[derive(Clone, Copy, Debug)]
pub struct SystemSecrets {
    command_time: Duration,
}

impl Default for SystemSecrets {
    fn default() -> Self {
        Self {
            command_time: COMMAND_TIME,
        }
    }
}

impl SecretReader for SystemSecrets {
    fn env(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
        match std::env::var(name) {
            Ok(value) => Ok(Zeroizing::new(value.into_bytes())),
            Err(std::env::VarError::NotPresent) => Err(SecretFault::Missing("it is not set".to_owned())),
            Err(std::env::VarError::NotUnicode(_)) => Err(SecretFault::Unusable("it is not UTF-8 text".to_owned())),
        }
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
        let named = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => SecretFault::Missing(format!("there is no {}", path.display())),
            _ => SecretFault::Unusable(format!("{}: {error}", path.display())),
        };
        let metadata = std::fs::metadata(path).map_err(named)?;
        if !metadata.is_file() {
            return Err(SecretFault::Unusable(format!("{} is not a file", path.display())));
        }
        limited(std::fs::File::open(path).map_err(named)?).map_err(named)
    }

    fn command(&self, words: &[String], folder: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| SecretFault::Unusable("no program is named".to_owned()))?;
        let mut command = Command::new(program);
        if !folder.as_os_str().is_empty() {
            command.current_dir(folder);
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => SecretFault::Missing(format!("there is no program {program}")),
                _ => SecretFault::Unusable(format!("{program} did not start: {error}")),
            })?;
        let begun = Instant::now();
        let late = || {
            let seconds = self.command_time.as_secs();
            SecretFault::Unusable(format!("{program} was not done within {seconds} seconds"))
        };
        let stdout = child.stdout.take();
        let (done, answer) = mpsc::channel();
        std::thread::spawn(move || {
            // Nobody waits any more once the time is over.
            let _ = done.send(stdout.map(limited));
        });
        let Ok(output) = answer.recv_timeout(self.command_time) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(late());
        };
        let unread = || SecretFault::Unusable(format!("the output of {program} could not be read"));
        let output = output.ok_or_else(unread)?.map_err(|_| unread())?;
        if output.len() > SECRET_LIMIT {
            let _ = child.kill();
        }
        // A program may close its output and go on for ever.
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if begun.elapsed() < self.command_time => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(late());
                }
                Err(error) => return Err(SecretFault::Unusable(format!("{program}: {error}"))),
            }
        };
        if !status.success() && output.len() <= SECRET_LIMIT {
            return Err(SecretFault::Unusable(format!("{program} ended with {status}")));
        }
        Ok(output)
    }
}

/// Reads one byte more than a secret may have, so that the limit is seen. The buffer never grows: growing leaves copies behind.
fn limited(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_LIMIT + 1));
    let limit = u64::try_from(SECRET_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    source.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_is_run_without_a_shell() {
        let read = SystemSecrets::default()
            .command(&words(&["echo", "$HOME;x"]), Path::new(""))
            .expect("echo runs");
        assert_eq!(read.as_slice(), b"$HOME;x\n");
    }

    #[test]
    fn a_command_that_fails_hangs_or_floods_is_told_apart() {
        let quick = SystemSecrets {
            command_time: Duration::from_millis(200),
        };
        let fault = |reader: SystemSecrets, line: &[&str]| match reader.command(&words(line), Path::new("")) {
            Ok(bytes) => bytes.len().to_string(),
            Err(fault) => fault.to_string(),
        };
        assert!(fault(SystemSecrets::default(), &["false"]).contains("ended with"));
        assert!(fault(SystemSecrets::default(), &["no-such-program-here"]).contains("no program"));
        assert!(fault(quick, &["sleep", "60"]).contains("not done within"));
        assert!(fault(quick, &["sh", "-c", "exec >&-; exec sleep 60"]).contains("not done within"));
        assert_eq!(
            fault(SystemSecrets::default(), &["cat", "/dev/zero"]),
            (SECRET_LIMIT + 1).to_string()
        );
    }

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, vec![b'x'; SECRET_LIMIT * 2]).expect("written");
        let read = SystemSecrets::default().file(&path).expect("read");
        assert_eq!(read.len(), SECRET_LIMIT + 1);
        assert!(matches!(
            SystemSecrets::default().file(&path.join("x")),
            Err(SecretFault::Unusable(_))
        ));
        assert!(matches!(
            SystemSecrets::default().file(folder.path()),
            Err(SecretFault::Unusable(_))
        ));
        assert!(matches!(
            SystemSecrets::default().file(&folder.path().join("none")),
            Err(SecretFault::Missing(_))
        ));
    }
}
