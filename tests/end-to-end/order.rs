//! The order of what reaches the disk, as the kernel saw it: the bytes, the name, the folder, the journal, and only then the mark that says that the asset was looked at.

mod setting;

use std::io::Write as _;
use std::process::{Command, Stdio};

use setting::{Setting, name};

const CALLS: &str = "trace=openat,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,linkat,write,pwrite64";

/// A system call that succeeded: between which lines of the log it ran.
#[derive(Debug)]
struct Call {
    name: String,
    arguments: Vec<u8>,
    began: usize,
    ended: usize,
}

impl Call {
    fn holds(&self, what: &[u8]) -> bool {
        self.arguments.windows(what.len()).any(|window| window == what)
    }

    fn is_sync_of(&self, path: &str) -> bool {
        let open = format!("{path}>");
        matches!(self.name.as_str(), "fsync" | "fdatasync") && self.holds(open.as_bytes())
    }

    fn is_write_to(&self, path: &str) -> bool {
        // Only the first argument is the file: a path among the data is data.
        let until = self.arguments.iter().position(|byte| *byte == b'"').unwrap_or(0);
        matches!(self.name.as_str(), "write" | "pwrite64")
            && self.arguments[..until]
                .windows(path.len())
                .any(|window| window == path.as_bytes())
    }
}

/// Undoes strace's way of writing bytes that can't be printed.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'v') => bytes.push(0x0b),
            Some(b'f') => bytes.push(0x0c),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    match rest.peek() {
                        Some(next @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(next - b'0');
                            rest.next();
                        }
                        _ => break,
                    }
                }
                bytes.push(value as u8);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    bytes
}

/// Reads strace's log: "PID call(arguments) = result", or in two parts where another thread came between.
fn calls(log: &str) -> Vec<Call> {
    let mut open: std::collections::HashMap<&str, (usize, String)> = std::collections::HashMap::new();
    let mut calls = Vec::new();
    for (line, text) in log.lines().enumerate() {
        let Some((pid, text)) = text.split_once(' ') else {
            continue;
        };
        let text = text.trim_start();
        if let Some(first) = text.strip_suffix(" <unfinished ...>") {
            open.insert(pid, (line, first.to_owned()));
            continue;
        }
        let (began, whole) = match text.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            Some((_, rest)) => match open.remove(pid) {
                Some((began, first)) => (began, first + rest),
                None => continue,
            },
            None => (line, text.to_owned()),
        };
        let Some((name, rest)) = whole.split_once('(') else {
            continue;
        };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else {
            continue;
        };
        if result.starts_with('-') || result.starts_with('?') {
            continue;
        }
        calls.push(Call {
            name: name.to_owned(),
            arguments: unescaped(arguments),
            began,
            ended: line,
        });
    }
    calls.sort_by_key(|call| call.began);
    calls
}

/// Whether a process may be traced here; else why not.
fn may_trace() -> Result<(), String> {
    let tried = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("strace: {error}")),
    }
}

#[test]
fn a_file_is_durable_before_it_has_a_name_and_has_one_before_it_is_recorded() {
    const COUNT: u64 = 5;
    if let Err(why) = may_trace() {
        // Written past libtest, which would keep it to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the order of what reaches the disk was not checked, since no process may be traced here: {why}"
        );
        return;
    }
    let setting = Setting::new();
    setting.add_photos(COUNT, 20_000);
    setting.login();
    let log = setting.path("strace.log");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-s", "1000000", "-e", CALLS, "-o"]).arg(&log);
    let run = setting.under(traced, &["sync", "family.yaml", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    setting.assert_photos(0..COUNT, 20_000);
    let log = String::from_utf8(std::fs::read(&log).expect("strace's log")).expect("strace writes ASCII");
    let calls = calls(&log);
    for number in 0..COUNT {
        check_one(&calls, &name(number));
    }
}

fn check_one(calls: &[Call], file: &str) {
    let quoted = format!("\"{file}\"");
    let naming = calls
        .iter()
        .find(|call| (call.name.starts_with("rename") || call.name == "linkat") && call.holds(quoted.as_bytes()))
        .unwrap_or_else(|| panic!("{file} never got its name"));
    let said = String::from_utf8_lossy(&naming.arguments).into_owned();
    let draft = said.split('"').nth(1).expect("the draft's name").to_owned();
    let draft = format!("/.camroll/drafts/{draft}");

    // The bytes, before the name.
    let synced = calls
        .iter()
        .rfind(|call| call.is_sync_of(&draft) && call.ended < naming.began)
        .unwrap_or_else(|| panic!("{file} got its name before its draft was synced"));
    for write in calls.iter().filter(|call| call.is_write_to(&draft)) {
        assert!(
            write.ended < synced.began,
            "{file} was written to after its draft was synced"
        );
    }
    assert!(
        calls.iter().any(|call| call.is_write_to(&draft)),
        "{file}: no byte was seen"
    );

    // What it will be is durable before it has a name.
    let records: Vec<&Call> = calls
        .iter()
        .filter(|call| call.is_write_to("/state/journal/") && call.holds(file.as_bytes()))
        .collect();
    let durable = |record: &Call, before: usize| {
        calls
            .iter()
            .any(|call| is_journal_sync(call) && call.began > record.ended && call.ended < before)
    };
    let intent = records.first().unwrap_or_else(|| panic!("{file} was never recorded"));
    assert!(
        durable(intent, naming.began),
        "{file} got its name before its intent was durable"
    );

    // The folder, before the record that says that it is there.
    let folder = calls
        .iter()
        .find(|call| call.is_sync_of("/photos/2014/05") && call.began > naming.ended)
        .unwrap_or_else(|| panic!("{file}: its folder was never synced"));
    let placed: Vec<&&Call> = records.iter().filter(|record| record.began > intent.ended).collect();
    let first = placed
        .first()
        .unwrap_or_else(|| panic!("{file}: nothing says that it is there"));
    assert!(
        folder.ended < first.began,
        "{file} was recorded before its folder was synced"
    );

    // The record's own sync, before the mark that says that the asset was looked at.
    let recorded = calls
        .iter()
        .find(|call| is_journal_sync(call) && call.began > first.ended)
        .unwrap_or_else(|| panic!("{file}: the record that says that it is there was never synced"));
    let marks: Vec<&Call> = calls
        .iter()
        .filter(|call| call.is_write_to("/state/index/") && call.holds(MARK))
        .collect();
    let mark = marks.first().expect("the mark was never written");
    assert!(
        recorded.ended < mark.began,
        "{file}: the mark was written before the record was durable"
    );
    let kept = calls.iter().any(|call| {
        call.began > mark.ended
            && (call.name == "sync_file_range" || call.name.starts_with('f'))
            && call.holds(b"/state/index/")
    });
    assert!(kept, "the mark was never synced");
}

/// The key of the first lane's mark for the first library: what is at or before it isn't looked at again. The source's own cursor says only how far it was heard.
const MARK: &[u8] = b"M\0\0\0\0\0\0\0\0";

fn is_journal_sync(call: &Call) -> bool {
    matches!(call.name.as_str(), "fsync" | "fdatasync") && call.holds(b"/state/journal/") && call.holds(b".log>")
}
