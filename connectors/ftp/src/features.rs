//! What a server says that it can: the answer to FEAT (RFC 2389).

use crate::replies::Reply;

/// What of it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// MLST and MLSD (RFC 3659 §7).
    pub facts: bool,
    /// A fact that is needed isn't told unless it is asked for: OPTS MLST.
    pub facts_asked_for: bool,
    /// MDTM (RFC 3659 §3).
    pub modified: bool,
    /// MFMT: sets a file's time.
    pub set_modified: bool,
    /// REST before STOR and RETR (RFC 3659 §5).
    pub restart: bool,
    /// UTF8 (RFC 2640).
    pub utf8: bool,
}

impl Features {
    /// Reads them. One that has no FEAT has none.
    pub fn read(reply: &Reply) -> Self {
        let mut features = Self::default();
        if !reply.is_yes() {
            return features;
        }
        for line in &reply.lines {
            let line = line.trim();
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word.to_ascii_uppercase().as_str() {
                "MLST" => {
                    features.facts = true;
                    features.facts_asked_for = must_ask(rest);
                }
                "MDTM" => features.modified = true,
                "MFMT" => features.set_modified = true,
                "REST" => features.restart = rest.to_ascii_uppercase().contains("STREAM"),
                "UTF8" => features.utf8 = true,
                _ => {}
            }
        }
        features
    }
}

/// Facts that are told without being asked for have a star. A server that writes none means all.
fn must_ask(facts: &str) -> bool {
    let facts = facts.to_ascii_lowercase();
    let told: Vec<&str> = facts
        .split(';')
        .filter_map(|fact| fact.trim().strip_suffix('*'))
        .collect();
    let known = |fact: &str| facts.split(';').any(|known| known.trim().trim_end_matches('*') == fact);
    !told.is_empty()
        && ["type", "size", "modify"]
            .iter()
            .any(|fact| known(fact) && !told.contains(fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Features {
        Features::read(&Reply {
            code: 211,
            lines: lines.iter().map(|line| (*line).to_string()).collect(),
        })
    }

    #[test]
    fn as_servers_say_it() {
        let pyftpdlib = read(&[
            "Features supported:",
            " AUTH TLS",
            " EPSV",
            " MDTM",
            " MFMT",
            " MLST type*;perm*;size*;modify*;unique*;unix.mode;unix.uid;unix.gid;",
            " REST STREAM",
            " SIZE",
            " TVFS",
            " UTF8",
            "End FEAT.",
        ]);
        assert_eq!(
            pyftpdlib,
            Features {
                facts: true,
                facts_asked_for: false,
                modified: true,
                set_modified: true,
                restart: true,
                utf8: true
            }
        );
        let vsftpd = read(&[
            "Features:",
            " AUTH TLS",
            " EPRT",
            " EPSV",
            " MDTM",
            " PASV",
            " PBSZ",
            " PROT",
            " REST STREAM",
            " SIZE",
            " TVFS",
            "End",
        ]);
        assert!(vsftpd.modified && vsftpd.restart && !vsftpd.facts && !vsftpd.set_modified);
        let rclone = read(&[
            "Extensions supported:",
            " UTF8",
            " EPSV",
            " MLST Type*;Modify*;Size*;",
            "",
            "End",
        ]);
        assert!(rclone.facts && !rclone.facts_asked_for && !rclone.restart && !rclone.modified);
        let none = Features::read(&Reply {
            code: 500,
            lines: vec![" MLST".into()],
        });
        assert_eq!(none, Features::default());
    }

    #[test]
    fn facts_that_are_not_told_are_asked_for() {
        assert!(must_ask("type*;size*;modify;"));
        assert!(!must_ask("type;size;modify;"));
        assert!(!must_ask("type*;size*;perm;"));
        assert!(!must_ask(""));
    }
}
