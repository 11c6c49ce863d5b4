//! Ports for servers that must be told theirs beforehand. Between a port's choice and the server's `bind`, anybody could take it who asks the system for any port: other tests'
//! clouds, every connection that goes out. So they come from below those that the system gives away by itself (Linux: 32768 on), and a locked file says whose one is: no
//! other test, of this process or of another, is given it as long as this process runs, though its server may be stopped and started again.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::process::who_am_i;

/// Where they come from.
const ALL: Range<u16> = 10_000..32_000;

/// What this process was given: kept to its end, and where it looks next.
struct Given {
    folder: PathBuf,
    locks: Vec<(u16, File)>,
    next: u16,
}

static GIVEN: Mutex<Option<Given>> = Mutex::new(None);

/// A port on loopback that is this process' own.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    free_ports(1).start
}

/// As many in a row.
///
/// # Panics
/// If there are none.
pub fn free_ports(count: u16) -> Range<u16> {
    find(count, |first| (first..first.saturating_add(count)).collect()).expect("ports on loopback, in a row")
}

/// A port whose neighbour so much further is this process' own too.
///
/// # Panics
/// If there is none.
pub fn free_port_with(further: u16) -> u16 {
    find(1, |port| vec![port, port.saturating_add(further)])
        .expect("two ports on loopback")
        .start
}

/// The first of those whose whole set can be had.
fn find(count: u16, set: impl Fn(u16) -> Vec<u16>) -> Option<Range<u16>> {
    let mut given = GIVEN.lock().expect("whoever panicked here took nothing half");
    let given = given.get_or_insert_with(Given::new);
    for _ in 0..ALL.len() {
        let first = given.next;
        given.next = match first.saturating_add(count) {
            next if ALL.contains(&next) => next,
            _ => ALL.start,
        };
        let wanted = set(first);
        let taken: Option<Vec<_>> = wanted.iter().map(|port| given.take(*port)).collect();
        if let Some(taken) = taken {
            given.locks.extend(wanted.into_iter().zip(taken));
            return Some(first..first + count);
        }
    }
    None
}

impl Given {
    fn new() -> Self {
        // Each user a folder of their own: locks of others can't be opened.
        let folder = std::env::temp_dir().join(format!("camroll-ports-{}", who_am_i()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        // Elsewhere in each process, so that they don't try each other's.
        let spread = std::process::id().wrapping_mul(67) % u32::try_from(ALL.len()).expect("it is small");
        Self {
            folder,
            locks: Vec::new(),
            next: ALL.start + u16::try_from(spread).expect("it is small"),
        }
    }

    /// The lock of one that nobody has and where nobody listens.
    fn take(&self, port: u16) -> Option<File> {
        // A second lock of the same process would be another open file, and refused as well; this only saves the asking.
        if !ALL.contains(&port) || self.locks.iter().any(|(taken, _)| *taken == port) {
            return None;
        }
        let lock = File::create(self.folder.join(port.to_string())).expect("a file of ours");
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Error(error)) => panic!("a file can't be locked: {error}"),
        }
        listens_nowhere(port).then_some(lock)
    }
}

fn listens_nowhere(port: u16) -> bool {
    let bound: io::Result<_> = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bound.is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_given_what_another_has() {
        let given: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..20).map(|_| free_port()).collect::<Vec<_>>()))
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().expect("it ends"))
                .collect()
        });
        let different: BTreeSet<_> = given.iter().collect();
        assert_eq!(different.len(), 160);
        assert!(given.iter().all(|port| ALL.contains(port)));
    }

    #[test]
    fn another_process_is_not_given_them_either() {
        let port = free_port();
        // Another process' view: nothing is known but the files.
        let other = Given::new();
        assert!(other.take(port).is_none());
    }

    #[test]
    fn a_row_and_a_pair_are_whole() {
        let row = free_ports(64);
        assert_eq!(row.len(), 64);
        let port = free_port_with(10_000);
        let other = Given::new();
        for taken in row.chain([port, port + 10_000]) {
            assert!(other.take(taken).is_none(), "{taken}");
        }
    }

    #[test]
    fn one_where_somebody_listens_is_left_alone() {
        let listener = ALL
            .rev()
            .find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
            .expect("one is free");
        let port = listener.local_addr().expect("it is bound").port();
        assert!(Given::new().take(port).is_none());
    }
}
