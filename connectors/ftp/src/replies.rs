//! What the server says on the control connection, put together from whatever pieces it arrives in. RFC 959 §4.2 and, for several lines, §4.2 "multiline".

/// Bytes of one reply, however many lines it has. FEAT of the servers that were looked at has less than one KiB.
const LIMIT: usize = 64 << 10;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// What stands behind the code in its lines, as far as it is text.
    pub lines: Vec<String>,
}

impl Reply {
    /// 1xx: there is more to come.
    pub fn is_preliminary(&self) -> bool {
        self.code / 100 == 1
    }

    /// 2xx.
    pub fn is_yes(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3xx: go on.
    pub fn is_halfway(&self) -> bool {
        self.code / 100 == 3
    }

    /// Its last line, which is what most have.
    pub fn text(&self) -> &str {
        self.lines.last().map_or("", String::as_str)
    }
}

/// It isn't a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Puts replies together.
#[derive(Default)]
pub struct Replies {
    bytes: Vec<u8>,
    /// The code and the lines of one that has several and isn't whole yet.
    begun: Option<(u16, Vec<String>)>,
    size: usize,
}

impl Replies {
    /// Takes what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether something arrived that nobody asked for yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.begun.is_none()
    }

    /// The next whole reply; none while there is none.
    pub fn take(&mut self) -> Result<Option<Reply>, Malformed> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            self.size += line.len();
            if self.size > LIMIT {
                return Err(Malformed);
            }
            let line = String::from_utf8_lossy(&without_telnet(&line)).into_owned();
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some(reply) = self.line(line)? {
                self.size = 0;
                return Ok(Some(reply));
            }
        }
        match self.size + self.bytes.len() > LIMIT {
            true => Err(Malformed),
            false => Ok(None),
        }
    }

    fn line(&mut self, line: &str) -> Result<Option<Reply>, Malformed> {
        let coded = coded(line);
        let Some((code, mut lines)) = self.begun.take() else {
            let (code, more, rest) = coded.ok_or(Malformed)?;
            let lines = vec![rest.to_string()];
            if more {
                self.begun = Some((code, lines));
                return Ok(None);
            }
            return Ok(Some(Reply { code, lines }));
        };
        // It ends with its own code and a blank; all else is what it says, other codes among it. Some servers put the code before each line.
        match coded {
            Some((same, more, rest)) if same == code => {
                lines.push(rest.to_string());
                if !more {
                    return Ok(Some(Reply { code, lines }));
                }
            }
            _ => lines.push(line.to_string()),
        }
        self.begun = Some((code, lines));
        Ok(None)
    }
}

/// Code, whether more lines follow, and the rest.
fn coded(line: &str) -> Option<(u16, bool, &str)> {
    let digits = line.get(..3)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !(b'1'..=b'6').contains(&digits.as_bytes()[0]) {
        return None;
    }
    let code = digits.parse().ok()?;
    let rest = &line[3..];
    match rest.bytes().next() {
        None => Some((code, false, "")),
        Some(b' ') => Some((code, false, &rest[1..])),
        Some(b'-') => Some((code, true, &rest[1..])),
        Some(_) => None,
    }
}

/// The control connection is Telnet's (RFC 854): IAC, 255, begins a command of two or three bytes, and stands for itself when it is doubled.
/// Nothing of it is ever sent: paths are UTF-8, in which there is no such byte.
fn without_telnet(line: &[u8]) -> Vec<u8> {
    const IAC: u8 = 255;
    let mut plain = Vec::with_capacity(line.len());
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != IAC {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(IAC) => plain.push(IAC),
            // WILL, WONT, DO, DONT and what they are about.
            Some(251..=254) => drop(bytes.next()),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Reply>, Malformed> {
        let mut replies = Replies::default();
        replies.feed(bytes);
        let mut all = Vec::new();
        while let Some(reply) = replies.take()? {
            all.push(reply);
        }
        Ok(all)
    }

    fn one(text: &str) -> Reply {
        let mut replies = all(text.as_bytes()).unwrap();
        assert_eq!(replies.len(), 1, "{text:?}");
        replies.remove(0)
    }

    #[test]
    fn one_line_and_several() {
        assert_eq!(one("220 ready\r\n").code, 220);
        assert_eq!(one("220\r\n").text(), "");
        let feat = one("211-Features:\r\n MDTM\r\n 211 no end\r\n212 no end\r\n211-SIZE\r\n211 End\r\n");
        assert_eq!(
            feat.lines,
            ["Features:", " MDTM", " 211 no end", "212 no end", "SIZE", "End"]
        );
        // rclone has an empty line in its features.
        assert_eq!(one("211-x\r\n\r\n211 End\r\n").lines.len(), 3);
        assert_eq!(one("220 bare\n").text(), "bare");
    }

    #[test]
    fn pieces_of_any_size_make_the_same() {
        let text = b"220-a\r\n220 b\r\n331 c\r\n";
        for size in 1..text.len() {
            let mut replies = Replies::default();
            let mut codes = Vec::new();
            for piece in text.chunks(size) {
                replies.feed(piece);
                while let Some(reply) = replies.take().unwrap() {
                    codes.push(reply.code);
                }
            }
            assert_eq!(codes, [220, 331], "{size}");
            assert!(replies.is_empty());
        }
    }

    #[test]
    fn what_is_no_reply_is_none() {
        for text in [
            "HTTP/1.1 400 Bad\r\n",
            "22 x\r\n",
            "2200 x\r\n",
            "\r\n",
            "999 x\r\n",
            "ééé\r\n",
        ] {
            assert_eq!(all(text.as_bytes()), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn no_reply_is_endless() {
        let mut long = b"220 ".to_vec();
        long.extend(vec![b'x'; LIMIT]);
        assert_eq!(all(&long), Err(Malformed));
        let many = format!("220-begin\r\n{}", " more\r\n".repeat(LIMIT));
        assert_eq!(all(many.as_bytes()), Err(Malformed));
        // Each has its own limit.
        let fine = format!("220 {}\r\n", "x".repeat(1000)).repeat(100);
        assert_eq!(all(fine.as_bytes()).unwrap().len(), 100);
    }

    #[test]
    fn telnet_is_taken_out() {
        assert_eq!(
            all(b"2\xff\xfb\x0120 \xff\xf1a\xff\xffb\r\n").unwrap()[0].text(),
            "a\u{fffd}b"
        );
        assert_eq!(without_telnet(b"x\xff"), b"x");
    }

    proptest::proptest! {
        #[test]
        fn whatever_arrives_nothing_panics_and_no_piece_makes_a_difference(
            text in "[0-9 -]{0,5}([a-z\r\n \\PC]{0,9}\r\n?[1-6][0-9 -]{3}){0,9}", cut in 0_usize..90,
        ) {
            let bytes = text.as_bytes();
            let mut replies = Replies::default();
            let (one, other) = bytes.split_at(cut.min(bytes.len()));
            replies.feed(one);
            let mut pieces = Vec::new();
            let mut read = |replies: &mut Replies| loop {
                match replies.take() {
                    Ok(Some(reply)) => pieces.push(reply),
                    Ok(None) => return true,
                    Err(Malformed) => return false,
                }
            };
            if read(&mut replies) {
                replies.feed(other);
                let fine = read(&mut replies);
                proptest::prop_assert_eq!(fine.then_some(pieces), all(bytes).ok());
            } else {
                proptest::prop_assert!(all(bytes).is_err());
            }
        }
    }
}
