//! What is seen of a file: its facts (RFC 3659 §7), or its line in a listing.

use crate::times;

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, a device, the folder itself, the one above it.
    Other,
}

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// Bytes, of a file.
    pub size: Option<u64>,
    /// Seconds since 1970, where the server tells it in UTC.
    pub modified: Option<i64>,
}

impl Seen {
    /// What is known to be there and no more.
    pub fn folder() -> Self {
        Self {
            kind: Kind::Folder,
            size: None,
            modified: None,
        }
    }

    /// Changes when the content may have changed; none where only a listing for people was seen.
    pub fn version(&self) -> Option<String> {
        Some(format!("{}-{}", self.size?, self.modified?))
    }
}

/// What stands in "type=file;size=11;modify=20200102030405; name": facts and name.
pub fn of_facts(line: &[u8]) -> Option<(Seen, &[u8])> {
    // The first blank ends the facts: a value has none.
    let blank = line.iter().position(|byte| *byte == b' ')?;
    let (facts, name) = (std::str::from_utf8(&line[..blank]).ok()?, &line[blank + 1..]);
    let mut seen = Seen {
        kind: Kind::Other,
        size: None,
        modified: None,
    };
    for fact in facts.split(';').filter(|fact| !fact.is_empty()) {
        let (fact, value) = fact.split_once('=')?;
        match fact.to_ascii_lowercase().as_str() {
            "type" => {
                seen.kind = match value.to_ascii_lowercase().as_str() {
                    "file" => Kind::File,
                    "dir" => Kind::Folder,
                    _ => Kind::Other,
                }
            }
            "size" => seen.size = Some(value.parse().ok()?),
            "modify" => seen.modified = times::read(value),
            _ => {}
        }
    }
    if seen.kind != Kind::File {
        seen.size = None;
    }
    Some((seen, name))
}

/// What MLST told: the one line of its answer that begins with a blank.
pub fn of_answer(lines: &[String]) -> Option<Seen> {
    let told = lines
        .iter()
        .skip(1)
        .find(|line| line.contains(';') && line.contains('='))?;
    let (seen, _) = of_facts(told.trim_start().as_bytes())?;
    Some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_five_servers() {
        let file = Seen {
            kind: Kind::File,
            size: Some(11),
            modified: Some(1_577_934_245),
        };
        for line in [
            "modify=20200102030405;perm=radfwMT;size=11;type=file;unique=fe00g99c680; a.part",
            "type=file;size=11;modify=20200102030405;UNIX.mode=0644; a.part",
            "Type=file;Modify=20200102030405.000;Size=11; a.part",
            "TYPE=FILE;SIZE=11;MODIFY=20200102030405 a.part",
        ] {
            assert_eq!(of_facts(line.as_bytes()), Some((file, &b"a.part"[..])), "{line}");
        }
        assert_eq!(file.version().unwrap(), "11-1577934245");
        let (folder, name) = of_facts(b"type=dir;sizd=4096;modify=20200102030405;  lead ").unwrap();
        assert_eq!((folder.kind, folder.size, name), (Kind::Folder, None, &b" lead "[..]));
        for line in [
            "type=cdir;modify=20200102030405; .",
            "type=pdir; ..",
            "type=OS.unix=slink:/x; link",
            " odd",
        ] {
            assert_eq!(of_facts(line.as_bytes()).unwrap().0.kind, Kind::Other, "{line}");
        }
    }

    #[test]
    fn garbage_is_none() {
        for line in [
            "",
            "no-blank",
            "type;size x",
            "type=file;size=-1; x",
            "type=file;size=99999999999999999999; x",
        ] {
            assert_eq!(of_facts(line.as_bytes()), None, "{line}");
        }
        assert_eq!(of_facts(b"type=\xff; x"), None);
    }

    #[test]
    fn an_answer_holds_one() {
        let lines = |text: &[&str]| text.iter().map(|line| (*line).to_string()).collect::<Vec<_>>();
        let seen = of_answer(&lines(&["Start of list for a", " type=file;size=3; /a", "End of list"])).unwrap();
        assert_eq!(seen.size, Some(3));
        assert_eq!(of_answer(&lines(&["Listing", "End"])), None);
        assert_eq!(of_answer(&[]), None);
    }
}
