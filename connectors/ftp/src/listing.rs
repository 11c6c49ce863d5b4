//! Folders as they are told: by MLSD, line by line of facts, or by LIST, which is meant for people and read as Unix and Windows servers write it.

use serde::{Deserialize, Serialize};

use crate::seen::{of_facts, Kind, Seen};
use camroll_connector::paths::STAGING;

/// Most of what a page holds.
pub const PAGE: usize = 500;
/// Bytes of one line of a listing: the longest path there is, and what stands before it.
pub const LINE: usize = 8 << 10;
/// Entries of one folder that are held at a time.
pub const ENTRIES: usize = 100_000;

/// The folders that are open, each with the name that was read last.
#[derive(Serialize, Deserialize)]
pub struct Walk(pub Vec<(String, Option<String>)>);

/// Something of a folder, with its path below the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub name: String,
    pub path: String,
    pub seen: Seen,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// MLSD.
    Facts,
    /// LIST.
    Lines,
}

/// It is too long to be a folder's listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// What is told of a folder, with its names as the server sent them.
pub type Told = Vec<(Vec<u8>, Seen)>;

/// What a folder holds, read piece by piece.
pub struct Listing {
    form: Form,
    rest: Vec<u8>,
    entries: Told,
    /// Lines that can't be read: they hold something, and nobody knows what.
    pub unread: usize,
}

impl Listing {
    /// Of nothing yet.
    pub fn new(form: Form) -> Self {
        Self {
            form,
            rest: Vec::new(),
            entries: Vec::new(),
            unread: 0,
        }
    }

    /// Takes what arrived.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if self.rest.len() > LINE {
                return Err(TooLong);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.rest);
                self.line(&line)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), TooLong> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Ok(());
        }
        let told = match self.form {
            Form::Facts => of_facts(line).map(|(seen, name)| Line::Entry(seen, name.to_vec())),
            Form::Lines => of_line(line),
        };
        match told {
            Some(Line::Entry(seen, name)) => self.entries.push((name, seen)),
            Some(Line::Nothing) => {}
            None => self.unread += 1,
        }
        match self.entries.len() + self.unread > ENTRIES {
            true => Err(TooLong),
            false => Ok(()),
        }
    }

    /// All of it, and how many lines can't be read; what is after the last line's end is a line too.
    pub fn end(mut self) -> Result<(Told, usize), TooLong> {
        let last = std::mem::take(&mut self.rest);
        self.line(&last)?;
        Ok((self.entries, self.unread))
    }
}

/// What of a folder is files and folders to look into, in the order of their names. Names that aren't UTF-8, or no names, are counted: nobody could ask for them.
pub fn of_folder(folder: &str, entries: Told) -> (Vec<Found>, usize) {
    let mut unreadable = 0;
    let mut found: Vec<Found> = entries
        .into_iter()
        .filter(|(name, seen)| name != b"." && name != b".." && seen.kind != Kind::Other)
        .filter_map(|(name, seen)| {
            let name = String::from_utf8(name).ok().filter(|name| is_name(name));
            let Some(name) = name else {
                unreadable += 1;
                return None;
            };
            let path = match folder {
                "" => name.clone(),
                _ => format!("{folder}/{name}"),
            };
            Some(Found { name, path, seen })
        })
        .filter(|found| found.path != STAGING)
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    // A server that tells one twice mustn't have us hear of it twice.
    found.dedup_by(|one, other| one.name == other.name);
    (found, unreadable)
}

/// A name of something in this folder, and not the way to somewhere else.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\r', '\n', '\0']) && !name.chars().all(char::is_whitespace)
}

enum Line {
    Entry(Seen, Vec<u8>),
    /// A heading.
    Nothing,
}

/// A line of LIST.
fn of_line(line: &[u8]) -> Option<Line> {
    if line.starts_with(b"total ") {
        return Some(Line::Nothing);
    }
    of_unix(line).or_else(|| of_windows(line))
}

/// "-rw-r--r--    1 1        1              11 Jan 02  2020 a.part". One blank stands before the name; the name may begin with more.
fn of_unix(line: &[u8]) -> Option<Line> {
    let kind = match line.first()? {
        b'-' => Kind::File,
        b'd' => Kind::Folder,
        b'l' | b'b' | b'c' | b'p' | b's' | b'D' => Kind::Other,
        _ => return None,
    };
    let fields = Fields::of(line);
    // Rights, links, owner, group, size, month, day, time; some leave the group out.
    let date = (4..=7).find(|at| fields.is_date(*at))?;
    let size: u64 = fields.text(date.checked_sub(1)?)?.parse().ok()?;
    let name = fields.behind(date + 2)?;
    let seen = Seen {
        kind,
        size: (kind == Kind::File).then_some(size),
        // To the minute or the day, in a zone that isn't said: good for people.
        modified: None,
    };
    Some(Line::Entry(seen, name.to_vec()))
}

/// "02-13-26  03:04PM       <DIR>          photos", "2026-02-13  15:04    1234 a.jpg".
fn of_windows(line: &[u8]) -> Option<Line> {
    if !line.first()?.is_ascii_digit() {
        return None;
    }
    let fields = Fields::of(line);
    let (day, time, size) = (fields.text(0)?, fields.text(1)?, fields.text(2)?);
    let is_day = day.matches('-').count() == 2 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_day || !time.contains(':') {
        return None;
    }
    let (kind, size) = match size {
        "<DIR>" => (Kind::Folder, None),
        _ => (Kind::File, Some(size.replace(',', "").parse().ok()?)),
    };
    // What stands before a folder's name is as wide as a size.
    let name = match kind {
        Kind::Folder => fields.behind(2)?.trim_ascii_start(),
        _ => fields.behind(2)?,
    };
    let seen = Seen {
        kind,
        size,
        modified: None,
    };
    Some(Line::Entry(seen, name.to_vec()))
}

/// What stands between blanks, with its place.
struct Fields<'a> {
    line: &'a [u8],
    places: Vec<(usize, usize)>,
}

impl<'a> Fields<'a> {
    /// The first nine: behind them is the name.
    fn of(line: &'a [u8]) -> Self {
        let mut places = Vec::new();
        let mut at = 0;
        while places.len() < 9 {
            let Some(begin) = line[at..].iter().position(|byte| *byte != b' ').map(|begin| at + begin) else {
                break;
            };
            let end = line[begin..]
                .iter()
                .position(|byte| *byte == b' ')
                .map_or(line.len(), |end| begin + end);
            places.push((begin, end));
            at = end;
        }
        Self { line, places }
    }

    fn text(&self, at: usize) -> Option<&'a str> {
        let (begin, end) = *self.places.get(at)?;
        std::str::from_utf8(&self.line[begin..end]).ok()
    }

    /// Whether a month, a day, and a year or a time stand there.
    fn is_date(&self, at: usize) -> bool {
        let (Some(month), Some(day), Some(time)) = (self.text(at), self.text(at + 1), self.text(at + 2)) else {
            return false;
        };
        let is_month = (3..=4).contains(&month.chars().count()) && !month.bytes().any(|byte| byte.is_ascii_digit());
        let is_day = day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day));
        let is_time = time.len() >= 4 && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        is_month && is_day && is_time
    }

    /// What stands behind a field and one blank.
    fn behind(&self, at: usize) -> Option<&'a [u8]> {
        let (_, end) = *self.places.get(at)?;
        self.line.get(end + 1..).filter(|rest| !rest.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, text: &[u8]) -> (Vec<(String, Seen)>, usize) {
        let mut listing = Listing::new(form);
        listing.feed(text).unwrap();
        let (entries, unread) = listing.end().unwrap();
        let named = entries
            .into_iter()
            .map(|(name, seen)| (String::from_utf8_lossy(&name).into_owned(), seen))
            .collect();
        (named, unread)
    }

    fn one(line: &str) -> Option<(String, Kind, Option<u64>)> {
        let (mut entries, _) = read(Form::Lines, line.as_bytes());
        entries.pop().map(|(name, seen)| (name, seen.kind, seen.size))
    }

    #[test]
    fn lines_as_servers_write_them() {
        for (line, name, kind, size) in [
            (
                "-rw-r--r--    1 1        1              11 Jan 02  2020 a.part",
                "a.part",
                Kind::File,
                Some(11),
            ),
            (
                "drwxr-xr-x    2 1        1            4096 Nov 28 08:50 d",
                "d",
                Kind::Folder,
                None,
            ),
            (
                "-rw-r--r--   1 alice    1               5 Nov 28 08:50  lead and trail ",
                " lead and trail ",
                Kind::File,
                Some(5),
            ),
            (
                "-rwxrwxrwx 1 ftp ftp            1 Nov 28 08:50 ünï 🎉.jpg",
                "ünï 🎉.jpg",
                Kind::File,
                Some(1),
            ),
            (
                "-rw-r--r--   1 root          7 Nov 28 08:50 no group",
                "no group",
                Kind::File,
                Some(7),
            ),
            ("-rw-r--r--+  1 a very odd 9 Nov  8  2020 x", "x", Kind::File, Some(9)),
            (
                "-rw-r--r--   1 u g 5000000000 Mär 28 2020 2020 Jan 1 12:00 x",
                "2020 Jan 1 12:00 x",
                Kind::File,
                Some(5_000_000_000),
            ),
            ("lrwxrwxrwx   1 u g 5 Nov 28 08:50 a -> b", "a -> b", Kind::Other, None),
            (
                "02-13-26  03:04PM       <DIR>          photos of us",
                "photos of us",
                Kind::Folder,
                None,
            ),
            (
                "02-13-2026  15:04                1,234 a b.jpg",
                "a b.jpg",
                Kind::File,
                Some(1234),
            ),
        ] {
            assert_eq!(one(line), Some((name.to_owned(), kind, size)), "{line}");
        }
        assert_eq!(one("total 12"), None);
    }

    #[test]
    fn what_can_not_be_read_is_counted_and_never_guessed() {
        let text = "total 3\r\n\r\nhello\r\n-rw-r--r-- 1 a b c Nov 28 08:50 x\r\n+i8388621.48594,m825718503,r,s280,\tdjb.html\r\n-rw-r--r-- 1 1 1 3 Nov 28 08:50 a";
        let (entries, unread) = read(Form::Lines, text.as_bytes());
        assert_eq!((entries.len(), unread), (1, 3));
        let (entries, unread) = read(Form::Facts, b"type=file;size=1; a\r\nrubbish\r\ntype=file;size=2; b\n");
        assert_eq!((entries.len(), unread), (2, 1));
    }

    #[test]
    fn pieces_of_any_size_make_the_same() {
        let text = b"type=file;size=1; a\r\ntype=dir; b\r\ntype=file;size=3; c";
        let whole = read(Form::Facts, text);
        for size in 1..text.len() {
            let mut listing = Listing::new(Form::Facts);
            for piece in text.chunks(size) {
                listing.feed(piece).unwrap();
            }
            assert_eq!(listing.end().unwrap().0.len(), whole.0.len());
        }
    }

    #[test]
    fn nothing_is_endless() {
        let mut listing = Listing::new(Form::Lines);
        assert_eq!(listing.feed(&vec![b'x'; LINE + 1]), Err(TooLong));
        let mut listing = Listing::new(Form::Lines);
        let many = b"x\n".repeat(ENTRIES + 1);
        assert_eq!(listing.feed(&many), Err(TooLong));
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        let seen = Seen {
            kind: Kind::File,
            size: Some(1),
            modified: None,
        };
        let names: [&[u8]; 10] = [
            b".",
            b"..",
            b"b",
            b"../etc/passwd",
            b"a/b",
            b"\xff",
            b"",
            b" ",
            b"a",
            b"a",
        ];
        let entries = names.iter().map(|name| (name.to_vec(), seen)).collect();
        let (found, unreadable) = of_folder("2024", entries);
        let paths: Vec<_> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["2024/a", "2024/b"]);
        assert_eq!(unreadable, 5);
        let staging = vec![(b"staging".to_vec(), Seen::folder()), (b"id".to_vec(), seen)];
        assert_eq!(of_folder(".camroll", staging).0.len(), 1);
    }

    /// A name that a person may have given: anything but what ends a line or a part of a path.
    const NAME: &str = "[^/\r\n\0 ][^/\r\n\0]{0,30}";

    proptest::proptest! {
        #[test]
        fn a_name_comes_back_as_it_was_sent(name in NAME, size: u64, day in 1_u8..29, group: bool) {
            proptest::prop_assume!(name != "." && name != "..");
            let seen = |kind, size| Seen { kind, size, modified: None };
            let facts = format!("size={size};type=file; {name}\r\n");
            let group = if group { "users " } else { "" };
            let unix = format!("-rw-r--r--    1 alice {group} {size} Nov {day} 08:50 {name}\r\n");
            let windows = format!("02-{day:02}-26  03:04PM {size:>20} {name}\r\n");
            for (form, text) in [(Form::Facts, facts), (Form::Lines, unix), (Form::Lines, windows)] {
                let (entries, unread) = read(form, text.as_bytes());
                proptest::prop_assert_eq!((entries, unread), (vec![(name.clone(), seen(Kind::File, Some(size)))], 0));
            }
            let folder = format!("drwxr-xr-x   2 alice users  4096 Nov {day}  2020 {name}\r\n");
            proptest::prop_assert_eq!(read(Form::Lines, folder.as_bytes()).0, vec![(name, seen(Kind::Folder, None))]);
        }

        #[test]
        fn whatever_arrives_nothing_panics_and_no_name_is_made_up(
            words in proptest::collection::vec(proptest::sample::select(vec![
                &b"-rw-r--r--"[..], b"drwx", b" ", b"  ", b"1", b"root", b"4096", b"Nov", b"28", b"08:50", b"2020", b"\r\n", b"\xc3", b"type=file;size=3; ", b"02-13-26", b"<DIR>",
            ]), 0..40),
        ) {
            let text = words.concat();
            for form in [Form::Facts, Form::Lines] {
                let mut listing = Listing::new(form);
                listing.feed(&text).unwrap();
                let (entries, _) = listing.end().unwrap();
                for (name, _) in &entries {
                    proptest::prop_assert!(name.is_empty() || text.windows(name.len()).any(|part| part == &name[..]));
                }
                for found in of_folder("", entries).0 {
                    proptest::prop_assert!(!found.name.contains('/') && found.name != ".." && !found.name.is_empty());
                }
            }
        }
    }
}
