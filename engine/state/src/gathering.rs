//! What many callers write at a time, written together: one wait for the disk and one change of the index for all of them.

use std::sync::{Arc, OnceLock};

use parking_lot::{Condvar, Mutex};

/// What became of one caller's part.
#[derive(Clone, Copy)]
enum Outcome {
    Written,
    /// The group failed, and that may have been another one's part: it is written alone.
    Alone,
}

/// Gathers parts while others are being written.
pub(crate) struct Gathering<T> {
    inner: Mutex<Inner<T>>,
    moved: Condvar,
}

struct Inner<T> {
    waiting: Vec<Part<T>>,
    writing: bool,
}

struct Part<T> {
    what: T,
    outcome: Arc<OnceLock<Outcome>>,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Inner {
                waiting: Vec::new(),
                writing: false,
            }),
            moved: Condvar::new(),
        }
    }
}

impl<T: Clone> Gathering<T> {
    /// Returns when `what` is written: by this caller with what came while others wrote, or by another one with its own. Where the writing of several fails, each is written alone, so that each gets
    /// the answer that is its own.
    pub(crate) fn write<E>(&self, what: T, write: impl Fn(Vec<T>) -> Result<(), E>) -> Result<(), E> {
        let outcome = Arc::new(OnceLock::new());
        let mut inner = self.inner.lock();
        inner.waiting.push(Part {
            what: what.clone(),
            outcome: Arc::clone(&outcome),
        });
        loop {
            match outcome.get() {
                Some(Outcome::Written) => return Ok(()),
                Some(Outcome::Alone) => {
                    drop(inner);
                    return write(vec![what]);
                }
                None if inner.writing => self.moved.wait(&mut inner),
                None => break,
            }
        }
        inner.writing = true;
        let parts = std::mem::take(&mut inner.waiting);
        drop(inner);
        let (whats, parts) = parts.into_iter().map(|part| (part.what, part.outcome)).unzip();
        // Also where the writing panics: nobody waits for ever.
        let mut group = Group {
            gathering: self,
            parts,
            outcome: Outcome::Alone,
        };
        let is_alone = group.parts.len() == 1;
        let written = write(whats);
        if written.is_ok() {
            group.outcome = Outcome::Written;
        }
        drop(group);
        match written {
            Err(_) if !is_alone => write(vec![what]),
            written => written,
        }
    }
}

/// A group that is being written.
struct Group<'a, T> {
    gathering: &'a Gathering<T>,
    parts: Vec<Arc<OnceLock<Outcome>>>,
    outcome: Outcome,
}

impl<T> Drop for Group<'_, T> {
    fn drop(&mut self) {
        let mut inner = self.gathering.inner.lock();
        for part in &self.parts {
            // Said once, by the one group that a part is in.
            let _ = part.set(self.outcome);
        }
        inner.writing = false;
        drop(inner);
        self.gathering.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// One caller is held while it writes, the others come, and then it goes on: what each was told, and the groups that were written.
    fn held(
        others: &[u32],
        write: impl Fn(&[u32]) -> Result<(), String> + Sync,
    ) -> (Vec<Result<(), String>>, Vec<Vec<u32>>) {
        let (gathering, groups) = (Gathering::<u32>::default(), Mutex::new(Vec::new()));
        let (begun, begins) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let goes_on = Mutex::new(goes_on);
        let work = |whats: Vec<u32>| {
            if whats == [0] {
                begun.send(()).unwrap();
                goes_on.lock().recv().unwrap();
            }
            groups.lock().push(whats.clone());
            write(&whats)
        };
        let said = std::thread::scope(|scope| {
            let (gathering, work) = (&gathering, &work);
            let first = scope.spawn(move || gathering.write(0, work));
            begins.recv().unwrap();
            let rest: Vec<_> = others
                .iter()
                .map(|what| scope.spawn(move || gathering.write(*what, work)))
                .collect();
            while gathering.inner.lock().waiting.len() < others.len() {
                std::thread::yield_now();
            }
            go_on.send(()).unwrap();
            std::iter::once(first)
                .chain(rest)
                .map(|one| one.join().unwrap())
                .collect()
        });
        (said, groups.into_inner())
    }

    #[test]
    fn what_comes_while_one_writes_is_written_together() {
        let (said, mut groups) = held(&[1, 2, 3], |_| Ok(()));
        assert!(said.iter().all(Result::is_ok), "{said:?}");
        groups.iter_mut().for_each(|group| group.sort_unstable());
        assert_eq!(groups, [vec![0], vec![1, 2, 3]]);
    }

    #[test]
    fn a_part_that_fails_spoils_nobody_elses() {
        let (said, groups) = held(&[1, 2, 3], |whats| match whats.contains(&2) {
            true => Err("2 is too large".to_owned()),
            false => Ok(()),
        });
        assert_eq!(said.iter().filter(|one| one.is_ok()).count(), 3, "{said:?}");
        assert_eq!(said[2], Err("2 is too large".to_owned()));
        assert_eq!(groups.len(), 5, "all at once, then each: {groups:?}");
    }

    #[test]
    fn a_writing_that_panics_leaves_nobody_waiting() {
        let gathering = Gathering::<u32>::default();
        let fell = std::thread::scope(|scope| {
            scope
                .spawn(|| gathering.write(0, |_| -> Result<(), ()> { panic!("in its midst") }))
                .join()
        });
        assert!(fell.is_err());
        assert_eq!(gathering.write(1, |_| Ok::<(), ()>(())), Ok(()));
    }
}
